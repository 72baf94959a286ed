"""Where networks stop to specialize along a setting, and how that moves with another one."""

from __future__ import annotations

import numpy as np
import xarray

from gatednet.figures.toolkit.power import TINY, power


def pair_specialization(alignment: np.ndarray) -> np.ndarray:
    """Matched minus unmatched alignment of two tasks and two paths, the last dimensions."""
    own, crossed = alignment[..., 0, 0] + alignment[..., 1, 1], alignment[..., 0, 1] + alignment[..., 1, 0]
    return np.abs(own - crossed) / 2


def reaches(specialized: np.ndarray, ratios: np.ndarray) -> np.ndarray:
    """The value up to which runs (..., values, seeds) specialize, of values in equal ratios, (..., seeds).

    As many values as specialize, wherever they are, are counted from the first; the end lies half a ratio beyond the
    last of them, and half a ratio below the first value where none does.
    """
    number = specialized.sum(axis=-2)
    return ratios[0] * (ratios[1] / ratios[0]) ** (number - 0.5)


def exponent(x: np.ndarray, y: np.ndarray) -> float:
    """The exponent of a power law y of x, by least squares of the logarithms; 0 where fewer than three are known."""
    chosen = np.isfinite(y) & (y > TINY) & (x > TINY)
    return power(x[chosen], y[chosen])[0] if chosen.sum() > 2 else 0.0


def share(those: np.ndarray, of: np.ndarray) -> np.ndarray:
    """The share of runs (..., seeds) that are `those`, among the ones that are `of`, for each seed."""
    axes = tuple(range(of.ndim - 1))
    return (those & of).sum(axis=axes) / np.maximum(of.sum(axis=axes), 1)


def late_times(times: xarray.DataArray, number: int) -> np.ndarray:
    """Times to the criterion (lengths, ..., blocks), mean over the last `number` blocks that runs have."""
    found = []
    for of_length in times:
        values = of_length.values
        blocks = int(np.isfinite(values.reshape(-1, values.shape[-1])).any(axis=0).sum())
        found.append(values[..., max(blocks - number, 0) : blocks].mean(axis=-1, dtype=np.float64))
    return np.stack(found)


def gain(times: np.ndarray, flexible: np.ndarray, forgetful: np.ndarray) -> np.ndarray:
    """How many times as long forgetful runs take as flexible ones with the same blocks and overlap, (seeds,).

    Arrays are (lengths, correlations, ratios, seeds). The medians over time constants are compared, and of what both
    have the geometric mean is taken; a time is at least a thousandth of τ_w.
    """
    found = np.zeros(times.shape[-1])
    for seed in range(times.shape[-1]):
        rows = [np.where(chosen, times, np.nan)[..., seed] for chosen in (forgetful, flexible)]
        both = np.all([np.isfinite(each).any(axis=-1) for each in rows], axis=0)
        slow, fast = (np.log(np.maximum(np.nanmedian(each[both], axis=-1), 1e-3)) for each in rows)
        found[seed] = np.exp(np.mean(slow - fast)) if both.any() else np.nan
    return found
