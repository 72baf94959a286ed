"""Lengths of blocks that were searched: the boundary between specialized and other networks (open question 4)."""

from __future__ import annotations

import numpy as np
import xarray

from gatednet.figures.toolkit.power import TINY, power
from gatednet.sweeps.catalog.open4 import GATE, LONGEST, SHORTEST, STRENGTH, WEIGHTS

QUARTILES = (0.25, 0.5, 0.75)
# The logarithm of the ratio of both ends of a search.
FAR = float(np.log(LONGEST / SHORTEST))


def spread(runs: xarray.DataArray | np.ndarray) -> np.ndarray:
    """Quartiles over seeds, the last dimension, (3, ...)."""
    return np.quantile(np.asarray(runs, np.float64), QUARTILES, axis=-1)


def inside(values: np.ndarray) -> np.ndarray:
    """Which boundaries are between the ends of the search, in units of τ_w."""
    return (values > SHORTEST / WEIGHTS * 1.01) & (values < LONGEST / WEIGHTS / 1.01)


def at_cell(values: xarray.DataArray) -> xarray.DataArray:
    """Values at the cell from which constraints are removed."""
    return values.sel(ratio=GATE / WEIGHTS, method="nearest").sel(strength=STRENGTH, method="nearest")


def cell_of(data: xarray.Dataset) -> np.ndarray:
    """Boundaries of all seeds at that cell."""
    return at_cell(data.boundary).values


def logs(values: np.ndarray) -> np.ndarray:
    """Logarithms, of nothing below a tiny number."""
    return np.log(np.maximum(values, TINY))


def distance(runs: np.ndarray, predicted: np.ndarray) -> float:
    """The typical |ln| of median over prediction, (seeds, cells) and (cells,), where both are inside the search.

    Where none is, it is that of both ends of the search.
    """
    middle = np.median(runs, axis=0)
    both = inside(middle) & inside(predicted)
    return float(np.median(np.abs(logs(middle) - logs(predicted))[both])) if both.any() else FAR


def exponent(along: np.ndarray, values: np.ndarray) -> float:
    """The exponent of values that go as a power, by least squares of logarithms, of those inside the search.

    It is 0 for fewer than two of them, of which none is known to move.
    """
    chosen = inside(values)
    return power(along[chosen], values[chosen])[0] if chosen.sum() > 1 else 0.0


def widths(runs: np.ndarray) -> np.ndarray:
    """Logarithms of the upper over the lower quartile, of runs (seeds, cells)."""
    low, _, high = np.quantile(runs, QUARTILES, axis=0)
    return logs(high) - logs(low)


def ratio(pairs: np.ndarray) -> float:
    """The median of the second over that of the first, of runs (seeds, 2)."""
    first, second = np.median(pairs, axis=0)
    return float(np.exp(logs(second) - logs(first)))


def lower_medians(data: xarray.Dataset) -> np.ndarray:
    """Medians of the lower boundary, (ratios, strengths): of the second search with fast gates, else of the first."""
    middle = np.median(data.boundary.transpose("ratio", "strength", "seed").values, axis=-1)
    second = data.lower.sel(quartile=0.5).transpose("fast_ratio", "strength").values
    for place, gate in enumerate(data.ratio.values):
        same = np.abs(data.fast_ratio.values - gate) < TINY
        middle[place] = second[same][0] if same.any() else middle[place]
    return middle


def place_of(data: xarray.Dataset) -> int:
    """Where the strength of the cell is from which constraints are removed."""
    return int(np.abs(data.strength.values - STRENGTH).argmin())
