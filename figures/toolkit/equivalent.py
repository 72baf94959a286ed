"""A full model beside the two-dimensional one that behaves as it: loss, gates, and magnitudes (Figures A1 and A16)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gatednet.figures.toolkit import over_time
from gatednet.figures.toolkit.describe import described
from gatednet.figures.toolkit.panels import PAGE, TASKS, alike, at_least, band, letters, new_figure, shade_blocks
from gatednet.sweeps.catalog.equivalent import teacher_singular_values
from gatednet.sweeps.store.store import Store
from gatednet.theory.equivalent_model import full_loss

# What the stores of both must hold.
SAVED = ("loss", "gates", "teacher_component")
MODELS = {"full": "full model", "equivalent": "two-dimensional model"}


def beside(full: Store, equivalent: Store) -> xarray.Dataset:
    """Loss, gates and magnitudes of every run of both models, with paths in the order of their tasks.

    Variables are `full_loss`, `full_gates`, `full_magnitude` and the same of `equivalent`; dimensions are "seed" (full
    model only), "step", "path", "task". The magnitude is the multiple of a teacher that is in a path: the mean singular
    value on the teacher's modes, over that of the teacher. The loss of the two-dimensional model is in units of the
    full one.
    """
    experiment = full.sweep.experiment
    found: dict[str, xarray.DataArray] = {}
    for name, store in zip(MODELS, (full, equivalent), strict=True):
        data = store.dataset()[list(SAVED)].load().transpose("seed", ...)
        # Paths are matched by magnitude: rows of a single input have no direction to be aligned.
        data = over_time.by_task(data.assign(alignment=data.teacher_component))
        if name == "equivalent":
            # All its runs are the same.
            data = data.isel(seed=0, drop=True)
            scaled = full_loss(data.loss.values, teacher_singular_values(experiment))
            attrs = described("task loss of the two-dimensional model, in units of the full one")
            data = data.assign(loss=data.loss.copy(data=scaled).assign_attrs(attrs))
        found |= {f"{name}_loss": data.loss, f"{name}_gates": data.gates, f"{name}_magnitude": data.teacher_component}
    return xarray.Dataset(found, attrs=over_time.timing(experiment))


def reduced(runs: xarray.Dataset, names: Sequence[str]) -> xarray.Dataset:
    """The same without the runs of the full model: what it and variables of some names were is averaged over seeds."""
    of_seeds = [*(f"full_{name}" for name in ("loss", "gates", "magnitude")), *names]
    return runs.assign(over_time.courses(runs, of_seeds).data_vars)


def one(data: xarray.Dataset, model: str) -> xarray.Dataset:
    """`loss`, `gates` and `magnitude` of one of the models, averaged over seeds or of a single one."""
    names = {f"{model}_{name}": name for name in ("loss", "gates", "magnitude")}
    chosen = data[list(names)].rename(names)
    return chosen if "statistic" in chosen.dims else chosen.expand_dims("seed")


def draw(data: xarray.Dataset, heights: Sequence[float] = (1, 1, 1, 1)) -> tuple[Figure, np.ndarray, Axes]:
    """Loss, gates and magnitudes in three rows; the full model on the left, the two-dimensional one on the right.

    Returns the figure, the (3, 2) axes, with the letters A to F row by row, and an empty panel G below them;
    `heights` are those of the four rows.
    """
    figure = new_figure(PAGE, 8.2)
    places = figure.add_gridspec(4, 2, height_ratios=heights)
    grid = np.array([[figure.add_subplot(places[row, column]) for column in range(2)] for row in range(3)])
    for column, (model, title) in enumerate(MODELS.items()):
        axes, of_model = grid[:, column], one(data, model)
        over_time.quantity(axes[0], of_model, "loss", color="black")
        axes[0].set(ylabel="loss", title=title)
        at_least(axes[0], 0, 0.5)
        over_time.gates(axes[1], of_model, tasks=2)
        magnitudes(axes[2], of_model)
    for row in grid[:-1]:
        alike(row)
        for axes in row:
            axes.set_xlabel("")
    strip = figure.add_subplot(places[3, :])
    letters((*grid.ravel(), strip), "ABCDEFG")
    return figure, grid, strip


def magnitudes(axes: Axes, data: xarray.Dataset) -> None:
    """The multiple of its own teacher in each path, and, dotted, that of the other one."""
    shade_blocks(axes, data.block_length, data.duration, data.targets)
    for path, line in enumerate(TASKS[: data.sizes["path"]]):
        for task in range(data.sizes["task"]):
            own = path == task
            label = f"path of task {over_time.NAMES[path]}" if own else None
            look = line if own else {**line, "linestyle": ":"}
            band(axes, data.time.values, data.magnitude.isel(task=task, path=path), label=label, **look)
    axes.plot([], [], color="0.3", linestyle=":", label="other teacher")
    axes.set(xlabel="time t", ylabel="magnitude / s")
    at_least(axes, -0.12, 1.12)
