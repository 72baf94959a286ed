import dataclasses
import io
import json
import math

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from gatednet.figures.toolkit.claim import Claim, Published, Range, counted, surprises, table, to_json
from gatednet.figures.toolkit.statistics import Measurement

finite = st.floats(-1e3, 1e3)
errors = st.floats(0, 10)


def claim(value, error=0.0, low=0.0, high=1.0, known="holds"):
    expected = Range(low, high, "for a test")
    return Claim("it is so", "Figure 0", expected, Measurement(value, error, 10), known, origin="picture")


def published(value, error, runs, *, of=10, reading=0.01, origin="picture"):
    """A claim about the published number 1."""
    expected = Published(1.0, of, reading, "for a test")
    return Claim("it is as published", "Figure 0", expected, Measurement(value, error, runs), origin=origin)


@pytest.mark.parametrize(
    ("value", "error", "verdict"),
    [
        (0.5, 0.0, "holds"),
        (0.5, 0.22, "holds"),
        (0.5, 0.23, "undecided"),
        (1.0, 0.0, "holds"),
        (1.0, 1e-9, "undecided"),
        (1.1, 0.0, "fails"),
        (1.1, 0.04, "fails"),
        (1.1, 0.06, "undecided"),
        (-0.1, 0.04, "fails"),
        (0.5, math.inf, "undecided"),
        (math.nan, 0.0, "fails"),
        (math.nan, math.inf, "fails"),
        (math.inf, 0.0, "fails"),
    ],
)
def test_verdict(value, error, verdict):
    assert claim(value, error).verdict == verdict


@given(finite, errors, finite, finite)
def test_verdict_of_any_numbers(value, error, one, other):
    low, high = sorted((one, other))
    outside = max(low - value, value - high, 0.0)
    inside = min(value - low, high - value)
    verdict = claim(value, error, low, high).verdict
    # Of ten runs: nine degrees of freedom.
    width = scipy.stats.t(9).interval(0.95)[1] * error
    assert (verdict == "holds") == (inside >= 0 and inside >= width)
    assert (verdict == "fails") == (outside > 0 and outside >= width)


@given(finite, errors, finite)
def test_missing_edge_is_one_at_infinity(value, error, edge):
    assert claim(value, error, edge, None).verdict == claim(value, error, edge, 1e9).verdict
    assert claim(value, error, None, edge).verdict == claim(value, error, -1e9, edge).verdict


@given(finite, errors, finite, finite)
def test_larger_error_never_decides(value, error, one, other):
    low, high = sorted((one, other))
    assert claim(value, 2 * error, low, high).verdict in ("undecided", claim(value, error, low, high).verdict)


@pytest.mark.parametrize(
    ("value", "error", "runs", "verdict"),
    [
        # A number without anything random in it is as far away as it can be read.
        (1.01, 0.0, 1, "holds"),
        (1.02, 0.0, 1, "fails"),
        # 2.262 is the 97.5 % quantile of Student's t with nine degrees of freedom, √2 for two means of ten runs.
        (1.01 + 0.99 * 2.262 * math.sqrt(2) * 0.1, 0.1, 10, "holds"),
        (1.01 + 1.01 * 2.262 * math.sqrt(2) * 0.1, 0.1, 10, "fails"),
        # A thousand runs have a mean of nearly no error, and those of ten runs are spread around it by a tenth of runs.
        (1.01 + 0.99 * 1.962 * math.sqrt(1.01), 0.1, 1000, "holds"),
        (1.01 + 1.01 * 1.962 * math.sqrt(1.01), 0.1, 1000, "fails"),
        # Too few runs to say that it holds.
        (1.0, 0.01, 3, "undecided"),
        (9.0, 0.01, 3, "fails"),
        (1.0, math.inf, 1, "undecided"),
        (math.nan, 0.1, 10, "fails"),
    ],
)
def test_verdict_on_a_published_number(value, error, runs, verdict):
    assert published(value, error, runs).verdict == verdict


def test_a_published_mean_of_runs_like_ours_is_contradicted_once_in_twenty_times():
    """The interval is one of prediction: its level is kept whatever the two numbers of runs are."""
    generator = np.random.default_rng(5)
    for runs, of in ((10, 10), (40, 10), (10, 1), (1000, 100)):
        ours, theirs = generator.standard_normal((2000, runs)), generator.standard_normal((2000, of)).mean(axis=1)
        errors = ours.std(axis=1, ddof=1) / math.sqrt(runs)
        fails = [
            Published(theirs[i], of, 0.0, "for a test").range(Measurement(0.0, errors[i], runs)).margin(ours[i].mean())
            < 0
            for i in range(2000)
        ]
        # 100 are expected; five standard deviations of their number are 49.
        assert 51 <= sum(fails) <= 149, (runs, of)


def test_published_numbers_without_sense_are_refused():
    for runs, reading in ((0, 0.1), (10, -0.1)):
        with pytest.raises(ValueError, match=f"has {runs} runs and is read to {reading}"):
            Published(1.0, runs, reading, "")


def test_an_origin_that_is_none_is_refused():
    with pytest.raises(ValueError, match="is 'hearsay', allowed are text, picture, released, earlier, ours"):
        published(1.0, 0.0, 1, origin="hearsay")


def test_claims_are_counted_by_their_origins():
    claims = [claim(0.5), claim(2.0), published(1.0, 0.0, 1, origin="ours")]
    assert counted(claims) == {"picture": {"holds": 1, "fails": 1}, "ours": {"holds": 1}}


def test_range_without_sense_is_refused():
    with pytest.raises(ValueError, match="needs an edge"):
        Range(None, None, "")
    with pytest.raises(ValueError, match="ends at 1 before it starts at 2"):
        Range(2, 1, "")


def test_range_in_words():
    assert [str(Range(*edges, "")) for edges in ((0.1, 0.2), (None, 2.0), (1.0, None))] == [
        "0.1 to 0.2",
        "at most 2",
        "at least 1",
    ]


def test_only_new_verdicts_are_surprises():
    holds, fails, undecided = (0.5, 0.0), (2.0, 0.0), (1.0, 0.5)
    as_known = [claim(*holds), claim(*fails, known="fails"), claim(*undecided, known="undecided")]
    assert surprises(as_known) == []
    # A published claim that comes back after all is news too.
    new = [claim(*fails), claim(*holds, known="fails"), claim(*undecided), claim(*holds, known="undecided")]
    assert surprises(new) == new
    assert surprises(new, quick=True) == [new[0], new[1], new[3]]


def test_a_verdict_that_last_bits_can_turn_is_no_news():
    # Student's predictive interval of ten runs for a mean of ten: ± 2.262 × .1 × √2, the edge at 1.32.
    at_edge, beyond = published(1.36, 0.1, 10, reading=0.0), published(1.5, 0.1, 10, reading=0.0)
    assert [each.verdict for each in (at_edge, beyond)] == ["fails", "fails"]
    assert surprises([at_edge, beyond]) == [beyond]
    just_within = dataclasses.replace(published(1.28, 0.1, 10, reading=0.0), known_verdict="fails")
    assert just_within.verdict == "holds"
    assert surprises([just_within]) == []


def test_verdicts_from_fewer_runs_than_they_need_are_no_news():
    few = dataclasses.replace(claim(2.0), needs=11)
    enough = dataclasses.replace(claim(2.0), needs=10)
    assert surprises([few, enough], quick=True) == [enough]
    # From all seeds they are.
    assert surprises([few, enough]) == [few, enough]
    # Predictive intervals need ten runs, but for numbers without anything random in them.
    predicted = [published(9.0, 0.01, 9), published(9.0, 0.01, 10), published(9.0, 0.0, 1)]
    assert surprises(predicted, quick=True) == predicted[1:]


def test_json_is_strict_and_complete():
    text = to_json({"fig0": [claim(0.5, 0.1), claim(math.nan, math.inf), published(1.0, math.inf, 1)]})
    first, second, third = json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert first == {
        "figure": "fig0",
        "sentence": "it is so",
        "source": "Figure 0",
        "origin": "picture",
        "expected": [0.0, 1.0],
        "published": None,
        "why": "for a test",
        "measured": 0.5,
        "standard_error": 0.1,
        "runs": 10,
        "verdict": "holds",
        "known_verdict": "holds",
    }
    assert (second["measured"], second["standard_error"], second["verdict"]) == (None, None, "fails")
    assert (third["expected"], third["published"]) == ([None, None], {"value": 1.0, "runs": 10, "reading": 0.01})


def test_table_shows_every_claim_and_marks_new_verdicts():
    from rich.console import Console

    console = Console(width=200, record=True, file=io.StringIO())
    console.print(table({"fig0": [claim(0.5), claim(2.0)], "fig1": [claim(2.0, known="fails")]}))
    rows = [line for line in console.export_text().splitlines() if "it is so" in line]
    assert len(rows) == 3
    assert ["known" in row for row in rows] == [False, True, False]
