"""What a sweep must fulfil before anything runs: its axes fit the experiment and each other."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from gatednet.dimensions import dimensions
from gatednet.engine.save import RESULT, RESULT_STEP, Save
from gatednet.experiment import Experiment, check_precision, paths, with_values
from gatednet.memory import check_fits
from gatednet.refusal import SettingError, nearest, shown
from gatednet.settings import Number, is_traced
from gatednet.simulation import PRECISIONS
from gatednet.sweeps.axes import SEED, Axis, check_seed_axis
from gatednet.sweeps.bisection import STORED

# Names of the variables and coordinates that every store has, whatever is saved.
BLOCK_STEPS, BLOCKS, TIME = "block_steps", "blocks", "time"
# Arrays have at most 64 dimensions, in NumPy, and observables have some of their own.
MOST_AXES = 48
# Each point along static axes has a compilation of its own, which takes seconds.
MOST_GROUPS = 500
# Up to this number of corners of a grid, all of them are checked; beyond it, those of every two axes.
_MOST_CORNERS = 1024
# What the length of blocks takes for each cell while it is worked out.
_BYTES_OF_CELL = 32
# Lengths of time that are counted in steps, in double precision whatever that of the simulation is.
_COUNTED = re.compile(r"curriculum\.block_length|objective\.(constraints\.\d+\.)?until")


def check_axes(experiment: Experiment, axes: Sequence[Axis], save: Save, precision: str) -> tuple[Axis, ...]:
    """The axes with the values that the experiment makes of them: 1 becomes 1.0 where a float is swept.

    **Raises** `SettingError` for what is wrong with the axes, and for values that the experiment does not allow, alone
    or together, or that the precision cannot hold.
    """
    if not axes:
        raise SettingError("a sweep has no axes, allowed is one or more")
    check_distinct(experiment, axes, save)
    converted = tuple(check_seed_axis(axis) if axis.is_seed else _converted(experiment, axis) for axis in axes)
    _check_numbers(experiment, converted, save)
    settings = [axis for axis in converted if not axis.is_seed]
    _check_values(experiment, settings, PRECISIONS[precision])
    for axis in settings:
        _check_apart(experiment, axis, precision)
    return converted


def check_distinct(experiment: Experiment, axes: Sequence[Axis], save: Save) -> None:
    """Raise `SettingError` where a name or a path of an axis is not known, or is taken."""
    _check_names(axes, save)
    _check_paths(experiment, axes)


def _check_names(axes: Sequence[Axis], save: Save) -> None:
    """Every array of a store has a name of its own, and on some disks capital letters are no others."""
    saved = [*save.observables, RESULT, RESULT_STEP]
    sizes = {dimension for name in saved for dimension in dimensions(name)}
    taken = {name.lower(): "an observable that is saved" for name in saved}
    taken |= {name.lower(): "a dimension of what is saved" for name in sizes}
    taken |= dict.fromkeys((BLOCK_STEPS, BLOCKS, TIME), "a coordinate of the store")
    taken |= dict.fromkeys(STORED, "a result of a search")
    names: set[str] = set()
    beside = {path: axis for axis in axes for path in axis.beside}
    for axis in axes:
        if axis.name.lower() in names:
            raise SettingError(f"axis {axis.name!r} is named twice")
        names.add(axis.name.lower())
        if axis.name.lower() in taken:
            raise SettingError(f"axis {axis.name!r} is named like {taken[axis.name.lower()]}, allowed is another name")
        if axis.name == SEED and not axis.is_seed:
            raise SettingError(f"axis 'seed' has the path {shown(axis.path)}, allowed is the path 'seed'")
    for path, axis in beside.items():
        if path.lower() in names:
            raise SettingError(
                f"axis {path!r} is named like a coordinate of the store, the values of axis {axis.name!r} at this "
                "path, allowed is another name"
            )
        if path.lower() in taken:
            raise SettingError(
                f"axis {axis.name!r} stores its values under {path!r}, the name of {taken[path.lower()]}, allowed is "
                "an axis without labels"
            )


def _check_paths(experiment: Experiment, axes: Sequence[Axis]) -> None:
    known = paths(experiment)
    first: dict[str, str] = {}
    for axis in axes:
        for path in axis.paths:
            if path in first:
                where = "twice in one axis" if first[path] == axis.name else f"also in axis {first[path]!r}"
                raise SettingError(f"axis {axis.name!r}: path {path!r} is {where}")
            if path == SEED and axis.zipped:
                raise SettingError(f"axis {axis.name!r}: seeds cannot be zipped, allowed is an axis of their own")
            if path not in known and path != SEED:
                raise SettingError(f"axis {axis.name!r}: unknown path {shown(path)}: {nearest(path, [*known, SEED])}")
            first[path] = axis.name


def _check_numbers(experiment: Experiment, axes: Sequence[Axis], save: Save) -> None:
    """Raise `SettingError` where there are too many axes, points or groups to be held."""
    if len(axes) > MOST_AXES:
        raise SettingError(f"a sweep has {len(axes)} axes, allowed are at most {MOST_AXES}")
    static = [axis for axis in axes if is_static(experiment, axis)]
    groups = math.prod(len(axis) for axis in static)
    if groups > MOST_GROUPS:
        names = " and ".join(repr(axis.name) for axis in static)
        raise SettingError(
            f"along axis {names} there are {groups:,} experiments, allowed are at most {MOST_GROUPS:,}: each is "
            "compiled separately"
        )
    timed = math.prod(len(axis) for axis in axes if changes_schedule(axis))
    check_fits(f"the lengths of blocks in {timed:,} cells", _BYTES_OF_CELL * timed)
    saves = save.span(experiment).saves
    for axis in axes:
        if "dt" in axis.paths and "step" in {dim for each in save.chosen for dim in each.all_dims}:
            check_fits(f"the times of {saves:,} saves for {len(axis):,} lengths of a step", 8 * saves * len(axis))
    check_fits("the coordinates of the axes", 8 * sum(len(axis) * (1 + len(axis.beside)) for axis in axes))


def is_counted(path: str) -> bool:
    """Whether a path has a length of time that is counted in whole steps."""
    return _COUNTED.fullmatch(path) is not None


def changes_schedule(axis: Axis) -> bool:
    """Whether the axis may change the number of steps in a block."""
    return any(path == "dt" or path.startswith("curriculum.") for path in axis.paths)


def _converted(experiment: Experiment, axis: Axis) -> Axis:
    """The axis with whole numbers as floats where one is swept; everything else is the experiment's to refuse."""
    known = paths(experiment)
    given = [axis.column(path) for path in axis.paths]
    columns = [
        _floats(column) if isinstance(known[path], float) else column
        for path, column in zip(axis.paths, given, strict=True)
    ]
    if all(new is old for new, old in zip(columns, given, strict=True)):
        return axis
    return Axis(axis.name, axis.path, tuple(zip(*columns, strict=True)) if axis.zipped else columns[0], axis.labels)


def _floats(values: Sequence[Any]) -> Sequence[Any]:
    """Numbers as floats; the values themselves where there is nothing to change."""
    if int not in set(map(type, values)):
        return values
    return tuple(Number().convert(each) for each in values)


def _check_values(experiment: Experiment, axes: Sequence[Axis], dtype: Any) -> None:
    """Build the experiments of values beside the first ones of the other axes, and of the corners of the grid.

    Every check of an experiment is one of a range of single values, or of an order between two, such as a step no
    longer than a block. So it holds along an axis that is traced where it holds at the ends, and in the whole grid
    where it holds at its corners.
    """
    points = [_points(experiment, axis) for axis in axes]
    first = [0] * len(axes)
    for place, (alone, _) in enumerate(points):
        for point in alone:
            _build(experiment, axes, [*first[:place], point, *first[place + 1 :]], dtype)
    for cell in _corners([beside for _, beside in points]):
        _build(experiment, axes, cell, dtype)


def _corners(points: Sequence[Sequence[int]]) -> Iterator[Sequence[int]]:
    """The cells at the corners of a grid, or where they are very many, those at the corners of every two axes."""
    if math.prod(len(along) for along in points) <= _MOST_CORNERS:
        yield from itertools.product(*points)
        return
    for one, other in itertools.combinations(range(len(points)), 2):
        for pair in itertools.product(points[one], points[other]):
            cell = [0] * len(points)
            cell[one], cell[other] = pair
            yield cell


def _points(experiment: Experiment, axis: Axis) -> tuple[Sequence[int], Sequence[int]]:
    """The points of an axis at which it is checked alone, and those at which it is checked beside other axes.

    They are all of a static axis, elsewhere those that are extreme, and of several that are the same one.
    """
    if is_static(experiment, axis):
        return range(len(axis)), range(len(axis))
    columns = [axis.column(path) for path in axis.paths]
    found: set[int] = set()
    numbers = []

    def reach(values: np.ndarray) -> None:
        """A point at which values are largest; one that is no number is larger than all."""
        if not found or not values[list(found)].max() >= values.max():
            found.add(int(np.argmax(values)))

    for column in columns:
        if set(map(type, column)) == {float}:
            numbers.append(np.asarray(column))
        else:
            # The first of every word; of values that are no numbers and no words, one is enough.
            found.update(_firsts(column))
    for values in numbers:
        reach(-values)
        reach(values)
    beside = sorted(found)
    # Values that change together are compared with each other too.
    with np.errstate(over="ignore"):
        for one, other in itertools.permutations(numbers, 2):
            reach(one - other)
    return sorted(found), beside


def _firsts(column: Sequence[Any]) -> list[int]:
    places: dict[Any, int] = {}
    for place, value in enumerate(column):
        places.setdefault((type(value), value), place)
    return list(places.values())


def _build(experiment: Experiment, axes: Sequence[Axis], cell: Sequence[int], dtype: Any) -> None:
    values: Mapping[str, Any] = {
        path: value for axis, point in zip(axes, cell, strict=True) for path, value in axis.at(point).items()
    }
    try:
        check_precision(with_values(experiment, values), dtype)
    except SettingError as error:
        where = ", ".join(
            f"{axis.name} = {shown(axis.coordinates[point])}" for axis, point in zip(axes, cell, strict=True)
        )
        raise SettingError(f"axes at {where}: {error}") from error


def _check_apart(experiment: Experiment, axis: Axis, precision: str) -> None:
    """Raise `SettingError` where two points of an axis are the same in the precision of the simulation."""
    if is_static(experiment, axis) or any(is_counted(path) for path in axis.paths):
        return
    # Words by their places among all of them: those are apart.
    columns = [np.asarray(axis.column(path)) for path in axis.paths]
    exact = np.stack([each if each.dtype == float else np.unique(each, return_inverse=True)[1] for each in columns])
    exact = exact.astype(np.float64)
    rounded = exact.astype(PRECISIONS[precision])
    order = np.lexsort(rounded)
    same = (rounded[:, order][:, 1:] == rounded[:, order][:, :-1]).all(axis=0)
    same &= (exact[:, order][:, 1:] != exact[:, order][:, :-1]).any(axis=0)
    if same.any():
        place = int(np.argmax(same))
        one, other = (shown(axis.coordinates[point]) for point in sorted(order[place : place + 2].tolist()))
        raise SettingError(
            f"axis {axis.name!r} has {one} and {other}, which are the same in {precision}, allowed are values that "
            "differ there"
        )


def is_static(experiment: Experiment, axis: Axis) -> bool:
    """Whether each value of the axis needs a compilation of its own: whether it changes anything that is not traced."""
    known = paths(experiment)
    return not axis.is_seed and not all(is_traced(known[path]) for path in axis.paths)
