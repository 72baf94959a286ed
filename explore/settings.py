"""`Control`: a value of an experiment that a page can set, with its meaning."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

from gatednet import Experiment
from gatednet.experiment import field_at, paths
from gatednet.explore.view import Span
from gatednet.settings import Choice, Number, Whole, Word

# How far a range goes either way from a value that has no other bound, as a factor.
_REACH = 10.0


@dataclasses.dataclass(frozen=True)
class Control:
    """A value at a path: what it means, in which units, what is allowed, and what it is now.

    `options` are those of a word or a choice. `span` is the range of a slider, for finite numbers; `compiles` says
    whether every value of it is compiled anew.
    """

    path: str
    meaning: str
    units: str
    allowed: str
    value: Any
    options: tuple[Any, ...] = ()
    span: Span | None = None
    compiles: bool = False


def controls_of(experiment: Experiment, spans: Mapping[str, Span] | None = None) -> tuple[Control, ...]:
    """All values of an experiment that a page can set, those first that are set without compiling.

    Ranges are those of `spans`, by paths, and around the values of the experiment where it has none.
    """
    found = []
    spans = spans or {}
    for path, value in paths(experiment).items():
        field = field_at(experiment, path)
        if field is None or path.startswith("inputs."):
            # Entries of lists are set as a whole, in files; and inputs are the population.
            continue
        rule, meaning, units = (field.metadata.get(name) for name in ("rule", "meaning", "units"))
        if rule is None or meaning is None or units is None:
            continue
        if isinstance(rule, Number):
            # No range holds a number without end: it has a field alone.
            span = spans.get(path) or (span_of(experiment, path) if math.isfinite(value) else None)
            found.append(Control(path, meaning, units, str(rule), value, span=span))
        elif isinstance(value, Word):
            found.append(Control(path, meaning, units, str(rule), value, options=value.options))
        elif isinstance(rule, Choice):
            found.append(Control(path, meaning, units, str(rule), value, options=rule.options, compiles=True))
        elif isinstance(rule, Whole):
            found.append(Control(path, meaning, units, str(rule), value, compiles=True))
    return tuple(sorted(found, key=lambda control: control.compiles))


def span_of(experiment: Experiment, path: str) -> Span:
    """A range around the value at a path: decades for positive numbers, a line from the lowest for others."""
    value = float(paths(experiment)[path])
    field = field_at(experiment, path)
    rule = field.metadata["rule"] if field is not None else Number()
    low, high = (rule.low, rule.high) if isinstance(rule, Number) else (-math.inf, math.inf)
    if path == "curriculum.block_length":
        # A block is a step at least, and a run shows each task once or more often.
        low, high = experiment.dt, max(experiment.duration / max(experiment.teachers.number, 1), value)
    if path == "dt":
        high = experiment.curriculum.block_length
    if value > 0 and (high == math.inf or path in ("curriculum.block_length", "dt")):
        first, last = max(value / _REACH, low), min(value * _REACH, high)
        if 0 < first < last:
            return Span(path, first, last, "log")
    first = low if math.isfinite(low) else min(value, 0.0)
    return Span(path, first, high if math.isfinite(high) else max(abs(value) * _REACH, 1.0))
