"""Squared singular values of matrices of independent Gaussian entries (Marchenko and Pastur 1967)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import scipy.integrate
from numpy.typing import NDArray

from gatednet.theory.values import Values


def support(ratio: float, scale: float = 1.0) -> tuple[float, float]:
    """The smallest and the largest squared singular value, σ² (1 ∓ √γ)².

    Of matrices (rows, columns) with entries of variance σ²/columns, as they grow; γ = rows/columns is the `ratio`, at
    most 1.

    **Raises** `ValueError` for a ratio that is not above 0 and at most 1.
    """
    if not 0 < ratio <= 1:
        raise ValueError(f"ratio is {ratio!r}, allowed is above 0 and at most 1: rows over columns")
    return scale**2 * (1.0 - np.sqrt(ratio)) ** 2, scale**2 * (1.0 + np.sqrt(ratio)) ** 2


def density(squares: Values, ratio: float, scale: float = 1.0) -> NDArray[np.float64]:
    """The density of squared singular values, √((λ₊ - λ)(λ - λ₋)) / (2π γ σ² λ), and 0 outside the support."""
    low, high = support(ratio, scale)
    value = np.asarray(squares, np.float64)
    inside = (value > low) & (value < high)
    safe = np.where(inside, value, 0.5 * (low + high))
    root = np.sqrt((high - safe) * (safe - low)) / (2.0 * np.pi * ratio * scale**2 * safe)
    return np.where(inside, root, 0.0)


def cumulative(squares: Values, ratio: float, scale: float = 1.0) -> NDArray[np.float64]:
    """The share of squared singular values up to each of some values, by quadrature of the density."""
    low, high = support(ratio, scale)

    def up_to(value: float) -> float:
        return _integral(lambda square: 1.0, float(np.clip((value - low) / (high - low), 0.0, 1.0)), ratio, scale)

    return np.vectorize(up_to, otypes=[np.float64])(np.asarray(squares, np.float64))


def mean_singular_value(ratio: float, scale: float = 1.0) -> float:
    """The mean singular value, by quadrature of √λ over the density."""
    return _integral(np.sqrt, 1.0, ratio, scale)


def _integral(function: Callable[[float], float], part: float, ratio: float, scale: float) -> float:
    """The integral of a function over the density, up to a part of the support."""
    low, high = support(ratio, scale)

    def integrand(angle: float) -> float:
        # With λ = low + (high - low) sin² the roots at both ends of the density are smooth.
        square = low + (high - low) * np.sin(angle) ** 2
        slope = 2.0 * (high - low) * np.sin(angle) * np.cos(angle)
        return float(function(square) * density(square, ratio, scale) * slope)

    return scipy.integrate.quad(integrand, 0.0, np.arcsin(np.sqrt(part)))[0]
