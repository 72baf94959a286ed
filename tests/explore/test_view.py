"""`View` and its address."""

import dataclasses
import math
from urllib.parse import parse_qs

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gatednet import SettingError
from gatednet.explore.view import Span, View, from_query

VIEW = View("fig2-flexible", Span("a", 0.0, 1.0), Span("b", 0.1, 10.0, "log"), "loss", 0.5)
# In no part like any view that is drawn below.
OTHER = View(
    "?", Span("p", -7.0, -6.0), Span("q", -9.0, -8.0), "?", -5.0, 64, (("z", -4.0),), (-3.0, -2.0), "dark"
)  # fmt: skip

# A number that people write has few digits.
few_digits = st.floats(-1e9, 1e9).map(lambda value: float(f"{value:.10g}"))
all_digits = st.floats(allow_nan=False, allow_infinity=False)
names = st.from_regex(r"[A-Za-z][A-Za-z0-9_.-]{0,12}", fullmatch=True)
# Words are not read as anything else: "true" and "inf" are no options of any setting.
words = st.from_regex(r"[A-Za-z][A-Za-z0-9 _&=+%#/?;,é-]{0,11}[A-Za-z]", fullmatch=True).filter(
    lambda word: word not in ("true", "false", "inf", "nan")
)


def spans(path, numbers):
    """Ranges of a path that are allowed."""

    def ordered(ends, scale):
        low, high = sorted(map(abs, ends) if scale == "log" else ends)
        return Span(path, low, high, scale) if low < high and (scale == "linear" or low > 0) else None

    return st.builds(ordered, st.tuples(numbers, numbers), st.sampled_from(("linear", "log"))).filter(bool)


@st.composite
def views(draw, numbers=few_digits):
    x, y = draw(st.lists(names, min_size=2, max_size=2, unique=True))
    values = st.one_of(numbers, st.integers(-(2**40), 2**40), st.booleans(), words)
    return View(
        draw(words),
        draw(spans(x, numbers)),
        draw(spans(y, numbers)),
        draw(names),
        draw(numbers),
        draw(st.integers(1, 64)),
        tuple(sorted(draw(st.dictionaries(names, values, max_size=4)).items())),
        draw(st.none() | st.tuples(numbers, numbers)),
        draw(st.sampled_from(("light", "dark"))),
    )


def returned(view):
    """The view that a browser asks for at the address of one."""
    return from_query(parse_qs(view.query(), strict_parsing=True), OTHER)


@settings(max_examples=50)
@given(views())
@example(dataclasses.replace(VIEW, pinned=(0.0, 0.0), changes=(("a", 0.0), ("b", False), ("c", 0), ("d", "sum"))))
@example(dataclasses.replace(VIEW, base="a store & more = 100 % + 1"))
def test_a_view_survives_its_address(view):
    query = view.query()
    assert query.isascii()
    assert query.split() == [query]
    found = returned(view)
    assert found == view
    # True equals 1: kinds are compared apart. A float without decimals comes back as a whole number, which is as good.
    for (_, before), (_, after) in zip(view.changes, found.changes, strict=True):
        assert isinstance(after, bool) == isinstance(before, bool)
        assert isinstance(after, str) == isinstance(before, str)


@settings(max_examples=25)
@given(views(all_digits))
@example(dataclasses.replace(VIEW, level=1 / 3))
@example(dataclasses.replace(VIEW, changes=(("dt", 1 / 30),)))
def test_numbers_keep_all_their_digits_in_an_address(view):
    assert returned(view) == view


@pytest.mark.parametrize("text", ["curriculum.order=[1, 0]", 'rule={kind = "Euler"}'])
def test_lists_and_tables_survive_an_address(text):
    # An address may set them, as a sweep file may, and the page writes its address anew.
    view = from_query({"set": [text]}, VIEW)
    assert not isinstance(view.changes[0][1], str)
    assert returned(view).changes == view.changes


def test_an_address_is_written_for_people():
    view = View(
        "fig2-flexible",
        Span("timescales.gates", 0.01, 2.5, "log"),
        Span("objective.norm", 0.05, 0.2),
        "total_alignment",
        0.8,
        changes=(("network.paths", 4), ("objective.reduction", "mean"), ("teachers.shared", True)),
        pinned=(1.3, 0.1),
    )
    assert view.query() == (
        "base=fig2-flexible&set=network.paths=4&set=objective.reduction=mean&set=teachers.shared=true"
        "&x=timescales.gates,0.01,2.5,log&y=objective.norm,0.05,0.2,linear&show=total_alignment&level=0.8&seeds=4"
        "&pin=1.3,0.1&theme=light"
    )


def test_names_that_are_not_known_are_ignored():
    arguments = {"token": ["abc"], "bokeh-session-id": ["1"], "utm_source": ["x", "y"]}
    assert from_query(arguments, OTHER) is OTHER
    assert from_query(arguments | {"seeds": ["3"]}, VIEW) == dataclasses.replace(VIEW, seeds=3)


def test_what_an_address_leaves_out_is_as_in_the_first_view():
    found = from_query({"level": ["0.25"]}, OTHER)
    assert found == dataclasses.replace(OTHER, level=0.25, changes=(), pinned=None)


def test_of_a_name_that_comes_twice_the_last_counts_and_changes_add_up():
    found = from_query({"seeds": ["3", "5"], "set": ["b=1", "a=2.5", "b=true"]}, VIEW)
    assert found.seeds == 5
    assert found.changes == (("a", 2.5), ("b", True))


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Span("p", 1.0, 1.0), "range of p is 1 to 1, allowed is an increasing one"),
        (lambda: Span("p", 2.0, 1.0), "range of p is 2 to 1, allowed is an increasing one"),
        (lambda: Span("p", math.nan, 1.0), "range of p is nan to 1, allowed is an increasing one"),
        (lambda: Span("p", 0.0, math.inf), "range of p is 0 to inf, allowed is an increasing one"),
        (lambda: Span("p", 0.0, 1.0, "log"), "range of p begins at 0, allowed with a log scale is above 0"),
        (lambda: Span("p", -1.0, 1.0, "log"), "range of p begins at -1, allowed with a log scale is above 0"),
        (lambda: Span("p", 1.0, 2.0, "cubic"), "scale of p is 'cubic', allowed is one of 'linear', 'log'"),
        (lambda: dataclasses.replace(VIEW, y=VIEW.x), "both axes are a, allowed are two"),
        (lambda: dataclasses.replace(VIEW, seeds=0), "seeds is 0, allowed is a whole number from 1 to 64"),
        (lambda: dataclasses.replace(VIEW, seeds=65), "seeds is 65, allowed is a whole number from 1 to 64"),
        (lambda: dataclasses.replace(VIEW, level=math.nan), "level is nan, allowed is a finite number"),
        (lambda: dataclasses.replace(VIEW, level=-math.inf), "level is -inf, allowed is a finite number"),
        (lambda: dataclasses.replace(VIEW, theme="sepia"), "theme is 'sepia', allowed is one of 'light', 'dark'"),
    ],
)
def test_refusals(build, message):
    with pytest.raises(SettingError) as refused:
        build()
    assert str(refused.value) == message


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("set", "timescales.gates", "set is 'timescales.gates', allowed is PATH=VALUE, such as timescales.gates=0.1"),
        ("set", "=0.1", "set is '=0.1', allowed is PATH=VALUE, such as timescales.gates=0.1"),
        ("set", "dt=", "set is 'dt=', allowed is PATH=VALUE, such as timescales.gates=0.1"),
        (
            "set",
            "dt=2020-01-01",
            "set is 'dt=2020-01-01', allowed are numbers, words, true and false, lists and tables",
        ),
        ("x", "b,1,2", "x is 'b,1,2', allowed is PATH,LOW,HIGH,SCALE"),
        ("y", "b,1,2,log,more", "y is 'b,1,2,log,more', allowed is PATH,LOW,HIGH,SCALE"),
        ("x", "c,one,2,log", "x is 'one', allowed is a number"),
        ("y", "c,1,,log", "y is '', allowed is a number"),
        ("x", "c,1,2,", "scale of c is '', allowed is one of 'linear', 'log'"),
        ("x", "c,2,1,linear", "range of c is 2 to 1, allowed is an increasing one"),
        ("x", "b,1,2,log", "both axes are b, allowed are two"),
        ("level", "high", "level is 'high', allowed is a number"),
        ("level", "nan", "level is nan, allowed is a finite number"),
        ("seeds", "4.5", "seeds is '4.5', allowed is a whole number"),
        ("seeds", "many", "seeds is 'many', allowed is a whole number"),
        ("seeds", "0", "seeds is 0, allowed is a whole number from 1 to 64"),
        ("seeds", "65", "seeds is 65, allowed is a whole number from 1 to 64"),
        ("pin", "0.1", "pin is '0.1', allowed are two numbers with a comma between them"),
        ("pin", "1,2,3", "pin is '1,2,3', allowed are two numbers with a comma between them"),
        ("pin", "1,b", "pin is 'b', allowed is a number"),
        ("theme", "Dark", "theme is 'Dark', allowed is one of 'light', 'dark'"),
    ],
)
def test_refusals_of_addresses(name, text, message):
    with pytest.raises(SettingError) as refused:
        from_query({name: [text]}, VIEW)
    assert str(refused.value) == message


@given(spans("p", few_digits.filter(lambda value: abs(value) > 1e-6)), st.integers(1, 40))
def test_values_are_the_centres_of_cells_that_are_even_along_the_scale(span, number):
    if span.scale == "log":
        edges = np.linspace(np.log(span.low), np.log(span.high), number + 1)
        expected = np.exp(0.5 * (edges[1:] + edges[:-1]))
    else:
        edges = np.linspace(span.low, span.high, number + 1)
        expected = 0.5 * (edges[1:] + edges[:-1])
    values = span.values(number)
    np.testing.assert_allclose(values, expected, rtol=1e-9, atol=1e-12 * max(abs(span.low), abs(span.high)))
    assert (values >= span.low).all()
    assert (values <= span.high).all()


@given(st.sampled_from([Span("p", -3.0, 5.0), Span("p", 0.002, 30.0, "log")]), st.floats(0, 1))
def test_value_and_place_are_inverse(span, place):
    value = span.value(place)
    assert span.low <= value <= span.high
    assert span.place(value) == pytest.approx(place, abs=1e-12)
    assert span.value(span.place(value)) == pytest.approx(value, rel=1e-12, abs=1e-12)


def test_half_way_is_the_mean_or_the_geometric_one():
    assert Span("p", 1.0, 100.0).value(0.5) == pytest.approx(50.5)
    assert Span("p", 1.0, 100.0, "log").value(0.5) == pytest.approx(10.0)
    assert Span("p", 1.0, 100.0, "log").place(1000.0) == pytest.approx(1.5)
    assert Span("p", 1.0, 3.0).place(0.0) == -0.5


@pytest.mark.parametrize("span", [Span("p", 0.3, 0.7), Span("p", 0.3, 0.7, "log")])
def test_places_beyond_the_range_have_the_values_of_its_ends(span):
    # To the last bit: an end that is allowed must not become a value that is not.
    assert (span.value(-0.1), span.value(0.0), span.value(1.0), span.value(7.0)) == (0.3, 0.3, 0.7, 0.7)


def test_a_log_scale_has_no_place_for_zero():
    span = Span("p", 0.1, 1.0, "log")
    assert math.isnan(span.place(0.0))
    assert math.isnan(span.place(-1.0))


def test_a_change_replaces_the_value_at_its_path_and_keeps_the_order():
    view = VIEW.changed("b", 1.0).changed("a", 2.0).changed("b", 3.0)
    assert view.changes == (("a", 2.0), ("b", 3.0))
    assert VIEW.changes == ()
    assert VIEW.at((0.25, 2.0)).changes == (("a", 0.25), ("b", 2.0))
    assert VIEW.values_at((0.25, 2.0)) == {"a": 0.25, "b": 2.0}
    assert VIEW.values_at(None) == {}
