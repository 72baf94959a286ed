"""`Curves`: the runs of one cell over time, and where they are in the plane of specialization."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import xarray

from gatednet import Experiment, Save, simulate
from gatednet.figures.toolkit.over_time import by_task, timing
from gatednet.figures.toolkit.specialization import gate_difference, weight_difference
from gatednet.figures.toolkit.statistics import mean_and_error
from gatednet.kernels.kernel import Kernel
from gatednet.theory import specialization_of_weights
from gatednet.times import steps_between

SAVED = ("loss", "gates", "alignment", "teacher_component", "relative_specialization")
# Points of a curve: as many as a plot has pixels.
_MOST_SAVES = 250
_THEORY = 401
# Wider ones pay only for many runs: eight of Figure 2 take 55 ms together, 30 ms as two lanes.
_LANE = 4


@dataclasses.dataclass(frozen=True, eq=False)
class Curves:
    """Runs of one experiment over time.

    `data` has "seed" first, "step", and paths in the order of the tasks that they are matched to; only loss, gates,
    alignment and what else there is. Its attributes are those of `gatednet.figures.toolkit.over_time.timing`. Where the
    experiment has parts that are not imported it is None, and `unknown` says so in one line.
    """

    experiment: Experiment | None
    data: xarray.Dataset
    unknown: str = ""

    @property
    def time(self) -> np.ndarray:
        """The times of the saves."""
        return self.data.variables["time"].values

    def band(self, name: str, **where: int) -> tuple[np.ndarray, np.ndarray]:
        """Mean over seeds of a quantity and its standard error, (steps,) each, at points along its further axes."""
        values = self.data.variables[name].isel(where).transpose("seed", "step").values
        return mean_and_error(values)

    @property
    def in_plane(self) -> bool:
        """Whether there is a plane of specialization: two tasks and two paths, with what they have of each teacher."""
        needed = {"teacher_component", "gates"} <= {*self.data} and "step" in self.data.dims
        return needed and self.data.sizes.get("task") == self.data.sizes.get("path") == 2

    def plane(self) -> tuple[np.ndarray, np.ndarray]:
        """Specialization of gates c̄ and of weights w̄ over time, means over seeds, (steps,) each."""
        # Means first, of variables: a slider may be moving.
        gates, components = (self.data.variables[name].mean("seed") for name in ("gates", "teacher_component"))
        # Components of teachers are in the place of outputs.
        of_weights = xarray.Variable(("path", "output", "step"), components.transpose("path", "task", "step").values)
        return gate_difference(gates, 0).values, weight_difference(of_weights).values

    def theory(self) -> tuple[np.ndarray, np.ndarray]:
        """w̄ by c̄ within a block of a network that is specialized, by the theory; NaN where it has no value."""
        grid = np.linspace(-1.0, 1.0, _THEORY)
        values = np.full_like(grid, np.nan)
        if self.experiment is None:
            return grid, values
        times = self.experiment.timescales
        ratio = times.gates / times.weights
        known = 1.0 - 0.5 * ratio * (1.0 - grid**2) >= 0.0
        values[known] = specialization_of_weights(grid[known], ratio)
        return grid, values


def simulated(experiment: Experiment, seeds: int, kernel: Kernel = "auto") -> Curves:
    """The runs of an experiment for the first seeds, by a kernel as `simulate` takes it.

    Lanes are narrow, as the runs are few: their numbers are those of a sweep, up to rounding.
    """
    lane = min(seeds, _LANE)
    return prepared(experiment, simulate(experiment, save_of(experiment), range(seeds), lane=lane, kernel=kernel))


def save_of(experiment: Experiment) -> Save:
    """What is saved of the runs of a cell."""
    return Save(SAVED, steps_between(experiment.steps, _MOST_SAVES))


def prepared(experiment: Experiment | None, data: xarray.Dataset, unknown: str = "") -> Curves:
    """Curves of the arrays of runs, which have the dimension "seed".

    Without an experiment, for the reason `unknown`, nothing is known of blocks and tasks.
    """
    if "alignment" in data:
        data = by_task(data)
    end = float(data.time.values.max()) if "time" in data else 0.0
    nothing: dict[str, Any] = {"block_length": end, "duration": end, "targets": []}
    return Curves(experiment, data.assign_attrs(nothing if experiment is None else timing(experiment)), unknown)
