"""Targets composed of several tasks: how paths are told apart there, and what their gates and losses do.

Datasets have "step" and the coordinates and attributes that `described_by` gives; paths are in the order of the tasks.
"""

from __future__ import annotations

import numpy as np
import xarray

from gatednet import Experiment, Phases, Target
from gatednet.figures.toolkit.describe import described
from gatednet.figures.toolkit.matching import in_order, path_order, released_order, tasks_of_paths
from gatednet.figures.toolkit.over_time import in_blocks, timing
from gatednet.figures.toolkit.statistics import Measurement, over_seeds
from gatednet.times import steps_of

# Steps for each record of the released code.
EVERY_RECORD = 3
# What single precision resolves of a loss.
RESOLUTION = 1e-9


def weights_of(target: Target, tasks: int, outputs: int) -> np.ndarray:
    """The weight of each teacher in each row of a target, (tasks, outputs)."""
    weights = np.asarray(target.weights(tasks, outputs), np.float64)[..., 0]
    return np.broadcast_to(weights.reshape(tasks, -1), (tasks, outputs))


def described_by(data: xarray.Dataset, experiment: Experiment) -> xarray.Dataset:
    """The same data with the attributes of panels over time, and the coordinate "share".

    That is the share of each path's task in the target of each block, mean over outputs, (block, path).
    """
    curriculum, attributes = experiment.curriculum, timing(experiment)
    assert isinstance(curriculum, Phases)
    targets = curriculum.targets_of(len(attributes["targets"]))
    tasks, outputs = experiment.teachers.number, experiment.network.outputs
    share = np.stack([weights_of(target, tasks, outputs).mean(axis=1) for target in targets])
    named = described("share of a task in the target of a block")
    return data.assign_coords(share=(("block", "path"), share, named)).assign_attrs(attributes)


def by_task_and_row(data: xarray.Dataset) -> xarray.Dataset:
    """Gates and alignment of a network with gates for each output, every row of it sorted by tasks for itself.

    Nothing keeps the rows that learn one task in one path where each has gates of its own: path p of a row is the one
    that is matched to task p by the cosines of this row at the end of the run. `data` has "neuron_gates" and
    "unit_alignment", and "gates" and "alignment", which are replaced by means over the sorted rows.
    """
    outputs = data.sizes["output"]
    runs = [dim for dim in data.gates.dims if dim not in ("step", "path")]
    cosines = data.unit_alignment.transpose(*runs, "output", "step", "task", "unit").values
    row = len(runs)
    # Units come path by path: those of an output are as far apart as there are outputs.
    of_rows = [cosines[..., output, :, :, output::outputs] for output in range(outputs)]
    alignment = np.stack(of_rows, axis=row)
    order = path_order(alignment[..., -1, :, :])
    gates = data.neuron_gates.transpose(*runs, "output", "step", "path").values
    sorted_means = {
        "gates": ((*runs, "step", "path"), in_order(gates, order).mean(axis=row)),
        "alignment": ((*runs, "step", "task", "path"), in_order(alignment, order).mean(axis=row)),
    }
    return data.assign({name: (*found, data[name].attrs) for name, found in sorted_means.items()})


def composed_blocks(data: xarray.Dataset) -> xarray.DataArray:
    """Whether the target of each block is composed of several tasks."""
    return data.share.max("path") < 1


def flexible_over_forgetful(loss: xarray.DataArray) -> Measurement:
    """The mean flexible loss over the mean forgetful one, (regime, seed), or over what is resolved of it."""

    def of_means(runs: np.ndarray) -> float:
        flexible, forgetful = runs.mean(axis=0)
        return float(flexible / max(forgetful, RESOLUTION))

    return over_seeds(loss.transpose("seed", "regime").sel(regime=["flexible", "forgetful"]).values, of_means)


def gates_of_composed(data: xarray.Dataset, *, part: bool, blocks: int | None = None) -> xarray.DataArray:
    """Gates of the tasks that are part of a composed target, or of those that are not, mean over paths and blocks.

    They are those of the second half of every block with such a target, or of the last `blocks` of them.
    """
    gates = in_blocks(data.gates, len(data.targets))
    late = gates.isel(save=slice(gates.sizes["save"] // 2, None)).mean("save")
    chosen = late.where(composed_blocks(data) & ((data.share > 0) == part), drop=True)
    of_tasks = described(f"gates of the tasks that are {'' if part else 'not '}part of a composed target")
    return chosen.isel(block=slice(-blocks if blocks else None, None)).mean(["block", "path"]).assign_attrs(of_tasks)


def late_gates(gates: xarray.DataArray, block_steps: int) -> xarray.DataArray:
    """Gates in the second half of each whole block, mean over its saves: "block" first, in the place of "step"."""
    steps = gates.step.values
    blocks = int(steps[-1]) // block_steps
    ends = np.arange(1, blocks + 1) * block_steps
    means = [gates.isel(step=(steps > end - block_steps / 2) & (steps <= end)).mean("step") for end in ends]
    found: xarray.DataArray = xarray.concat(means, "block")
    return found.assign_attrs(described("gates in the second halves of blocks"))


def as_released(data: xarray.Dataset) -> xarray.DataArray:
    """Gates with the paths of each run as the authors' released code sorts them, see `released_order`.

    `data` has "alignment" and "gates", with the paths in the order of the network.
    """
    score = data.alignment.mean("step").transpose(..., "task", "path")
    gates = data.gates.transpose(*score.dims[:-2], "step", "path")
    return gates.copy(data=in_order(gates.values, released_order(score.values)))


def own_as_released(data: xarray.Dataset) -> xarray.DataArray:
    """Alignment with the task that each path is the most aligned with over its run, over time, mean over paths."""
    alignment = data.alignment.transpose(..., "step", "task", "path")
    task = tasks_of_paths(alignment.mean("step").values)
    own = np.take_along_axis(alignment.values, task[..., None, None, :], axis=-2)[..., 0, :]
    found = alignment.isel(task=0, drop=True).copy(data=own).mean("path")
    return found.assign_attrs(described("alignment of paths with the task that they are nearest to"))


def wrongly_sorted(data: xarray.Dataset) -> xarray.DataArray:
    """Whether the released code sorts the paths of a run in another order than one to one, as `as_released` does."""
    score = data.alignment.mean("step").transpose(..., "task", "path")
    wrong = (released_order(score.values) != path_order(score.values)).any(axis=-1)
    found = score.isel(task=0, path=0, drop=True).copy(data=wrong.astype(np.float64))
    return found.assign_attrs(described("whether the released code sorts paths in another order than one to one"))


def steps_until_recorded(experiment: Experiment) -> np.ndarray:
    """How many steps after each switch the authors' released code records first, for all of its whole blocks.

    It spreads a third as many records as there are steps evenly from the start to the end, each at the first step that
    is no earlier, so that they are a little more than three steps apart; and its blocks are a step short.
    """
    steps, block = experiment.steps, int(steps_of(experiment.curriculum.block_length, experiment.dt, rounding="floor"))
    recorded = np.ceil(np.linspace(0, steps, steps // EVERY_RECORD).round(6))
    switches = np.arange(steps // block) * block
    return (recorded[np.searchsorted(recorded, switches)] - switches).astype(int)


def recorded_peaks(loss: xarray.DataArray, experiment: Experiment) -> xarray.DataArray:
    """The loss that the released code would have recorded first after each switch: "block" in place of "every_step"."""
    after = steps_until_recorded(experiment)
    blocks = min(len(after), loss.sizes["every_step"] // experiment.block_steps)
    steps = xarray.DataArray(np.arange(blocks) * experiment.block_steps + after[:blocks], dims="block")
    found = loss.drop_vars("every_step", errors="ignore").isel(every_step=steps)
    return found.assign_attrs(described("loss on the batch at the first record of the released code after a switch"))


def final_alignment(data: xarray.Dataset, *, own: bool) -> xarray.DataArray:
    """Alignment at the end, mean over the pairs of a task with its own path, or of tasks with the paths of others."""
    end = data.alignment.isel(step=-1, drop=True)
    same = xarray.DataArray(np.eye(end.sizes["task"], end.sizes["path"]) == own, dims=("task", "path"))
    named = described(f"alignment of tasks with {'their own path' if own else 'the paths of others'}")
    return end.where(same).mean(["task", "path"]).assign_attrs(named)
