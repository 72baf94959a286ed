"""How specialization depends on the length of blocks (paper, appendix on block length, Figures 4 and A9).

After a switch the gates move first, and the weights follow them: in a short time t within a block w̄ grows by ½ C t²,
with C = w̄ |ε|² / (τ_c τ_w). Blocks of twice the length bring four times the growth each, and twice in the same time.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gatednet.theory.values import Values

# How steep the wall is that keeps proxy losses within the unit circle, as in the authors' released code.
_STEEPNESS = 30.0


def growth_constant(specialization: float, squared_error: float, gates: float, weights: float) -> float:
    """C = w̄₀ |ε|² / (τ_c τ_w), in units of 1/time².

    `specialization` is w̄₀ at the start of a block, `squared_error` |ε|² then, `gates` and `weights` are the time
    constants.
    """
    return specialization * squared_error / (gates * weights)


def growth(constant: float, block_length: Values) -> NDArray[np.float64]:
    """Growth of w̄ in a block, ½ C τ_B², to the lowest order in its length."""
    return np.asarray(0.5 * constant * np.square(np.asarray(block_length, np.float64)))


def growth_rate(constant: float, block_length: Values) -> NDArray[np.float64]:
    """Growth of w̄ per time, ½ C τ_B."""
    return np.asarray(growth(constant, block_length) / np.asarray(block_length, np.float64))


def linear_proxy(along: Values, weights: float, sign: int) -> NDArray[np.float64]:
    """The part of the proxy loss of one coordinate w that pulls it to the task on show, -sign w / τ_w."""
    return np.asarray(-sign * np.asarray(along, np.float64) / weights)


def quadratic_proxy(along: Values, constant: float, block_length: float) -> NDArray[np.float64]:
    """The part that specializes, -¼ τ_B C |w|^(3/2): descent in it moves w as t², as the gates make it move."""
    return np.asarray(-0.25 * block_length * constant * np.abs(np.asarray(along, np.float64)) ** 1.5)


def wall(along: Values) -> NDArray[np.float64]:
    """What keeps |w| from growing beyond 1: (tanh(30 (|w| - 1)) + 1) |w|³."""
    size = np.abs(np.asarray(along, np.float64))
    return np.asarray((np.tanh(_STEEPNESS * (size - 1.0)) + 1.0) * size**3)


def first_order_loss(along: Values) -> NDArray[np.float64]:
    """The loss over a block of each task without what the gates do, less that of equal paths: 4 w².

    It is |y - y¹|² + |y - y²|² - 1 of the output y = (½ + w, ½ - w) and the targets y¹ = (1, 0) and y² = (0, 1).
    """
    return 4.0 * np.square(np.asarray(along, np.float64))


def effective_loss(specialization: Values, constant: float, block_length: float) -> NDArray[np.float64]:
    """The proxy loss of w̄, added up over a block of each task: what pulls to either task cancels.

    `constant` is that of `growth_constant`.
    """
    return 2.0 * (quadratic_proxy(specialization, constant, block_length) + wall(specialization))
