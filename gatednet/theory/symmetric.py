"""The path of a symmetric two-dimensional model within one block (paper, section on the symmetric case, Figure 4)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gatednet.theory.values import Values


def specialization_of_weights(gate_difference: Values, ratio: Values) -> NDArray[np.float64]:
    """Specialization of the weights w̄ as a function of that of the gates, sqrt(1 - ½ (τ_c/τ_w) (1 - c̄²)).

    `gate_difference` is c̄ = c¹ - c², `ratio` the gates' time constant over the weights' one, τ_c/τ_w; both
    broadcast. The curve belongs to a start from full specialization, w̄ = |c̄| = 1, and to a penalty that holds c¹ +
    c² = 1. It follows from what the symmetric model conserves within a block, w̄² - ½ (τ_c/τ_w) c̄² (paper, section 4
    and its appendix). Without penalties every path alone conserves τ_w ‖W^p‖² - τ_c (c^p)²; a penalty on the gates'
    norm moves the gates without the weights, so that this drifts, and no more than the difference of the gates, which
    it leaves alone, is tied to the weights.

    **Raises** `ValueError` where the root is of a negative number, which no such path reaches.
    """
    square = 1.0 - 0.5 * np.asarray(ratio, np.float64) * (1.0 - np.square(np.asarray(gate_difference, np.float64)))
    if np.any(square < 0):
        raise ValueError(f"gate_difference and ratio give w̄² = {square.min():g}, allowed is at least 0")
    return np.asarray(np.sqrt(square))
