"""The neural tangent kernel of the two-dimensional model (paper, appendix on the tangent kernel, Figure A8)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gatednet.theory.values import Values


def tangent_kernel(
    weights: Values, gates: Values, weight_timescale: float = 1.0, gate_timescale: float = 1.0
) -> NDArray[np.float64]:
    """Σ_p w^p w^pᵀ / τ_c + I Σ_p (c^p)² / τ_w, (..., outputs, outputs), for one input that is always 1.

    `weights` are (..., paths, outputs), `gates` (..., paths). Minus the kernel times the error is the rate of change of
    the output by the task loss ½ |y - y*|²: its first term comes from the gates, its second from the weights.
    """
    w, c = np.asarray(weights, np.float64), np.asarray(gates, np.float64)
    from_gates = np.einsum("...pi,...pj->...ij", w, w) / gate_timescale
    from_weights = np.sum(c**2, axis=-1)[..., None, None] * np.eye(w.shape[-1]) / weight_timescale
    return from_gates + from_weights


def adaptation_speed(kernel: Values, error: Values) -> NDArray[np.float64]:
    """εᵀ K ε, the rate at which the task loss falls; `kernel` (..., outputs, outputs), `error` (..., outputs)."""
    k, e = np.asarray(kernel, np.float64), np.asarray(error, np.float64)
    return np.asarray(np.einsum("...i,...ij,...j->...", e, k, e))
