"""Combinations of rows: what of a test was shown before, and means over tests of a kind."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


class Before:
    """What was shown before each test, by sets of combinations and tests, each a teacher for every row.

    `new` and `shown` (sets, tests) are never both: the last combination that was shown needs no switch. `unseen` counts
    the rows whose teacher was not shown there, `rarest` is the least share, over rows, of the combinations that have
    the row of the same teacher.
    """

    def __init__(self, sets: Sequence[Sequence[tuple[int, ...]]], tests: Sequence[tuple[int, ...]]) -> None:
        self.new = np.array([[test not in shown for test in tests] for shown in sets])
        self.shown = np.array([[test in shown[:-1] for test in tests] for shown in sets])
        alike = [np.mean(np.array(shown) == np.array(tests)[:, None], axis=1) for shown in sets]
        self.unseen = np.sum(np.array(alike) == 0, axis=-1)
        self.rarest = np.min(alike, axis=-1)


def mean_where(values: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Means over tests that are chosen, (..., sets, tests, seeds) to (..., sets, seeds), NaN where there is none."""
    number = chosen.sum(axis=1)[:, None]
    total = np.where(chosen[..., None], values, 0).sum(axis=-2)
    return np.divide(total, number, out=np.full(total.shape, np.nan), where=number > 0)


def overall(values: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Means over all chosen pairs of a set and a test, (..., sets, tests, seeds) to (..., seeds), NaN where none is."""
    number = chosen.sum()
    return (
        values[..., chosen, :].sum(axis=-2) / number
        if number
        else np.full((*values.shape[:-3], values.shape[-1]), np.nan)
    )
