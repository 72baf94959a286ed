"""Quantities that go as a power of another one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

# Against logarithms of nothing.
TINY = 1e-9


def power(along: Sequence[float] | np.ndarray, values: Sequence[float] | np.ndarray) -> tuple[float, float]:
    """Exponent and factor of values that go as a power of positive numbers, by least squares of logarithms."""
    slope, level = np.polyfit(np.log(along), np.log(np.maximum(values, TINY)), 1)
    return float(slope), float(np.exp(level))
