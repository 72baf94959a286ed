import io
import json
import math

import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from gatednet.figures.toolkit.claim import Claim, Range, surprises, table, to_json
from gatednet.figures.toolkit.statistics import Measurement

finite = st.floats(-1e3, 1e3)
errors = st.floats(0, 10)


def claim(value, error=0.0, low=0.0, high=1.0, known="holds"):
    return Claim("it is so", "Figure 0", Range(low, high, "for a test"), Measurement(value, error, 10), known)


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


def test_json_is_strict_and_complete():
    text = to_json({"fig0": [claim(0.5, 0.1), claim(math.nan, math.inf)]})
    first, second = json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert first == {
        "figure": "fig0",
        "sentence": "it is so",
        "source": "Figure 0",
        "expected": [0.0, 1.0],
        "why": "for a test",
        "measured": 0.5,
        "standard_error": 0.1,
        "runs": 10,
        "verdict": "holds",
        "known_verdict": "holds",
    }
    assert (second["measured"], second["standard_error"], second["verdict"]) == (None, None, "fails")


def test_table_shows_every_claim_and_marks_new_verdicts():
    from rich.console import Console

    console = Console(width=200, record=True, file=io.StringIO())
    console.print(table({"fig0": [claim(0.5), claim(2.0)], "fig1": [claim(2.0, known="fails")]}))
    rows = [line for line in console.export_text().splitlines() if "it is so" in line]
    assert len(rows) == 3
    assert ["known" in row for row in rows] == [False, True, False]
