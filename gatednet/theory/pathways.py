"""Trajectories of two pathways that share a target (Shi, Shea-Brown and Buice, NeurIPS 2022)."""

from __future__ import annotations

import numpy as np
import scipy.integrate
from numpy.typing import NDArray

from gatednet.theory.values import Values


def strength_of(first: Values, depth: int) -> NDArray[np.float64]:
    """K = p (p² + 1)^((D - 1)/2), the product of a pathway's layers, from its first one, p.

    All other layers are alike, q with q² = p² + 1, which gradient flow conserves.
    """
    p = np.asarray(first, np.float64)
    return np.asarray(p * (p**2 + 1.0) ** ((depth - 1) / 2))


def pathway_trajectories(start: Values, times: Values, depth: int = 1, target: float = 1.0) -> NDArray[np.float64]:
    """The strengths K of pathways that learn one singular value together, (times, pathways).

    Each has `depth` layers, and the first one starts at `start`, (pathways,); dp_a/dt = (p_a² + 1)^((D - 1)/2) (S - Σ_b
    K_b), where S is the `target` and `times` are in units of the time constant.

    **Raises** `ValueError` where the solver does not succeed.
    """
    times = np.asarray(times, np.float64)

    def velocity(time: float, p: np.ndarray) -> np.ndarray:
        del time
        return (p**2 + 1.0) ** ((depth - 1) / 2) * (target - strength_of(p, depth).sum())

    solution = scipy.integrate.solve_ivp(
        velocity, (times[0], times[-1]), np.asarray(start, np.float64), t_eval=times, rtol=1e-9, atol=1e-12
    )
    if not solution.success:
        raise ValueError(f"pathways cannot be followed: {solution.message}")
    return strength_of(solution.y.T, depth)
