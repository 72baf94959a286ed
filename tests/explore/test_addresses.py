"""Whatever an address says is a view, or one line, within a second: a fuzzer of queries and of requests."""

import time

import jax
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gatednet import SettingError
from gatednet.experiment import PARTS, paths
from gatednet.explore.admission import LOOPBACK, Admission, Admitted, Asked, Refused
from gatednet.explore.limits import MOST_BLOCKS, MOST_ENTRIES, MOST_LINES, MOST_STEPS
from gatednet.explore.source import Live
from gatednet.explore.view import from_query
from gatednet.explore.words import one_line

SOURCE = Live(jax.local_devices()[:1])
# An address may have no more than the head of a request.
LONGEST = 3000
# Far above what any takes alone on this machine, and far below what computing any of them would.
SECONDS = 20.0

NUMBERS = st.sampled_from(
    [
        *("0", "-1", "1e308", "-1e308", "1e-320", "nan", "inf", "0x10", "1_0", "1.5", "1e3", "0.1", "2", "[]", "true"),
        *("64", "65", "100000", "1000000000", "2147483648", "٣", "1" + 400 * "0", "", " "),
    ]
)
DEEP = st.integers(1, 1000).map(lambda depth: depth * "[" + depth * "]")
TABLES = st.sampled_from(["{kind='Gaussian',batch=1000000000}", "{kind='Nothing'}", "{a={b={}}}"])
VALUES = NUMBERS | DEEP | TABLES | st.text(max_size=20) | st.sampled_from(["[0, 1, 0]", "'sum'", "0=1"])
PATHS = st.sampled_from([*paths(SOURCE.experiment(SOURCE.default())), *PARTS]) | st.text(max_size=10)
SPANS = st.tuples(PATHS, NUMBERS, NUMBERS, st.sampled_from(["linear", "log", "a"])).map(",".join) | VALUES
NAMES = {
    "base": st.sampled_from([*SOURCE.bases(), "nothing", "fig8-images"]) | VALUES,
    "x": SPANS,
    "y": SPANS,
    "show": st.sampled_from([*SOURCE.observables(), "alignment", ""]) | VALUES,
    "level": NUMBERS | VALUES,
    "seeds": NUMBERS | VALUES,
    "pin": st.tuples(NUMBERS, NUMBERS).map(",".join) | VALUES,
    "theme": VALUES,
}
QUERIES = st.fixed_dictionaries(
    {},
    optional={
        "set": st.lists(st.tuples(PATHS, VALUES).map("=".join) | VALUES, max_size=4),
        **{name: values.map(lambda each: [each]) for name, values in NAMES.items()},
    },
)


def answered(query):
    """The view of a query, or the line that refuses it."""
    begin = time.monotonic()
    try:
        view = from_query(query, SOURCE.default())
        SOURCE.check(view)
        SOURCE.controls(view)
        # What is shown has an address, which is that of the same view.
        assert view.query()
    except SettingError as error:
        line = one_line(error)
        assert line
        assert line.isprintable()
        assert len(line) <= 300
        return line
    finally:
        assert time.monotonic() - begin < SECONDS
    experiment = SOURCE.experiment(view)
    assert experiment.steps <= MOST_STEPS
    assert experiment.duration / experiment.curriculum.block_length <= MOST_BLOCKS
    assert experiment.network.inputs * experiment.network.outputs <= MOST_ENTRIES
    assert experiment.teachers.number * experiment.network.paths_of(experiment.teachers.number) <= MOST_LINES
    return view


@pytest.mark.parametrize(
    ("query", "line"),
    [
        ("steps=1000000000", "steps is 1000000000, allowed on a page are 1,000,000 at most"),
        ("network.paths=100000", "the number of parameters is 20100000, allowed on a page are 100,000 at most"),
        ("network.paths=129", "teachers times paths is 258, allowed on a page are 256 at most"),
        (
            "network.paths=" + 400 * "1",
            "set: GatedLinear.paths is a whole number of about 400 digits, allowed is a whole number, at least 1 and "
            "at most 2147483647: sizes are counted in 32 bits",
        ),
        (
            "network.paths=2000000000&network.inputs=2000000000",
            "the number of parameters is more than 10^15, allowed on a page are 100,000 at most",
        ),
        (
            "inputs={kind='Gaussian'}",
            "inputs are not the population, which is what a page has",
        ),
    ],
)
def test_what_a_page_cannot_hold_is_refused_with_what_is_allowed(query, line):
    assert answered({"set": query.split("&")}) == line


def test_more_than_one_would_wait_for_is_refused_with_what_takes_less():
    query = {"set": ["steps=1000000"], "seeds": ["64"]}
    by_xla = Live(jax.local_devices()[:1], kernel="xla")
    with pytest.raises(SettingError) as refused:
        by_xla.check(from_query(query, by_xla.default()))
    assert str(refused.value) == (
        "the coarsest diagram would take about 81.9 s, allowed on a page are 60 s: fewer steps, fewer seeds or a "
        "smaller network take less"
    )
    by_xla.check(from_query(query | {"seeds": ["16"]}, by_xla.default()))
    # With kernels it takes a quarter of that.
    assert answered(query).seeds == 64


def test_the_blocks_of_all_corners_of_a_diagram_count():
    query = {"set": ["steps=1000000"], "y": ["curriculum.block_length,0.001,10,log"]}
    assert answered(query) == "the number of blocks is 1000000, allowed on a page are 10,000 at most"


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(QUERIES)
def test_any_query_is_a_view_or_a_line(query):
    answered(query)


@pytest.mark.slow
@settings(max_examples=5000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(QUERIES)
def test_any_query_is_a_view_or_a_line_at_length(query):
    answered(query)


TOKEN = "a-token-that-nobody-guesses"
HOSTS = st.sampled_from(
    [
        *(
            *LOOPBACK,
            *LOOPBACK,
            "LOCALHOST",
            "localhost.",
            "127.0.0.2",
            "127.1",
            "[::2]",
            "rebound.example",
            "[",
            "[::1",
        ),
        *("localhost.example", "127.0.0.1@localhost", "localhost,localhost", "é", "0x7f.1", "2130706433"),
        *("", "a b", "\x00", "localhost\n"),
    ]
)
ENDS = st.sampled_from(["", ":5006", ":80", ":443", ":0", ":", ":999999", ":-1", ":5006:5006", "/", "?", "#"])
NETLOCS = st.tuples(HOSTS, ENDS).map("".join) | st.text(max_size=12)
ORIGINS = st.tuples(st.sampled_from(["http://", "https://", "//", "", "ws://", "null"]), NETLOCS).map("".join)
COOKIES = st.sampled_from([TOKEN, TOKEN[:-1], "", "é", f'"{TOKEN}"'])
SITES = ["none", "same-origin", "same-site", "cross-site", ""]
REQUESTS = st.builds(
    Asked,
    st.sampled_from(["GET", "GET", "GET", "POST", "HEAD", "get", ""]),
    st.sampled_from(["/", "/", "/ws", "/static/js/bokeh.min.js", "/static/../a", "/static//", "/autoload.js", "", "*"]),
    st.sampled_from(["", f"token={TOKEN}", "token=", f"token={TOKEN}&token=a", f"tok%65n={TOKEN}", "seeds=2", "&=&"]),
    st.fixed_dictionaries(
        {},
        optional={
            "Host": st.lists(NETLOCS, min_size=1, max_size=2),
            "Origin": st.lists(ORIGINS, min_size=1, max_size=2),
            "Referer": st.lists(ORIGINS, min_size=1, max_size=1),
            "Sec-Fetch-Site": st.lists(st.sampled_from(SITES), max_size=2),
            "Cookie": st.lists(COOKIES.map(lambda each: f"gatednet-explore-5006={each}"), max_size=2),
        },
    ),
)


def name_and_port(netloc):
    name, _, port = netloc.rpartition(":") if not netloc.endswith("]") and ":" in netloc else (netloc, "", "")
    return name.lower(), port


def decided(asked):
    """What is decided about a request, in the words of another than those that decide."""
    found = Admission(token=TOKEN).decide(asked)
    if isinstance(found, Refused):
        assert found.status in (403, 404, 405)
        assert found.sentence.endswith(".")
        assert "\n" not in found.sentence
        assert TOKEN not in found.sentence
        return found
    assert isinstance(found, Admitted)
    assert asked.method == "GET"
    (host,) = asked.headers["Host"]
    name, port = name_and_port(host)
    assert name in LOOPBACK
    for header in ("Origin", "Referer"):
        for page in asked.headers.get(header, []):
            scheme, _, rest = page.partition("://")
            other, other_port = name_and_port(rest.partition("/")[0])
            usual = {"http": "80", "https": "443"}[scheme]
            assert (other, other_port or usual) == (name, port or usual)
    assert asked.headers.get("Sec-Fetch-Site", []) in ([], ["none"], ["same-origin"])
    if found.cookie is None:
        cookies = "; ".join(asked.headers["Cookie"]).split("; ")
        assert {each for each in cookies if "gatednet" in each} == {f"gatednet-explore-5006={TOKEN}"}
        assert port == "5006"
    else:
        assert found.cookie == (f"gatednet-explore-{port or 80}", TOKEN)
    assert TOKEN not in found.query
    return found


@settings(max_examples=500, deadline=None)
@given(REQUESTS)
def test_only_visitors_with_the_token_from_here_are_admitted(asked):
    decided(asked)


@pytest.mark.slow
@settings(max_examples=50_000, deadline=None)
@given(REQUESTS)
def test_only_visitors_with_the_token_from_here_are_admitted_at_length(asked):
    decided(asked)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": ["http://localhost:5006"]},
        {"Referer": ["http://localhost:5006/?a"]},
        {"Sec-Fetch-Site": ["none"]},
    ],
)
def test_a_visitor_is_admitted(headers):
    cookie = {"Cookie": [f"a=b; gatednet-explore-5006={TOKEN}"]}
    found = decided(Asked("GET", "/", "seeds=2", {"Host": ["localhost:5006"], **headers, **cookie}))
    assert found == Admitted(None, "seeds=2")
    # By a tunnel's port, which has a cookie of its own.
    tunnel = Asked("GET", "/", f"token={TOKEN}&seeds=2", {"Host": ["127.0.0.1:8000"]})
    assert decided(tunnel) == Admitted(("gatednet-explore-8000", TOKEN), "seeds=2")
