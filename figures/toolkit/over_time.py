"""Panels over time that many figures share: a quantity, gates, and alignment, as means over seeds with their errors.

Datasets have "step", and "seed" or "statistic" (see `gatednet.figures.toolkit.statistics.averaged`), a coordinate
"time", and the attributes that `timing` gives.
"""

from __future__ import annotations

import string
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import xarray
from matplotlib.axes import Axes

from gatednet import Experiment
from gatednet.figures.toolkit.describe import targets_by_block
from gatednet.figures.toolkit.matching import in_order, path_order
from gatednet.figures.toolkit.panels import TASKS, UNUSED, band, shade_blocks
from gatednet.figures.toolkit.statistics import averaged

NAMES = string.ascii_uppercase


def timing(experiment: Experiment) -> dict[str, Any]:
    """What panels over time need to know of an experiment, as attributes of a dataset."""
    return {
        "block_length": experiment.block_duration,
        "duration": experiment.duration,
        "weights_time_constant": experiment.timescales.weights,
        "targets": targets_by_block(experiment),
    }


def by_task(data: xarray.Dataset) -> xarray.Dataset:
    """The same data with the paths of each run in the order of the tasks that they are matched to at its end.

    `data` has "alignment", which paths are matched by, and "gates" and "teacher_component" where callers need them
    sorted; anything else stays as it is. Paths without a task come last.
    """
    # Variables, without the coordinates that the dataset has already: a page sorts while a slider moves.
    score = data.variables["alignment"]
    order = path_order(score.isel(step=-1).transpose(..., "task", "path").values)
    runs = [dim for dim in score.dims if dim not in ("step", "task", "path")]
    sorted_by_task = {}
    for name in ("alignment", "gates", "teacher_component"):
        if name in data:
            variable = data.variables[name]
            values = variable.transpose(*runs, ..., "path")
            sorted_by_task[name] = values.copy(data=in_order(values.values, order)).transpose(*variable.dims)
    return data.assign(sorted_by_task)


def in_blocks(values: xarray.DataArray, blocks: int, along: str = "step", saves: int | None = None) -> xarray.DataArray:
    """Values with the dimensions "block" and "save", counted from the switch, in the place of that of the time.

    A block has `saves` of them. By default the last value is in no block: it is that at the end of the run.
    """
    saves = (values.sizes[along] - 1) // blocks if saves is None else saves
    at = xarray.DataArray(np.arange(blocks * saves).reshape(blocks, saves), dims=("block", "save"))
    return values.drop_vars([name for name, each in values.coords.items() if along in each.dims]).isel({along: at})


def of_both_tasks(values: xarray.DataArray) -> tuple[xarray.DataArray, xarray.DataArray]:
    """Values, by "block", of the path of the task on show, and of that of the other; two tasks come in turn."""
    task = xarray.DataArray(np.arange(values.sizes["block"]) % 2, dims="block")
    return values.isel(path=task), values.isel(path=1 - task)


def courses(data: xarray.Dataset, names: Sequence[str]) -> xarray.Dataset:
    """What panels over time show of runs, without the runs: the variables of some names, `averaged`."""
    return data[list(names)].map(averaged, keep_attrs=True).drop_vars("seed", errors="ignore")


def name_column(column: np.ndarray, names: Iterable[str]) -> None:
    """Name panels of one quantity above each other, which share their time; the lowest has the legend."""
    for axes, name in zip(column, names, strict=True):
        axes.set_ylabel(f"{axes.get_ylabel()}\n{name}")
    for axes in column[:-1]:
        axes.set_xlabel("")
        axes.tick_params(labelbottom=False)
    column[-1].legend(loc="lower right", ncols=2)


def quantity(axes: Axes, data: xarray.Dataset, name: str, *, label: str | None = None, **line: Any) -> None:
    """One quantity over time, above shaded blocks."""
    shade_blocks(axes, data.block_length, data.duration, data.targets)
    band(axes, data.time.values, data[name], label=label, **line)
    axes.set_xlabel("time t")


def gates(axes: Axes, data: xarray.Dataset, tasks: int) -> None:
    """The gates of the paths of each task, from data `by_task`; paths without a task are grey."""
    shade_blocks(axes, data.block_length, data.duration, data.targets)
    for path in range(data.sizes["path"]):
        known = path < tasks
        label = f"path of task {NAMES[path]}" if known else "further paths" if path == tasks else None
        line = TASKS[path % len(TASKS)] if known else UNUSED
        band(axes, data.time.values, data.gates.isel(path=path), label=label, **line)
    axes.set(xlabel="time t", ylim=(-0.12, 1.12), yticks=(0, 0.5, 1), ylabel="gate")


def alignment(axes: Axes, data: xarray.Dataset) -> None:
    """Alignment of each task with its own path, and, dotted, with each other one, from data `by_task`."""
    shade_blocks(axes, data.block_length, data.duration, data.targets)
    paths = data.sizes["path"]
    for task in range(data.sizes["task"]):
        for path in range(paths):
            own = path == task
            line = TASKS[task % len(TASKS)] if own else {**TASKS[task % len(TASKS)], "linestyle": ":"}
            first_other = path == (task + 1) % paths
            label = f"{NAMES[task]}, its path" if own else f"{NAMES[task]}, other path" if first_other else None
            band(axes, data.time.values, data.alignment.isel(task=task, path=path), label=label, **line)
    axes.set(xlabel="time t", ylim=(-0.12, 1.12), yticks=(0, 0.5, 1), ylabel="alignment")
