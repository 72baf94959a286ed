"""What the figures of the fully connected network share: units in the order of the teachers' rows, and maps of W2.

A unit is matched to a row of a teacher by the cosine with its weights, averaged over the run, once a run: one to one by
the largest sum, or as the authors' released code does, which takes the best unit of each row and may take it again for
another row.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from gatednet.figures.toolkit.describe import described
from gatednet.figures.toolkit.matching import in_order, path_order
from gatednet.figures.toolkit.panels import REGIMES, Line

MATCHINGS = ("one to one", "as released")
LINES: dict[str, Line] = {"regularised": REGIMES["flexible"], "control": REGIMES["forgetful"]}
TASKS = ("A", "B")
# The ends of the colour scale: where all of a second layer of norm 1 is on one diagonal of 10, its entries are .316.
LOW, HIGH, COLOURS = 0.0, 0.32, "Oranges"
# Published maps and curves are means of ten runs, but for the map of Figure 6A, which is of one of them.
RUNS = 10
# How well published maps are read, and the published curves of total alignment.
COLOURS_READ, CURVES_READ = 0.01, 0.02
WHY_COLOURS = "a mean of ten runs; colours of the published heat maps are read to .01"
WHY_CURVES = "a mean of ten runs; the published curve is read to .02"
# Where the released run ends: 31 blocks of 99 steps and no more than 3000 steps leave the last block of A that long.
RELEASED_END = 0.3


def units_of_rows(score: np.ndarray, matching: str) -> np.ndarray:
    """The unit matched to each row, (..., rows), from scores (..., rows, units) of as many rows as units."""
    return path_order(score) if matching == "one to one" else np.nan_to_num(score).argmax(axis=-1)


def scores(data: xarray.Dataset) -> xarray.DataArray:
    """Cosines of all rows of the teachers, one after the other, with all units; last dimensions "row" and "unit"."""
    stacked = data.unit_alignment.stack(row=("task", "output"), create_index=False)
    return stacked.transpose(..., "row", "unit")


def in_both_orders(values: xarray.DataArray, score: xarray.DataArray, name: str = "row") -> xarray.DataArray:
    """Values with the units in the order of the rows, by each matching: "matching" first, `name` last for "unit".

    `values` begins with the dimensions of the runs and ends with "unit"; `score` has those of the runs, and "row" and
    "unit".
    """
    found = np.stack([in_order(values.values, units_of_rows(score.values, matching)) for matching in MATCHINGS])
    coordinates = {key: known for key, known in values.coords.items() if "unit" not in known.dims}
    return xarray.DataArray(
        found, {**coordinates, "matching": list(MATCHINGS)}, ("matching", *values.dims[:-1], name), attrs=values.attrs
    )


def last_end(steps: xarray.DataArray, block_steps: int, task: str) -> int:
    """The step at which the last whole block of a task ends, for runs that start with a block of A."""
    blocks = int(steps[-1]) // block_steps
    shown = TASKS[(blocks - 1) % len(TASKS)]
    return (blocks if shown == task else blocks - 1) * block_steps


def after_each_task(values: xarray.DataArray, block_steps: int) -> xarray.DataArray:
    """Values at the ends of the last whole blocks of A and of B, along "after"."""
    ends = [last_end(values.step, block_steps, task) for task in TASKS]
    return values.sel(step=xarray.DataArray(ends, {"after": list(TASKS)}, ("after",))).drop_vars(["step", "time"])


def pair_alignment(score: xarray.DataArray) -> xarray.DataArray:
    """Mean cosine of the rows of each teacher with the units matched to those of each: "task" and "path" last.

    `score` ends with "row", the rows of the teachers, and "unit_row", the rows that the units are matched to.
    """
    tasks = len(TASKS)
    values = score.values.reshape(*score.shape[:-2], tasks, -1, tasks, score.shape[-1] // tasks)
    means = np.diagonal(values, axis1=-3, axis2=-1).mean(axis=-1)
    return _like(score, means, ("task", "path"))


def matched(pairs: xarray.DataArray) -> xarray.DataArray:
    """Mean of `pair_alignment` over the pairs of a task with itself: total alignment."""
    return (pairs.isel(task=0, path=0) + pairs.isel(task=1, path=1)) / 2


def by_path(second: xarray.DataArray) -> tuple[xarray.DataArray, xarray.DataArray]:
    """Means over the second layer from the units of each task's rows: its diagonal, and all of its other entries.

    `second` ends with "output" and "row"; the results have "path" in their place.
    """
    *_, outputs, rows = second.shape
    halves = second.values.reshape(*second.shape[:-1], rows // outputs, outputs)
    diagonal = np.diagonal(halves, axis1=-3, axis2=-1).sum(axis=-1)
    rest = halves.sum(axis=(-3, -1)) - diagonal
    return (
        _like(second, diagonal / outputs, ("path",)),
        _like(second, rest / (outputs * (outputs - 1)), ("path",)),
    )


def _like(values: xarray.DataArray, found: np.ndarray, dims: tuple[str, ...]) -> xarray.DataArray:
    """New values with further dimensions in place of the last two."""
    kept = values.isel(dict.fromkeys(values.dims[-2:], 0), drop=True)
    return xarray.DataArray(found, kept.coords, (*kept.dims, *dims))


def sorted_layers(data: xarray.Dataset) -> xarray.Dataset:
    """`second_layer` after the last block of each task, `alignment` and `total_alignment` over time, of a store.

    All have "matching" first, then the dimensions of the runs, which the variables of `data` begin with.
    """
    score = scores(data)
    of_run = score.mean("step")
    second = in_both_orders(after_each_task(data.second_layer, int(data.block_steps)), of_run)
    pairs = pair_alignment(in_both_orders(score, of_run, "unit_row"))
    return xarray.Dataset(
        {
            "second_layer": second.assign_attrs(described("second layer, units in the order of the teachers' rows")),
            "alignment": pairs.assign_attrs(described("mean cosine of a teacher's rows with the units of a task's")),
            "total_alignment": matched(pairs).assign_attrs(
                described("mean cosine of the teachers' rows with their units")
            ),
        }
    )


def released_end(data: xarray.Dataset, dt: float) -> int:
    """The step `RELEASED_END` into the last block of A, where the published second layer after A is from."""
    block_steps = int(data.block_steps)
    return last_end(data.step, block_steps, "A") - block_steps + round(RELEASED_END / dt)


def early_layer(data: xarray.Dataset, dt: float) -> xarray.DataArray:
    """The second layer at the `released_end` with its units in order, see `in_both_orders`."""
    second = data.second_layer.sel(step=released_end(data, dt), drop=True).drop_vars("time", errors="ignore")
    return in_both_orders(second, scores(data).mean("step"))


def parts(second: xarray.DataArray) -> dict[str, xarray.DataArray]:
    """`by_path` of the sorted second layer, as variables "diagonal" and "rest"."""
    diagonal, rest = by_path(second)
    return {
        "diagonal": diagonal.assign_attrs(
            described("mean entry of W2 from a task's units to the outputs of their rows")
        ),
        "rest": rest.assign_attrs(described("mean of all other entries from these units")),
    }


def readings(data: xarray.Dataset) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Means over the sorted second layer after each task, (seeds, tasks) each, of `parts` of it.

    They are over the diagonal of that task, over the diagonal of the other one, and over all further entries.
    """
    diagonal, rest = (data[name].transpose("seed", "after", "path") for name in ("diagonal", "rest"))
    tasks = np.arange(len(TASKS))
    return diagonal.values[:, tasks, tasks], diagonal.values[:, tasks, 1 - tasks], rest.mean("path").values


def layer_maps(column: Sequence[Axes], second: xarray.DataArray, *, ordered: bool = True) -> AxesImage:
    """The second layer after A above that after B; `second` has "after", "output", and units last, perhaps in order."""
    for axes, task in zip(column, TASKS, strict=True):
        image = _layer_map(axes, second.sel(after=task).values, ordered)
        axes.set_title(f"after a block of {task}")
    for axes in column[:-1]:
        axes.set(xticks=[], xlabel="")
    return image


def _layer_map(axes: Axes, values: np.ndarray, ordered: bool) -> AxesImage:
    """A second layer as colours, (outputs, units)."""
    outputs, units = values.shape
    image = axes.imshow(values, cmap=COLOURS, vmin=LOW, vmax=HIGH, aspect="auto", interpolation="nearest")
    axes.set_yticks([0, outputs - 1], ["1", str(outputs)])
    axes.set_ylabel("output", labelpad=-2)
    if ordered:
        axes.axvline(units / 2 - 0.5, color="0.3", linewidth=0.8, linestyle=":")
        axes.set_xticks([units / 4 - 0.5, 3 * units / 4 - 0.5], [f"units of {task}'s rows" for task in TASKS])
    else:
        axes.set_xticks([0, units - 1], ["1", str(units)])
        axes.set_xlabel("hidden unit", labelpad=-6)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    return image


def colour_bar(figure: Figure, image: AxesImage, axes: Sequence[Axes]) -> None:
    """The scale of maps of second layers, at their right."""
    figure.colorbar(image, ax=list(axes), label="entry of W2", extend="both", fraction=0.03, pad=0.01)
