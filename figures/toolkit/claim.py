"""`Claim`: a sentence about the results, what the paper leads one to expect, and what was measured."""

from __future__ import annotations

import dataclasses
import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Literal, get_args

from rich.table import Table

from gatednet.figures.toolkit.statistics import Measurement

Verdict = Literal["holds", "fails", "undecided"]
Origin = Literal["text", "picture", "released", "earlier", "ours"]
# A quick run has fewer seeds than this, of which predictive intervals are too wide to tell verdicts apart.
FEWEST_RUNS = 10
# Where what a claim expects is from.
ORIGINS: Mapping[Origin, str] = {
    "text": "the paper's text and formulas",
    "picture": "the paper's pictures",
    "released": "output of the authors' released code",
    "earlier": "earlier measurements of ours",
    "ours": "statements of our own",
}


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
class Published:
    """A published number: a statistic of `runs` runs, which is known to ± `reading`, and why to that.

    Other runs have another mean. What is expected is where the statistic of so many new runs lies with a probability
    of 95 %, as our own runs tell (Student's predictive interval), give or take the reading.

    **Raises** `ValueError` for less than one run, and a reading below 0.
    """

    value: float
    runs: int
    reading: float
    why: str

    def __post_init__(self) -> None:
        if self.runs < 1 or self.reading < 0:
            raise ValueError(f"a published number has {self.runs} runs and is read to {self.reading}")

    def range(self, measured: Measurement) -> Range:
        """The measured values that the published one does not contradict."""
        spread = measured.half_width * math.sqrt(1 + measured.runs / self.runs) if measured.standard_error else 0.0
        width = self.reading + spread
        return Range(self.value - width, self.value + width, self.why)


@dataclasses.dataclass(frozen=True)
class Claim:
    """A sentence, its source, what is expected, the measurement, and the verdict that is known from before.

    `verdict` follows from the numbers. A published claim that does not come back keeps what it expects and has the
    known verdict "fails": only a change is news, and from fewer runs than it `needs`, or `at_edge`, a change is none.
    `origin` is one of `ORIGINS`.

    **Raises** `ValueError` for another origin.
    """

    sentence: str
    source: str
    expected: Range | Published
    measured: Measurement
    known_verdict: Verdict = "holds"
    origin: Origin = dataclasses.field(kw_only=True)
    needs: int = dataclasses.field(default=1, kw_only=True)

    def __post_init__(self) -> None:
        if self.origin not in get_args(Origin):
            raise ValueError(f"the origin of a claim is {self.origin!r}, allowed are {', '.join(ORIGINS)}")

    @property
    def range(self) -> Range:
        """The values that are expected; around a published number they depend on how much runs differ."""
        return self.expected if isinstance(self.expected, Range) else self.expected.range(self.measured)

    @property
    def verdict(self) -> Verdict:
        """Holds where the range holds all of the value's 95 % interval, fails where it holds nothing of it.

        The range around a published number has the error of the measured value in it already, so that there the value
        alone decides; from fewer runs than were published it is not said to hold.
        """
        measured = self.measured
        if not math.isfinite(measured.value):
            return "fails"
        if isinstance(self.expected, Published):
            if not self.range.margin(measured.value) >= 0:
                return "fails"
            few = measured.standard_error > 0 and measured.runs < self.expected.runs
            return "undecided" if few or not math.isfinite(measured.standard_error) else "holds"
        margin, decisive = self.expected.margin(measured.value), measured.half_width
        if margin >= 0 and margin >= decisive:
            return "holds"
        return "fails" if margin < 0 and -margin >= decisive else "undecided"

    @property
    def from_few(self) -> bool:
        """Whether it is measured from fewer runs than its verdict needs, as in a quick run."""
        predicted = isinstance(self.expected, Published) and self.measured.standard_error > 0
        return self.measured.runs < (max(self.needs, FEWEST_RUNS) if predicted else self.needs)

    @property
    def as_known(self) -> bool:
        """Whether the verdict is the known one."""
        return self.verdict == self.known_verdict

    @property
    def at_edge(self) -> bool:
        """Whether the value is within its standard error of an edge of what a published number allows."""
        measured = self.measured
        return isinstance(self.expected, Published) and abs(self.range.margin(measured.value)) < measured.standard_error

    def record(self, figure: str) -> dict[str, Any]:
        """The claim as an object of claims.json; an unknown standard error is null."""
        error, value = self.measured.standard_error, self.measured.value
        expected, known = self.range, self.expected
        published = None
        if isinstance(known, Published):
            published = {"value": known.value, "runs": known.runs, "reading": known.reading}
        edges = (None if edge is None or not math.isfinite(edge) else edge for edge in (expected.low, expected.high))
        return {
            "figure": figure,
            "sentence": self.sentence,
            "source": self.source,
            "origin": self.origin,
            "expected": list(edges),
            "published": published,
            "why": expected.why,
            "measured": value if math.isfinite(value) else None,
            "standard_error": error if math.isfinite(error) else None,
            "runs": self.measured.runs,
            "verdict": self.verdict,
            "known_verdict": self.known_verdict,
        }


def surprises(claims: Iterable[Claim], *, quick: bool = False) -> list[Claim]:
    """The claims with another verdict than the known one, but those at an edge, and of quick runs undecided ones."""
    new = [each for each in claims if not (each.as_known or each.at_edge)]
    return [each for each in new if each.verdict != "undecided" and not each.from_few] if quick else new


def to_json(claims: dict[str, list[Claim]]) -> str:
    """The text of claims.json: a list of objects, figure by figure."""
    records = [claim.record(figure) for figure, of_figure in claims.items() for claim in of_figure]
    return json.dumps(records, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def counted(claims: Iterable[Claim]) -> dict[Origin, Counter[Verdict]]:
    """How many claims of each origin have each verdict; origins without a claim are left out."""
    counts: dict[Origin, Counter[Verdict]] = {origin: Counter() for origin in ORIGINS}
    for claim in claims:
        counts[claim.origin][claim.verdict] += 1
    return {origin: count for origin, count in counts.items() if count}


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
                str(claim.range),
                number(claim.measured.value),
                number(claim.measured.standard_error),
                str(claim.measured.runs),
                f"[{colours[claim.verdict]}]{claim.verdict}[/]{known}",
            )
        shown.add_section()
    return shown
