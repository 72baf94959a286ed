"""Laws of practice: curves that fall as a power, or as an exponential, of how often something was done.

a + b n^-c (Newell & Rosenbloom 1981) and a + b e^-cn (Heathcote, Brown & Mewhort 2000) have three parameters each.
"""

from __future__ import annotations

import numpy as np

# The exponents of powers, and the rates of exponentials, among which the best is looked for.
_GRIDS = {"power": np.geomspace(0.05, 5.0, 121), "exponential": np.geomspace(0.004, 4.0, 121)}
LAWS = tuple(_GRIDS)
# Added to squared errors: their ratio is 1 where both are nothing.
_TINY = 1e-12


def _shapes(law: str, practice: np.ndarray) -> np.ndarray:
    """What falls with practice for each c of a law, n^-c or e^-cn, (grid, practice)."""
    rates = _GRIDS[law][:, None]
    return practice**-rates if law == "power" else np.exp(-rates * practice)


def fitted(practice: np.ndarray, curves: np.ndarray, law: str, given: np.ndarray | None = None) -> np.ndarray:
    """The least-squares curves of a law, (..., practice), fitted to the points that are `given`, by default all.

    `practice` is the count n, from 1, and `curves` (..., practice) what falls with it. For each c of a grid a and b are
    those of linear regression.
    """
    given = np.ones(len(practice), bool) if given is None else given
    flat = np.asarray(curves, np.float64).reshape(-1, len(practice))
    shapes = _shapes(law, np.asarray(practice, np.float64))
    means, levels = shapes[:, given].mean(axis=1), flat[:, given].mean(axis=1)
    centred = shapes[:, given] - means[:, None]
    size = np.sum(centred**2, axis=1)
    slopes = (flat[:, given] - levels[:, None]) @ centred.T / size
    best = np.argmax(slopes**2 * size, axis=1)
    slope = np.take_along_axis(slopes, best[:, None], axis=1)
    found = levels[:, None] + slope * (shapes[best] - means[best, None])
    return found.reshape(np.shape(curves))


def held_out(practice: np.ndarray, curves: np.ndarray, law: str) -> np.ndarray:
    """The mean squared error of a law, fitted to odd n, at even n, (...), for curves (..., practice)."""
    odd = np.asarray(practice) % 2 == 1
    error = fitted(practice, curves, law, odd) - curves
    return np.mean(error[..., ~odd] ** 2, axis=-1)


def advantage(practice: np.ndarray, curves: np.ndarray) -> np.ndarray:
    """How much better a power is than an exponential: log10 of the ratio of their held-out squared errors, (...).

    Above 0 the power is better.
    """
    power, exponential = (held_out(practice, curves, law) + _TINY for law in LAWS)
    return np.log10(exponential / power)
