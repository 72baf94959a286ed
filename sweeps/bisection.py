"""`Bisection`: a value of each run that is searched for, in place of one that is given."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from gatednet.experiment import Experiment, paths
from gatednet.observables import observable
from gatednet.refusal import SettingError, nearest, shown
from gatednet.settings import Number, Text, Whole, argument
from gatednet.sweeps.axes import Axis

# Names of what is stored of a search.
VALUE, LOW, HIGH, OUTCOME = "search_value", "search_low", "search_high", "search_outcome"
STORED = (VALUE, LOW, HIGH, OUTCOME)
# How a search ended.
RISING, FALLING, BELOW, ABOVE, NOT_FINITE = range(5)
OUTCOMES = {
    RISING: "found_rising",
    FALLING: "found_falling",
    BELOW: "below_at_both_ends",
    ABOVE: "above_at_both_ends",
    NOT_FINITE: "not_finite",
}
# The name under which refusals speak of the two ends.
_NAME = "search"
_ROUNDS = Whole(1, 52, "a number in double precision has 53 binary digits")


@dataclasses.dataclass(frozen=True)
class Bisection:
    """The value at a dotted path at which an observable of a run crosses a level, for every run of a sweep on its own.

    Each run is simulated with the path at `low` and at `high`. Where the `observable` at its end is below `level` at
    one of the two and not below it at the other, the bracket is halved `rounds` times, and keeps the ends on different
    sides. That is a crossing; where the observable is not monotone there may be others. Lengths of time that are
    counted in steps, such as the length of blocks, are taken in whole steps: the bracket then ends at one step.

    Stored of each run are the middle of the last bracket, `search_value`, its ends, `search_low` and `search_high`, and
    `search_outcome`, a code: a crossing at which the observable rises or falls with the value, or below or above the
    level at both ends, or not finite; the numbers are NaN for the last three. The observables that are saved are those
    of the last simulation.

    **Raises** `SettingError` for ends that are no finite numbers in rising order, a level that is not finite, and less
    than one round.
    """

    path: str
    low: float
    high: float
    observable: str
    level: float
    rounds: int

    def __post_init__(self) -> None:
        rules = {
            "path": Text("a dotted path"),
            **dict.fromkeys(("low", "high", "level"), Number()),
            "observable": Text("the name of an observable"),
            "rounds": _ROUNDS,
        }
        for name, rule in rules.items():
            object.__setattr__(self, name, argument(f"{_NAME}.{name}", getattr(self, name), rule))
        if not self.low < self.high:
            raise SettingError(f"search.high is {shown(self.high)}, allowed is a number above search.low, {self.low:g}")

    @property
    def simulations(self) -> int:
        """How often each run is simulated: at both ends, and once a round."""
        return 2 + self.rounds

    @property
    def ends(self) -> Axis:
        """The two ends as an axis: what a sweep allows of an axis it allows of them."""
        return Axis(_NAME, self.path, (self.low, self.high))

    def check(self, experiment: Experiment, saved: tuple[str, ...]) -> None:
        """Raise `SettingError` where nothing real moves at the path, or the observable is no number at the end."""
        known = {path: leaf for path, leaf in paths(experiment).items() if type(leaf) is float and path != "dt"}
        if self.path not in known:
            raise SettingError(
                f"search.path is {shown(self.path)}, allowed is that of a real number other than dt: "
                f"{nearest(self.path, known)}"
            )
        if self.observable not in saved:
            raise SettingError(
                f"search.observable is {shown(self.observable)}, allowed is one that is saved: {', '.join(saved)}"
            )
        dims = observable(self.observable).all_dims
        if dims not in ((), ("step",)):
            raise SettingError(
                f"search.observable is {shown(self.observable)} with the dimensions {', '.join(dims)}, allowed is a "
                "number at the last save"
            )

    def measured(self, results: dict[str, np.ndarray]) -> np.ndarray:
        """The observable at the end of each run, (runs,), from results that are (runs, ...)."""
        values = results[self.observable].astype(np.float64)
        return values if values.ndim == 1 else values[:, -1]


def attributes(name: str, of_path: dict[str, str]) -> dict[str, Any]:
    """The attributes of what is stored of a search; `of_path` are the long name and the units at its path."""
    if name == OUTCOME:
        return {
            "long_name": "how the search ended",
            "units": "1",
            "flag_values": list(OUTCOMES),
            "flag_meanings": " ".join(OUTCOMES.values()),
        }
    what = {VALUE: "middle of the last bracket", LOW: "lower end of it", HIGH: "upper end of it"}[name]
    return {**of_path, "long_name": f"{of_path.get('long_name', 'value')} at the level, {what}"}
