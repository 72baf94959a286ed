"""Combinations of rows: what of a test was shown before, and means over tests of a kind."""

from __future__ import annotations

import numpy as np


class Before:
    """What was shown before each test: `new` and `shown`, (sets, tests), are never both; `unseen` rows are counted."""

    def __init__(self, sets: list[tuple[tuple[int, ...], ...]], tests: list[tuple[int, ...]]) -> None:
        self.rows = len(tests[0])
        self.new = np.array([[test not in shown for test in tests] for shown in sets])
        # The last one needs no switch.
        self.shown = np.array([[test in shown[:-1] for test in tests] for shown in sets])
        pairs = [[{each[row] for each in shown} for row in range(self.rows)] for shown in sets]
        self.unseen = np.array(
            [
                [sum(each not in known for each, known in zip(test, of_rows, strict=True)) for test in tests]
                for of_rows in pairs
            ]
        )


def mean_where(values: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Means over tests that are chosen, (..., sets, tests, seeds) to (..., sets, seeds), NaN where there is none."""
    number = chosen.sum(axis=1)[:, None]
    total = np.where(chosen[..., None], values, 0).sum(axis=-2)
    return np.divide(total, number, out=np.full(total.shape, np.nan), where=number > 0)


def overall(values: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Means over all chosen pairs of a set and a test, (..., sets, tests, seeds) to (..., seeds)."""
    return values[..., chosen, :].mean(axis=-2)
