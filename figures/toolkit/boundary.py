"""Where networks stop to specialize along a setting, and how that moves with another one."""

from __future__ import annotations

import numpy as np

# Against logarithms of nothing.
TINY = 1e-9


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
    return float(np.polyfit(np.log(x[chosen]), np.log(y[chosen]), 1)[0]) if chosen.sum() > 2 else 0.0


def share(those: np.ndarray, of: np.ndarray) -> np.ndarray:
    """The share of runs (..., seeds) that are `those`, among the ones that are `of`, for each seed."""
    axes = tuple(range(of.ndim - 1))
    return (those & of).sum(axis=axes) / np.maximum(of.sum(axis=axes), 1)
