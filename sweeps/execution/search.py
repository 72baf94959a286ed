"""`Searching`: the simulations of a chunk whose runs are searched, round by round."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Protocol

import numpy as np

from gatednet.sweeps.bisection import (
    ABOVE,
    BELOW,
    FALLING,
    HIGH,
    LOW,
    NOT_FINITE,
    OUTCOME,
    RISING,
    VALUE,
    Bisection,
)
from gatednet.sweeps.checks import is_counted
from gatednet.sweeps.planning.plan import Request


class Pending(Protocol):
    """A chunk that devices are working on."""

    def fetch(self) -> dict[str, np.ndarray]:
        """The results in the order of the request, once they are there."""
        ...

    def cancel(self) -> None:
        """Drop what no device has begun; nothing is fetched afterwards."""
        ...


class Searching:
    """A chunk whose runs are searched; both ends are handed to the devices at once, the rounds when it is fetched."""

    def __init__(self, search: Bisection, request: Request, start: Callable[[Request], Pending]) -> None:
        self.search, self.request, self._start = search, request, start
        runs = len(request.seeds)
        self._low, self._high = (self._allowed(np.full(runs, end)) for end in (search.low, search.high))
        # What devices have: both ends, and then one round after the other.
        self._handed = [self._at(values) for values in (self._low, self._high)]

    def _allowed(self, values: np.ndarray) -> np.ndarray:
        """Values as a run has them: whole steps where they are counted."""
        if not is_counted(self.search.path):
            return values
        dt = self.request.values.get("dt", np.asarray(self.request.experiment.dt)).astype(np.float64)
        return np.round(values / dt) * dt

    def _at(self, values: np.ndarray) -> Pending:
        moved = {**self.request.values, self.search.path: values}
        return self._start(dataclasses.replace(self.request, values=moved))

    def cancel(self) -> None:
        """Drop what no device has begun."""
        for each in self._handed:
            each.cancel()

    def fetch(self) -> dict[str, np.ndarray]:
        """The results of the last simulation of each run, and what was found."""
        search, low, high = self.search, self._low, self._high
        at_low, at_high = (search.measured(each.fetch()) for each in self._handed)
        rises = at_high >= search.level
        finite = np.isfinite(at_low) & np.isfinite(at_high)
        crossed = finite & (rises != (at_low >= search.level))
        for _ in range(search.rounds):
            middle = self._allowed(0.5 * (low + high))
            self._handed = [self._at(middle)]
            results = self._handed[0].fetch()
            value = search.measured(results)
            finite &= np.isfinite(value)
            as_high = (value >= search.level) == rises
            low, high = np.where(as_high, low, middle), np.where(as_high, middle, high)
        found = crossed & finite
        outcome = np.where(found, np.where(rises, RISING, FALLING), np.where(rises, ABOVE, BELOW))
        # What left the finite numbers within the bracket has no level to cross.
        outcome[~finite & (crossed | ~np.isfinite(at_low) | ~np.isfinite(at_high))] = NOT_FINITE
        return {
            **results,
            VALUE: np.where(found, 0.5 * (low + high), np.nan),
            LOW: np.where(found, low, np.nan),
            HIGH: np.where(found, high, np.nan),
            OUTCOME: outcome.astype(np.int8),
        }
