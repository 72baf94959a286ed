"""`Axis`: one dimension of a sweep, a sequence of values at one dotted path or at several."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Iterable, Sequence
from typing import Any, cast

import numpy as np

from gatednet.settings import SettingError
from gatednet.simulation import check_seeds

# The path of the seed axis: seeds are no part of an experiment.
SEED = "seed"

Value = bool | int | float | str

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*")


@dataclasses.dataclass(frozen=True)
class Axis:
    """One dimension of a sweep.

    `name` is that of the dimension, `path` the dotted path in the experiment of the float, whole number, string or
    truth value that varies, `values` its values. With a tuple of paths the axis is zipped: each value is then a tuple
    with an entry for each path, and they change together. `labels` are the coordinates of the axis, numbers or strings;
    without them the coordinates are the values. A zipped axis needs labels.

    **Raises** `SettingError` for an empty axis, and for names, values and labels that do not fit each other.
    """

    name: str
    path: str | tuple[str, ...]
    values: tuple[Any, ...]
    labels: tuple[Value, ...] | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not _NAME.fullmatch(self.name):
            raise SettingError(
                f"axis name is {self.name!r}, allowed are letters, digits, '_', '-' and '.', a letter first"
            )
        zipped = not isinstance(self.path, str)
        paths = tuple(self.path)
        if zipped and (not paths or not all(isinstance(path, str) for path in paths)):
            raise SettingError(f"axis {self.name!r} has the path {self.path!r}, allowed is a dotted path or several")
        values = self._sequence(self.values, "values")
        if not values:
            raise SettingError(f"axis {self.name!r} is empty, allowed is one value or more")
        values = tuple(self._entry(value, len(paths)) for value in values) if zipped else values
        for value in values:
            for each in value if zipped else (value,):
                _check_value(self.name, "value", each)
        object.__setattr__(self, "path", paths if zipped else self.path)
        object.__setattr__(self, "values", values)
        self._check_labels(zipped)

    def _sequence(self, values: Any, what: str) -> tuple[Any, ...]:
        if isinstance(values, str) or not isinstance(values, Iterable):
            raise SettingError(f"axis {self.name!r} has the {what} {values!r}, allowed is a list")
        return tuple(plain(value) for value in values)

    def _entry(self, value: Any, size: int) -> tuple[Any, ...]:
        if isinstance(value, str) or not isinstance(value, Sequence) or len(value) != size:
            raise SettingError(
                f"axis {self.name!r} has the value {value!r}, allowed are lists with an entry for each path, {size}"
            )
        return tuple(plain(each) for each in value)

    def _check_labels(self, zipped: bool) -> None:
        if self.labels is not None:
            labels = self._sequence(self.labels, "labels")
            object.__setattr__(self, "labels", labels)
            if len(labels) != len(self.values):
                raise SettingError(f"axis {self.name!r} has {len(self.values)} values and {len(labels)} labels")
            for label in labels:
                _check_value(self.name, "label", label)
        elif zipped:
            raise SettingError(f"axis {self.name!r} has several paths and no labels, allowed is a label for each value")
        seen: set[Value] = set()
        for coordinate in self.coordinates:
            if coordinate in seen:
                raise SettingError(f"axis {self.name!r} has {coordinate!r} twice")
            seen.add(coordinate)
        kinds = {str if isinstance(each, str) else bool if isinstance(each, bool) else float for each in seen}
        if len(kinds) > 1:
            raise SettingError(f"axis {self.name!r} mixes kinds of coordinates, allowed are all numbers or all strings")

    def __len__(self) -> int:
        return len(self.values)

    @property
    def zipped(self) -> bool:
        """Whether several paths change together."""
        return not isinstance(self.path, str)

    @property
    def paths(self) -> tuple[str, ...]:
        """The dotted paths that change along the axis."""
        return (self.path,) if isinstance(self.path, str) else self.path

    @property
    def is_seed(self) -> bool:
        """Whether this is the seed axis."""
        return self.path == SEED

    @property
    def coordinates(self) -> tuple[Value, ...]:
        """The coordinate of each point of the axis."""
        return self.values if self.labels is None else self.labels

    def at(self, point: int) -> dict[str, Any]:
        """The value at each path at one point of the axis."""
        value = self.values[point]
        return dict(zip(self.paths, value if self.zipped else (value,), strict=True))

    def column(self, path: str) -> tuple[Any, ...]:
        """The values at one of the paths, all along the axis."""
        if not self.zipped:
            return self.values
        place = self.paths.index(path)
        return tuple(value[place] for value in self.values)

    @classmethod
    def seeds(cls, seeds: int | Sequence[int]) -> Axis:
        """The seed axis: the seeds 0 to `seeds` - 1, or those given.

        **Raises** `SettingError` where there is none, or one that is not a whole number from 0 to 2³² - 1.
        """
        if isinstance(seeds, int | np.integer) and not isinstance(seeds, bool):
            if seeds < 1:
                raise SettingError(f"axis 'seed' has {seeds} seeds, allowed is one or more")
            seeds = range(int(seeds))
        # Whatever it is: the axis makes a tuple of it, or refuses it in its own words.
        return check_seed_axis(cls(SEED, SEED, cast("tuple[Any, ...]", seeds)))

    @classmethod
    def linspace(cls, name: str, path: str, first: float, last: float, number: int) -> Axis:
        """An axis of `number` values in equal steps from `first` to `last`."""
        _check_range(name, "linspace", first, last, number)
        return cls(name, path, tuple(np.linspace(first, last, number)))

    @classmethod
    def geomspace(cls, name: str, path: str, first: float, last: float, number: int) -> Axis:
        """An axis of `number` values in equal ratios from `first` to `last`, both above 0."""
        _check_range(name, "geomspace", first, last, number)
        if not (first > 0 and last > 0):
            raise SettingError(f"axis {name!r}: geomspace from {first!r} to {last!r}, allowed are ends above 0")
        return cls(name, path, tuple(np.geomspace(first, last, number)))


def check_seed_axis(axis: Axis) -> Axis:
    """The axis itself.

    **Raises** `SettingError` where it is a seed axis of another name, or holds anything but seeds.
    """
    if axis.name != SEED or axis.labels is not None:
        raise SettingError(f"axis {axis.name!r} has the path 'seed', allowed is an axis of the name 'seed', unlabelled")
    try:
        check_seeds(axis.values)
    except SettingError as error:
        raise SettingError(f"axis 'seed': {error}") from error
    return axis


def plain(value: Any) -> Any:
    """A NumPy number as one of Python; everything else as it is."""
    return value.item() if isinstance(value, np.generic) else value


def _check_value(name: str, what: str, value: Any) -> None:
    if not isinstance(value, Value):
        raise SettingError(f"axis {name!r} has the {what} {value!r}, allowed are numbers, strings and truth values")
    if isinstance(value, float) and not math.isfinite(value):
        raise SettingError(f"axis {name!r} has the {what} {value!r}, allowed are finite numbers")


def _check_range(name: str, kind: str, first: Any, last: Any, number: Any) -> None:
    for end in (first, last):
        if isinstance(end, bool) or not isinstance(end, int | float | np.number) or not math.isfinite(end):
            raise SettingError(f"axis {name!r}: {kind} ends at {end!r}, allowed are finite numbers")
    if isinstance(number, bool) or not isinstance(number, int | np.integer) or number < 1:
        raise SettingError(f"axis {name!r}: {kind} has {number!r} values, allowed is a whole number, at least 1")
