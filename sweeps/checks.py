"""What a sweep must fulfil before anything runs: its axes fit the experiment and each other."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from gatednet.experiment import Experiment, nearest, paths, with_values
from gatednet.labels import dimensions
from gatednet.lane import RESULT, RESULT_STEP, Save
from gatednet.settings import SettingError, is_traced
from sweeps.axes import SEED, Axis, check_seed_axis

# Names of the variables and coordinates that every store has, whatever is saved.
BLOCK_STEPS, BLOCKS, TIME = "block_steps", "blocks", "time"


def check_axes(experiment: Experiment, axes: Sequence[Axis], save: Save) -> tuple[Axis, ...]:
    """The axes with the values that the experiment makes of them: 1 becomes 1.0 where a float is swept.

    **Raises** `SettingError` for what is wrong with the axes, and for values that the experiment does not allow, alone
    or together.
    """
    if not axes:
        raise SettingError("a sweep has no axes, allowed is one or more")
    check_distinct(experiment, axes, save)
    converted = tuple(check_seed_axis(axis) if axis.is_seed else _converted(experiment, axis) for axis in axes)
    _check_values(experiment, [axis for axis in converted if not axis.is_seed])
    return converted


def check_distinct(experiment: Experiment, axes: Sequence[Axis], save: Save) -> None:
    """Raise `SettingError` where a name or a path of an axis is not known, or is taken."""
    _check_names(axes, save)
    _check_paths(experiment, axes)


def _check_names(axes: Sequence[Axis], save: Save) -> None:
    saved = [*save.observables, RESULT, RESULT_STEP]
    sizes = {dimension for name in saved for dimension in dimensions(name)}
    others = {path for axis in axes if axis.zipped for path in axis.paths}
    names: set[str] = set()
    for axis in axes:
        if axis.name in names:
            raise SettingError(f"axis {axis.name!r} is named twice")
        names.add(axis.name)
        if axis.name in saved:
            raise SettingError(f"axis {axis.name!r} is named like an observable that is saved, allowed is another name")
        if axis.name in sizes:
            raise SettingError(
                f"axis {axis.name!r} is named like a dimension of what is saved, allowed is another name"
            )
        if axis.name in (BLOCK_STEPS, BLOCKS, TIME) or axis.name in others:
            raise SettingError(f"axis {axis.name!r} is named like a coordinate of the store, allowed is another name")
        if axis.name == SEED and not axis.is_seed:
            raise SettingError(f"axis 'seed' has the path {axis.path!r}, allowed is the path 'seed'")


def _check_paths(experiment: Experiment, axes: Sequence[Axis]) -> None:
    known = paths(experiment)
    first: dict[str, str] = {}
    for axis in axes:
        for path in axis.paths:
            if path in first:
                where = "twice in one axis" if first[path] == axis.name else f"also in axis {first[path]!r}"
                raise SettingError(f"axis {axis.name!r}: path {path!r} is {where}")
            first[path] = axis.name
            if path == SEED and axis.zipped:
                raise SettingError(f"axis {axis.name!r}: seeds cannot be zipped, allowed is an axis of their own")
            if path not in known and path != SEED:
                raise SettingError(f"axis {axis.name!r}: unknown path {path!r}: {nearest(path, [*known, SEED])}")


def _converted(experiment: Experiment, axis: Axis) -> Axis:
    """The axis with whole numbers as floats where one is swept; everything else is the experiment's to refuse."""
    known = paths(experiment)

    def convert(path: str, value: Any) -> Any:
        whole = isinstance(value, int) and not isinstance(value, bool)
        return float(value) if isinstance(known[path], float) and whole else value

    values = [tuple(convert(path, value) for path, value in axis.at(point).items()) for point in range(len(axis))]
    return Axis(axis.name, axis.path, tuple(values if axis.zipped else [value for (value,) in values]), axis.labels)


def _check_values(experiment: Experiment, axes: Sequence[Axis]) -> None:
    """Build the experiment of every value beside the first ones of the other axes, and of the corners of the grid.

    Every check of an experiment is one of a single value or of an order between values, such as a step no longer than a
    block, so that it holds in the whole grid where it holds there.
    """
    first = [0] * len(axes)
    for place, axis in enumerate(axes):
        for point in range(len(axis)):
            _build(experiment, axes, [*first[:place], point, *first[place + 1 :]])
    for cell in itertools.product(*(_extremes(experiment, axis) for axis in axes)):
        _build(experiment, axes, cell)


def _extremes(experiment: Experiment, axis: Axis) -> Sequence[int]:
    """The points where a value is smallest or largest; all points of a static axis."""
    if is_static(experiment, axis):
        return range(len(axis))
    columns = [axis.column(path) for path in axis.paths]
    return sorted({pick(range(len(axis)), key=column.__getitem__) for column in columns for pick in (min, max)})


def _build(experiment: Experiment, axes: Sequence[Axis], cell: Sequence[int]) -> None:
    values: Mapping[str, Any] = {
        path: value for axis, point in zip(axes, cell, strict=True) for path, value in axis.at(point).items()
    }
    try:
        with_values(experiment, values)
    except SettingError as error:
        where = ", ".join(f"{axis.name} = {axis.coordinates[point]!r}" for axis, point in zip(axes, cell, strict=True))
        raise SettingError(f"axes at {where}: {error}") from error


def is_static(experiment: Experiment, axis: Axis) -> bool:
    """Whether each value of the axis needs a compilation of its own: whether it changes anything that is not traced."""
    known = paths(experiment)
    return not axis.is_seed and not all(is_traced(known[path]) for path in axis.paths)
