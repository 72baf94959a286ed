"""The time course of one mode of a deep linear network of two layers (Saxe, McClelland and Ganguli, arXiv 1312.6120).

A mode is a pair of weights a and b with the strength ab and the loss ½ (s - ab)². Gradient flow conserves a² - b² = c.
In hyperbolic coordinates a = √c cosh(θ/2) and b = √c sinh(θ/2) the strength is ½ c sinh θ (appendix A there).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gatednet.theory.values import Values


def balanced_strength(times: Values, target: float, start: float, timescale: float = 1.0) -> NDArray[np.float64]:
    """The strength ab at some times where a = b: s e^(2st/τ) / (e^(2st/τ) - 1 + s/u₀), from u₀ = `start`."""
    grown = np.exp(-2.0 * target * np.asarray(times, np.float64) / timescale)
    return np.asarray(target / (1.0 + (target / start - 1.0) * grown))


def to_hyperbolic(first: Values, second: Values) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The conserved c = a² - b² and the coordinate θ of weights a and b.

    **Raises** `ValueError` unless a > |b|.
    """
    a, b = np.asarray(first, np.float64), np.asarray(second, np.float64)
    if np.any(a <= np.abs(b)):
        raise ValueError("hyperbolic coordinates are for a first weight above the size of the second, a > |b|")
    return np.asarray(a**2 - b**2), np.asarray(2.0 * np.arctanh(b / a))


def from_hyperbolic(conserved: Values, angle: Values) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The inverse of `to_hyperbolic`: the weights a and b."""
    root, half = np.sqrt(np.asarray(conserved, np.float64)), 0.5 * np.asarray(angle, np.float64)
    return np.asarray(root * np.cosh(half)), np.asarray(root * np.sinh(half))


def hyperbolic_time(
    angle: Values, start: float, conserved: float, target: float, timescale: float = 1.0
) -> NDArray[np.float64]:
    """The time at which θ is reached from `start`, by τ dθ/dt = 2s - c sinh θ.

    τ/R [ln((R + c + 2s u) / (R - c - 2s u))] between the two, with u = tanh(θ/2) and R = √(c² + 4s²). `conserved` is c,
    `target` s, and θ lies between the start and the end of the path, sinh θ = 2s/c.
    """
    root = np.sqrt(conserved**2 + 4.0 * target**2)

    def primitive(theta: Values) -> NDArray[np.float64]:
        along = conserved + 2.0 * target * np.tanh(0.5 * np.asarray(theta, np.float64))
        return np.asarray(np.log((root + along) / (root - along)) / root)

    return np.asarray(timescale * (primitive(angle) - primitive(start)))
