"""`Sweep`: an experiment, the axes along which it varies, and what is saved of every run."""

from __future__ import annotations

import dataclasses
import functools
import itertools
import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from gatednet.engine.batch import REDUCED, Recipe, counts_blocks, most_blocks, recipe_for_blocks
from gatednet.engine.save import Save
from gatednet.engine.size import check_size
from gatednet.experiment import Experiment, schedule_of, with_values
from gatednet.kernels.kernel import KERNEL, Kernel
from gatednet.refusal import SettingError, nearest, shown
from gatednet.settings import Instance, Nested, Optional, Text, argument
from gatednet.simulation import PRECISIONS
from gatednet.sweeps.axes import Axis
from gatednet.sweeps.bisection import OUTCOME, STORED, Bisection
from gatednet.sweeps.checks import changes_schedule, check_axes, is_static
from gatednet.sweeps.imports import NOT_RECORDED, check_names, sources_of
from gatednet.sweeps.variables import Variable, variables_of

NOISES = ("paired", "independent")


@dataclasses.dataclass(frozen=True)
class Sweep:
    """A grid of runs: the product of `axes`, each run an `experiment` with the values of its cell.

    `reduced`, `precision` and `kernel` are those of `gatednet.simulate`. With `noise = "paired"` a seed gives the same
    random numbers in every cell (common random numbers), so that the run of a seed is the one that `simulate` makes of
    it; with `"independent"` every cell has numbers of its own, which depend on its coordinates alone. Without a seed
    axis the seed is 0.

    `imports` are modules with parts of a user's own, imported already. Those that define classes of the experiment or
    functions of saved observables are added automatically, and `sources` has the digest of the source of each. Parts of
    a script or notebook cannot be recorded: their entry in `sources` says so.

    With a `search` every run is simulated several times, and the value at which it crosses a level is stored with it;
    see `Bisection`.

    **Raises** `SettingError` where anything of this is not possible in any cell of the grid.
    """

    experiment: Experiment
    axes: tuple[Axis, ...]
    save: Save
    reduced: bool | None = None
    precision: str = "float32"
    noise: str = "paired"
    imports: tuple[str, ...] = ()
    kernel: Kernel = "auto"
    search: Bisection | None = None
    sources: Mapping[str, str] = dataclasses.field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        for name, allowed in (("precision", PRECISIONS), ("noise", NOISES)):
            value = argument(name, getattr(self, name), Text(f"one of {', '.join(allowed)}"))
            if value not in allowed:
                raise SettingError(f"{name} is {shown(value)}: {nearest(value, allowed)}")
            object.__setattr__(self, name, value)
        argument("experiment", self.experiment, Instance(Experiment))
        argument("save", self.save, Instance(Save))
        object.__setattr__(self, "reduced", argument("reduced", self.reduced, REDUCED))
        object.__setattr__(self, "kernel", argument("kernel", self.kernel, KERNEL))
        # Read here: later the files may not be those that were imported.
        sources = sources_of(self.experiment, self.save.observables, check_names(self.imports))
        object.__setattr__(self, "sources", sources)
        object.__setattr__(self, "imports", tuple(name for name in sources if sources[name] != NOT_RECORDED))
        axes = argument("axes", self.axes, Nested(Instance(Axis), 1))
        argument("search", self.search, Optional(Instance(Bisection)))
        object.__setattr__(self, "axes", self._checked(axes))
        for group in self.groups():
            experiment = self.group(group)
            try:
                self.save.check(experiment)
                recipe = self.recipe(group)
                dtype = PRECISIONS[self.precision]
                check_size(experiment, self.save, 1, 1, recipe.width, recipe.blocks, recipe.reduced, dtype)
            except SettingError as error:
                raise SettingError(f"{self.where(group)}{error}") from error
        if self.static_places:
            self._check_shapes()

    def _checked(self, axes: tuple[Axis, ...]) -> tuple[Axis, ...]:
        """The axes as the experiment has them, and the ends of the search beside all of their values."""
        if self.search is None:
            return check_axes(self.experiment, axes, self.save, self.precision)
        self.search.check(self.experiment, self.save.observables)
        return check_axes(self.experiment, (*axes, self.search.ends), self.save, self.precision)[:-1]

    @property
    def simulations(self) -> int:
        """How often each run is simulated: once, unless it is searched."""
        return 1 if self.search is None else self.search.simulations

    @property
    def unrecorded(self) -> list[str]:
        """The modules whose source no store can record, such as a script or notebook."""
        return [name for name, digest in self.sources.items() if digest == NOT_RECORDED]

    def _check_shapes(self) -> None:
        seen = set()
        for group in self.groups():
            experiment, recipe = self.group(group), self.recipe(group)
            # All that shapes depend on: to ask for them takes a while.
            key = (experiment.network, experiment.teachers.number, experiment.steps, recipe.blocks, recipe.reduced)
            if key in seen:
                continue
            seen.add(key)
            for one, other in zip(self._of_runs, variables_of(experiment, recipe, self.precision), strict=True):
                if one != other:
                    names = " and ".join(repr(self.axes[place].name) for place in self.static_places)
                    raise SettingError(
                        f"along axis {names} the shape of {one.name!r} changes from {one.sizes} to {other.sizes}, "
                        "allowed are observables whose shape does not depend on it"
                    )

    @functools.cached_property
    def used_kernel(self) -> Kernel:
        """The kernel that computes runs of it on this machine, "xla" where no other does."""
        used = {self.recipe(group).kernel for group in self.groups()}
        return next(iter(used - {"xla"}), "xla")

    @property
    def shape(self) -> tuple[int, ...]:
        """The number of points along each axis."""
        return tuple(len(axis) for axis in self.axes)

    @property
    def dims(self) -> tuple[str, ...]:
        """The names of the axes, in order."""
        return tuple(axis.name for axis in self.axes)

    @property
    def runs(self) -> int:
        """The number of runs."""
        return math.prod(self.shape)

    @functools.cached_property
    def static_places(self) -> tuple[int, ...]:
        """Which axes change what is compiled, as positions in `axes`."""
        return tuple(place for place, axis in enumerate(self.axes) if is_static(self.experiment, axis))

    @functools.cached_property
    def schedule_places(self) -> tuple[int, ...]:
        """Which axes may change the number of steps in a block, as positions in `axes`."""
        return tuple(place for place, axis in enumerate(self.axes) if changes_schedule(axis))

    def groups(self) -> Iterator[tuple[int, ...]]:
        """The points along the static axes: each is a group of runs that compiles once."""
        return itertools.product(*(range(len(self.axes[place])) for place in self.static_places))

    def group(self, group: tuple[int, ...]) -> Experiment:
        """The experiment that the runs of a group vary in what is traced."""
        # Every chunk asks for it, and for its recipe, and to build them takes as long as to compute a few hundred runs.
        if group not in self._experiments:
            self._experiments[group] = self.cell(dict(zip(self.static_places, group, strict=True)))
        return self._experiments[group]

    @functools.cached_property
    def _experiments(self) -> dict[tuple[int, ...], Experiment]:
        return {}

    def cell(self, points: dict[int, int]) -> Experiment:
        """The experiment at points along some axes, given by their positions in `axes`."""
        values: dict[str, Any] = {}
        for place, point in points.items():
            if not self.axes[place].is_seed:
                values |= self.axes[place].at(point)
        return with_values(self.experiment, values)

    def where(self, group: tuple[int, ...]) -> str:
        """The place of a group for messages: nothing where there is only one."""
        points = zip(self.static_places, group, strict=True)
        named = [f"{self.axes[place].name} = {self.axes[place].coordinates[point]!r}" for place, point in points]
        return f"at {', '.join(named)}: " if named else ""

    @functools.cached_property
    def block_steps(self) -> np.ndarray:
        """The number of steps in a block, as realised, along the axes of `schedule_places`."""
        return self._block_steps({})

    @property
    def searches_schedule(self) -> bool:
        """Whether the number of steps in a block is searched, so that `block_steps` has not that of the runs."""
        return self.search is not None and changes_schedule(self.search.ends)

    def _block_steps(self, moved: Mapping[str, float]) -> np.ndarray:
        """The same with other values at some paths."""
        shape = tuple(len(self.axes[place]) for place in self.schedule_places)
        static = [place for place in self.schedule_places if place in self.static_places]
        moving = [place for place in self.schedule_places if place not in static]
        result = np.empty(shape, np.int32)
        for fixed in itertools.product(*(range(len(self.axes[place])) for place in static)):
            values = {
                path: np.asarray(self.axes[place].column(path)).reshape(-1, *(1,) * (len(moving) - along - 1))
                for along, place in enumerate(moving)
                for path in self.axes[place].paths
            }
            values |= {path: np.asarray(value) for path, value in moved.items()}
            chosen = dict(zip(static, fixed, strict=True))
            where = tuple(chosen.get(place, slice(None)) for place in self.schedule_places)
            result[where] = schedule_of(self.cell(chosen), values).block_steps
        return result

    @functools.cached_property
    def most_blocks(self) -> int:
        """The largest number of blocks that a run begins."""
        longest = max(self.group(group).steps for group in self.groups())
        if self.search is None:
            return most_blocks(longest, self.block_steps)
        ends = (self.search.low, self.search.high)
        return max(most_blocks(longest, self._block_steps({self.search.path: end})) for end in ends)

    def recipe(self, group: tuple[int, ...]) -> Recipe:
        """What is compiled for a group; it depends on nothing but the sweep, so that its chunks share it."""
        if group not in self._recipes:
            experiment = self.group(group)
            blocks = self.most_blocks if counts_blocks(experiment, self.save) else 0
            self._recipes[group] = recipe_for_blocks(experiment, self.save, blocks, self.reduced, self.kernel)
        return self._recipes[group]

    @functools.cached_property
    def _recipes(self) -> dict[tuple[int, ...], Recipe]:
        return {}

    def current(self) -> Sweep:
        """The same sweep of the observables that its names have at present, checked anew where they are others."""
        save = self.save.current()
        return self if save.chosen == self.save.chosen else dataclasses.replace(self, save=save)

    @functools.cached_property
    def variables(self) -> tuple[Variable, ...]:
        """What is stored of every run."""
        if self.search is None:
            return self._of_runs
        found = (Variable(name, (), (), "int8" if name == OUTCOME else "float64") for name in STORED)
        return (*self._of_runs, *found)

    @functools.cached_property
    def _of_runs(self) -> tuple[Variable, ...]:
        """What a simulation gives."""
        group = next(self.groups())
        return variables_of(self.group(group), self.recipe(group), self.precision)
