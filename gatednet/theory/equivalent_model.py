"""The two-dimensional model that behaves as the full one (paper, appendix on the equivalent model, Figure A1).

Two paths and two orthogonal teachers, each with singular values s_α: in units of the teachers, the weights of a path on
them follow a model with one input and two outputs. The gradient by a gate is Σ_α s_α² times as large in the full model.
"""

from __future__ import annotations

import numpy as np

from gatednet.theory.values import Values


def strength(singular_values: Values) -> float:
    """Σ_α s_α², from the singular values of one teacher, of any shape."""
    return float(np.sum(np.square(np.asarray(singular_values, np.float64))))


def equivalent_gate_timescale(timescale: float, singular_values: Values) -> float:
    """The gates' time constant of the two-dimensional model, that of the full model over Σ_α s_α², in units of time."""
    return timescale / strength(singular_values)


def equivalent_penalty(penalty: float, singular_values: Values) -> float:
    """The strength of a penalty on the gates in the two-dimensional model, that of the full model over Σ_α s_α².

    It is the gates' time constant over the strength that a penalty acts with, and both models have the same.
    """
    return penalty / strength(singular_values)


def full_loss(loss: Values, singular_values: Values) -> np.ndarray:
    """The loss of the full model, from that of the two-dimensional one: Σ_α s_α² times as large."""
    return np.asarray(loss, np.float64) * strength(singular_values)
