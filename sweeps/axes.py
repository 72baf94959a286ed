"""`Axis`: one dimension of a sweep, a sequence of values at one dotted path or at several."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from typing import Any, cast

import numpy as np

from gatednet.refusal import SettingError, shown
from gatednet.scalars import MOST_ENTRIES, python_list, python_scalar
from gatednet.settings import Nested, Number, Text, check_plain
from gatednet.simulation import check_seeds
from gatednet.sweeps.columns import check_column, floats_where_mixed, repeated

# The path of the seed axis: seeds are no part of an experiment.
SEED = "seed"

Value = bool | int | float | str

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,99}")
# Names of files that zarr itself keeps where the coordinates are.
_TAKEN = ("zarr.json",)
_PATHS = Nested(Text("a dotted path"), 1)
# Longer runs of seeds are no list: a hundred million of them take no room.
_MOST_LISTED = 2**16


@dataclasses.dataclass(frozen=True)
class Axis:
    """One dimension of a sweep.

    `name` is that of the dimension, `path` the dotted path in the experiment of the float, whole number, string or
    truth value that varies, `values` its values. With a list of paths the axis is zipped: each value is then a list
    with an entry for each path, and they change together. `labels` are the coordinates of the axis, numbers or strings;
    without them the coordinates are the values. A zipped axis needs labels.

    Values and labels become tuples of plain Python values; many seeds that follow each other become a range.

    **Raises** `SettingError` for an empty axis, and for names, values and labels that do not fit each other, or could
    not be stored as they are.
    """

    name: str
    path: str | tuple[str, ...]
    values: Sequence[Any]
    labels: tuple[Value, ...] | None = None

    def __post_init__(self) -> None:
        name = python_scalar(self.name)
        if not isinstance(name, str) or not _NAME.fullmatch(name) or name.lower() in _TAKEN:
            raise SettingError(
                f"axis name is {shown(name)}, allowed are up to 100 letters, digits, '_', '-' and '.', a letter first"
            )
        path = python_scalar(self.path)
        if not isinstance(path, str):
            path = _PATHS.convert(path)
            if not _PATHS.allows(path) or not path:
                raise SettingError(f"axis {name!r} has the path {shown(path)}, allowed is a dotted path or several")
        for each, value in (("name", name), ("path", path), ("values", self._given(name, path))):
            object.__setattr__(self, each, value)
        if self.labels is not None:
            labels = tuple(floats_where_mixed([python_scalar(each) for each in self._list(name, "labels")]))
            object.__setattr__(self, "labels", labels)
        self._check()

    def _list(self, name: str, what: str) -> list[Any]:
        given = python_list(getattr(self, what))
        if not isinstance(given, list):
            check_plain(f"axis {name!r}: {what[:-1]}", given)
            raise SettingError(
                f"axis {name!r} has the {what} {shown(given)}, allowed is a list with at most {MOST_ENTRIES:,} entries"
            )
        return given

    def _given(self, name: str, path: str | tuple[str, ...]) -> Sequence[Any]:
        """The values in the form in which they are kept."""
        if path == SEED and isinstance(self.values, range) and self.values and self.values.step == 1:
            _check_seeds([self.values[0], self.values[-1]])
            return self.values if len(self.values) > _MOST_LISTED else tuple(self.values)
        given = self._list(name, "values")
        if isinstance(path, str):
            values = given if set(map(type, given)) <= {float} else [python_scalar(each) for each in given]
            return _range_of(values) if path == SEED and len(values) > _MOST_LISTED else tuple(values)
        return tuple(self._entry(name, value, len(path)) for value in given)

    def _entry(self, name: str, value: Any, size: int) -> tuple[Any, ...]:
        given = python_list(value)
        if not isinstance(given, list) or len(given) != size:
            raise SettingError(
                f"axis {name!r} has the value {shown(value)}, allowed are lists with an entry for each path, {size}"
            )
        return tuple(python_scalar(each) for each in given)

    def _check(self) -> None:
        if not self.values:
            raise SettingError(f"axis {self.name!r} is empty, allowed is one value or more")
        if isinstance(self.values, range):
            return
        for path in dict.fromkeys(self.paths):
            check_column(f"axis {self.name!r}", "value", self.column(path))
        if self.labels is not None:
            if len(self.labels) != len(self.values):
                raise SettingError(f"axis {self.name!r} has {len(self.values)} values and {len(self.labels)} labels")
            check_column(f"axis {self.name!r}", "label", self.labels)
        elif self.zipped:
            raise SettingError(f"axis {self.name!r} has several paths and no labels, allowed is a label for each value")
        twice = repeated(self.coordinates)
        if twice is not None:
            raise SettingError(f"axis {self.name!r} has {shown(twice)} twice")

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
    def coordinates(self) -> Sequence[Value]:
        """The coordinate of each point of the axis."""
        return self.values if self.labels is None else self.labels

    @property
    def beside(self) -> tuple[str, ...]:
        """The paths whose values are stored beside the coordinates of the axis, each under its own name."""
        return self.paths if self.zipped or self.labels is not None else ()

    def at(self, point: int) -> dict[str, Any]:
        """The value at each path at one point of the axis."""
        value = self.values[point]
        return dict(zip(self.paths, value if self.zipped else (value,), strict=True))

    def column(self, path: str) -> Sequence[Any]:
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
        given = python_scalar(seeds)
        if isinstance(given, int) and not isinstance(given, bool):
            if given < 1:
                raise SettingError(f"axis 'seed' has {shown(given)} seeds, allowed is one or more")
            return check_seed_axis(cls(SEED, SEED, range(given)))
        return check_seed_axis(cls(SEED, SEED, cast("Sequence[Any]", given)))

    @classmethod
    def linspace(cls, name: str, path: str, first: float, last: float, number: int) -> Axis:
        """An axis of `number` values in equal steps from `first` to `last`."""
        return cls(name, path, _spaced(np.linspace, name, "linspace", first, last, number))

    @classmethod
    def geomspace(cls, name: str, path: str, first: float, last: float, number: int) -> Axis:
        """An axis of `number` values in equal ratios from `first` to `last`, both above 0."""
        return cls(name, path, _spaced(np.geomspace, name, "geomspace", first, last, number))


def check_seed_axis(axis: Axis) -> Axis:
    """The axis itself.

    **Raises** `SettingError` where it is a seed axis of another name, or holds anything but seeds.
    """
    if axis.name != SEED or axis.labels is not None:
        raise SettingError(f"axis {axis.name!r} has the path 'seed', allowed is an axis of the name 'seed', unlabelled")
    if not isinstance(axis.values, range):
        _check_seeds(axis.values)
    return axis


def _check_seeds(seeds: Sequence[Any]) -> None:
    try:
        check_seeds(seeds)
    except SettingError as error:
        raise SettingError(f"axis 'seed': {error}") from error


def _range_of(values: list[Any]) -> Sequence[Any]:
    """Numbers that follow each other as a range, others as a tuple."""
    if set(map(type, values)) == {int} and values[-1] - values[0] == len(values) - 1:
        found = range(values[0], values[-1] + 1)
        if values == list(found):
            return found
    return tuple(values)


def _spaced(space: Any, name: Any, kind: str, first: Any, last: Any, number: Any) -> tuple[float, ...]:
    where = f"axis {shown(name)}"
    check_plain(f"{where}: {kind}", [first, last, number])
    ends = [Number().convert(each) for each in (first, last)]
    for given, end in zip((first, last), ends, strict=True):
        if not Number().allows(end):
            raise SettingError(f"{where}: {kind} ends at {shown(python_scalar(given))}, allowed are finite numbers")
    count = python_scalar(number)
    if type(count) is not int or not 1 <= count <= MOST_ENTRIES:
        raise SettingError(
            f"{where}: {kind} has {shown(count)} values, allowed is a whole number, at least 1 and at most "
            f"{MOST_ENTRIES:,}"
        )
    if kind == "geomspace" and not all(end > 0 for end in ends):
        raise SettingError(
            f"{where}: geomspace from {shown(python_scalar(first))} to {shown(python_scalar(last))}, "
            "allowed are ends above 0"
        )
    # Ends that are too far apart give what is not finite, which the axis refuses.
    with np.errstate(all="ignore"):
        return tuple(space(*ends, count).tolist())
