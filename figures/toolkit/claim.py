"""`Claim`: a sentence about the results, what the paper leads one to expect, and what was measured."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Iterable
from typing import Any, Literal

from rich.table import Table

from gatednet.figures.toolkit.statistics import Measurement

Verdict = Literal["holds", "fails", "undecided"]


@dataclasses.dataclass(frozen=True)
class Range:
    """The values that a claim expects, `low` to `high`, and why they are that wide; None where there is no edge.

    **Raises** `ValueError` where it has no edge at all, or `low` is above `high`.
    """

    low: float | None
    high: float | None
    why: str

    def __post_init__(self) -> None:
        if self.low is None and self.high is None:
            raise ValueError("a range needs an edge: every value would be expected")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError(f"a range ends at {self.high} before it starts at {self.low}")

    def margin(self, value: float) -> float:
        """How far a value is inside, negative where it is outside."""
        edges = [value - self.low] if self.low is not None else []
        edges += [self.high - value] if self.high is not None else []
        return min(edges)

    def __str__(self) -> str:
        if self.low is None:
            return f"at most {self.high:g}"
        return f"at least {self.low:g}" if self.high is None else f"{self.low:g} to {self.high:g}"


@dataclasses.dataclass(frozen=True)
class Claim:
    """A sentence, its source, the expected range, the measurement, and the verdict that is known from before.

    `verdict` follows from the numbers. A published claim that does not come back keeps its range and has the known
    verdict "fails": only a change is news.
    """

    sentence: str
    source: str
    expected: Range
    measured: Measurement
    known_verdict: Verdict = "holds"

    @property
    def verdict(self) -> Verdict:
        """Holds where the range holds all of the value's 95 % interval, fails where it holds nothing of it."""
        if not math.isfinite(self.measured.value):
            return "fails"
        margin = self.expected.margin(self.measured.value)
        decisive = self.measured.half_width
        if margin >= 0 and margin >= decisive:
            return "holds"
        return "fails" if margin < 0 and -margin >= decisive else "undecided"

    @property
    def as_known(self) -> bool:
        """Whether the verdict is the known one."""
        return self.verdict == self.known_verdict

    def record(self, figure: str) -> dict[str, Any]:
        """The claim as an object of claims.json; an unknown standard error is null."""
        error, value = self.measured.standard_error, self.measured.value
        return {
            "figure": figure,
            "sentence": self.sentence,
            "source": self.source,
            "expected": [self.expected.low, self.expected.high],
            "why": self.expected.why,
            "measured": value if math.isfinite(value) else None,
            "standard_error": error if math.isfinite(error) else None,
            "runs": self.measured.runs,
            "verdict": self.verdict,
            "known_verdict": self.known_verdict,
        }


def surprises(claims: Iterable[Claim], *, quick: bool = False) -> list[Claim]:
    """The claims whose verdict is not the known one; with few runs a claim may also be undecided."""
    return [each for each in claims if not (each.as_known or (quick and each.verdict == "undecided"))]


def to_json(claims: dict[str, list[Claim]]) -> str:
    """The text of claims.json: a list of objects, figure by figure."""
    records = [claim.record(figure) for figure, of_figure in claims.items() for claim in of_figure]
    return json.dumps(records, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def number(value: float) -> str:
    """A number as the tables show it, to three digits after the point."""
    return f"{value:.3f}" if math.isfinite(value) else "unknown"


def table(claims: dict[str, list[Claim]], *, quick: bool = False) -> Table:
    """The claims as a table for a terminal."""
    shown = Table(title="Claims, from few seeds (quick)" if quick else "Claims", title_justify="left")
    for heading in ("figure", "claim"):
        shown.add_column(heading, overflow="fold")
    for heading in ("expected", "measured", "error", "runs"):
        shown.add_column(heading, justify="right")
    shown.add_column("verdict")
    colours = {"holds": "green", "fails": "red", "undecided": "yellow"}
    for figure, of_figure in claims.items():
        for claim in of_figure:
            known = "" if claim.as_known else f", known: {claim.known_verdict}"
            shown.add_row(
                figure,
                claim.sentence,
                str(claim.expected),
                number(claim.measured.value),
                number(claim.measured.standard_error),
                str(claim.measured.runs),
                f"[{colours[claim.verdict]}]{claim.verdict}[/]{known}",
            )
        shown.add_section()
    return shown
