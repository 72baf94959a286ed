"""`Scale`: the colours of a diagram as numbers, the same for an observable wherever it is shown."""

from __future__ import annotations

import dataclasses

import numpy as np
from matplotlib.ticker import MaxNLocator

from gatednet import REGISTRY

_TICKS = 5
# Of numbers further from each other single precision, which a browser is given, has no range.
_MOST = 1e30


@dataclasses.dataclass(frozen=True)
class Scale:
    """Colours go from `low` to `high`, with round numbers at `ticks`; what lies beyond has the colour of that end."""

    low: float
    high: float
    ticks: tuple[float, ...]

    def labels(self, values: np.ndarray) -> dict[float, str]:
        """What is said at the ticks; an end that some of the values lie beyond says so."""
        found = {each: f"{each:.6g}" for each in self.ticks}
        known = values[np.isfinite(values)]
        if known.size and known.min() < self.low:
            found[self.low] = f"≤ {self.low:.6g}"
        if known.size and known.max() > self.high:
            found[self.high] = f"≥ {self.high:.6g}"
        return found


def scale_of(observable: str, values: np.ndarray | None = None) -> Scale | None:
    """The scale of an observable: its own bounds, so that a number has one colour in all diagrams.

    Where it has none, round numbers around the finite ones of `values`; None where there are no values.
    """
    # One of a user's own may only be known to the store that has it.
    known_one = REGISTRY.get(observable)
    bounds = None if known_one is None else known_one.bounds
    if bounds is not None:
        return _between(*bounds)
    if values is None:
        return None
    known = values[np.isfinite(values)]
    return _between(*np.clip([known.min(), known.max()], -_MOST, _MOST).tolist()) if known.size else _between(0.0, 1.0)


def _between(low: float, high: float) -> Scale:
    ticks = [float(each) for each in MaxNLocator(_TICKS).tick_values(low, high)]
    first = max((each for each in ticks if each <= low), default=ticks[0])
    last = min((each for each in ticks if each >= high), default=ticks[-1])
    within = tuple(each for each in ticks if first <= each <= last)
    return Scale(within[0], within[-1], within) if len(within) > 1 else Scale(ticks[0], ticks[-1], tuple(ticks))
