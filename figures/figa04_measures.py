"""Figure A4: the regularised network of two layers over time, measured as a gated one is."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np
import xarray
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gatednet.figures.toolkit import over_time, two_layers
from gatednet.figures.toolkit.caption import caption as written
from gatednet.figures.toolkit.claim import Claim, Published, Range
from gatednet.figures.toolkit.describe import described, settings_line
from gatednet.figures.toolkit.panels import PAGE, TASKS, at_least, band, legend_above, letter, new_figure, shade_blocks
from gatednet.figures.toolkit.statistics import over_batches, over_seeds
from gatednet.sweeps.catalog.published import STARTS
from gatednet.sweeps.store.store import Store

SWEEPS = ("fig6", "figa4", "fig6-published", "figa4-published")
PANELS = "ABCDE"
# From here on the published peaks have the same height, and gates are read this far into a block, on the flat part.
LATE, FLAT = 20.0, 0.6
OF_BLOCKS = {
    "flat_gate": "gate of the task on show on the flat part of late blocks",
    "other_flat_gate": "gate of the other task there",
    "gate_peak": "largest gate of the task on show in late blocks",
    "second_layer_peak": "largest change of a row of W2 per step in late blocks",
}
MEASURED = {
    **OF_BLOCKS,
    "released_total_alignment": "total alignment at the end, units matched as released",
    "released_other_alignment": "alignment with the rows of the other task at the end, units matched as released",
}
COURSES = ("loss", "gates", "alignment", "total_alignment", "first_layer_change", "second_layer_change")
# What is published, and how well it is read: the quantity that claims measure, its sentence, value, reading, and why.
LINES = "the published lines are as thick as .007, and their middle is read to .003"
PUBLISHED = (
    ("flat_gate", "B", "the gate of the task on show is .049 on the flat part of late blocks", 0.049, 0.003, LINES),
    ("other_flat_gate", "B", "that of the other task is .037", 0.037, 0.003, LINES),
    (
        "gate_peak",
        "B",
        "the gate of the task on show peaks at .077 to .091 after a late switch",
        0.084,
        0.007,
        "published peaks differ by so much, drawn without their sampling",
    ),
    (
        "released_other_alignment",
        "C",
        "units of a task's rows end aligned with the rows of the other task by .08 to .10, matched as released",
        0.09,
        0.02,
        "published ends .08 and .10, read to .02",
    ),
    (
        "released_total_alignment",
        "D",
        "total alignment ends at .82, matched as released",
        0.82,
        0.02,
        "the published curve is read to .02",
    ),
    (
        "second_layer_peak",
        "E",
        "rows of W2 change by .209 to .219 per step at late switches",
        0.214,
        0.015,
        "published peaks differ by .005 either way, read to .01",
    ),
)


def compute(stores: Mapping[str, Store]) -> xarray.Dataset:
    """What the panels show, averaged over seeds; units are matched to rows one to one.

    `loss` is by step of the run ("every_step"), `gates`, means over all entries from the units of each task's rows, by
    "save", `second_layer_change` by "change", `alignment` and `total_alignment` by "step". See `late` for what claims
    measure of each run, and of each from the published starts, "start", `from_starts_` first; `late_first_layer_change`
    is the change of W1, mean over late steps.
    """
    store = stores["fig6"]
    experiment = store.sweep.experiment
    data, often = of_both(store, stores["figa4"])
    found = two_layers.sorted_layers(data).sel(matching="one to one", drop=True)
    dt, hidden = experiment.dt, data.sizes["unit"]
    variables = {
        "loss": data.loss_every_step.assign_attrs(described("task loss on the batch")),
        "gates": gates_of(often, data)
        .rename(step="save")
        .assign_attrs(described("mean entry of W2 from the units of a task's rows")),
        "alignment": found.alignment,
        "total_alignment": found.total_alignment,
        "first_layer_change": (data.weight_step / np.sqrt(hidden)).assign_attrs(
            described("change of a row of W1 in a step, root of the mean square over rows")
        ),
        "second_layer_change": change(often).assign_attrs(
            described("change of a row of W2 per step, over two steps, mean over rows")
        ),
    }
    runs = xarray.Dataset({name: values.reset_coords(drop=True) for name, values in variables.items()})
    times = {
        "every_time": ("every_step", data.every_step.values * dt),
        "time": ("step", data.step.values * dt),
        "save_time": ("save", often.step.values * dt),
        "change_time": ("change", (change(often).step.values + 1) * dt),
    }
    runs = runs.assign_coords(times)
    late_steps = runs.every_time.values >= LATE
    first = runs.first_layer_change.isel(every_step=late_steps).mean("every_step", keep_attrs=True)
    starts = late(*of_both(stores["fig6-published"], stores["figa4-published"]), dt).rename(seed="start")
    return (
        over_time.courses(runs, COURSES)
        .assign(late(data, often, dt).data_vars)
        .assign({"late_first_layer_change": first})
        .assign({f"from_starts_{name}": values for name, values in starts.drop_vars("start").items()})
        .assign_attrs(**over_time.timing(experiment), settings=settings_line(experiment))
    )


def of_both(store: Store, often: Store) -> tuple[xarray.Dataset, xarray.DataArray]:
    """The regularised runs of a store of Figure 6, and their second layer, saved often, of one of Figure A4."""
    second = often.dataset().second_layer.transpose("seed", "step", "output", "unit").load()
    return store.dataset().sel(regime="regularised", seed=second.seed).transpose("seed", ...).load(), second


def gates_of(often: xarray.DataArray, data: xarray.Dataset) -> xarray.DataArray:
    """Means over all entries of the second layer from the units of each task's rows, (seed, step, path)."""
    score = two_layers.scores(data).mean("step")
    second = two_layers.in_both_orders(often, score).sel(matching="one to one", drop=True)
    diagonal, rest = two_layers.by_path(second)
    outputs = often.sizes["output"]
    return (diagonal + (outputs - 1) * rest) / outputs


def late(data: xarray.Dataset, often: xarray.DataArray, dt: float) -> xarray.Dataset:
    """What claims measure of each run of `of_both`.

    These are the gates of the task of a late block and of the other one on the flat part, `flat_gate` and
    `other_flat_gate`, and the peaks of the first and of the change of W2, (seed, block) each; and at the end, matched
    as the released code does, alignment with the rows of the other task, and total alignment.
    """
    gates, changes = gates_of(often, data), change(often)
    steps, block = often.step.values, int(data.block_steps)
    blocks = range(round(LATE / (block * dt)), int(steps[-1]) // block)
    found: dict[str, list[xarray.DataArray]] = {name: [] for name in OF_BLOCKS}
    for each in blocks:
        start, end = each * block, (each + 1) * block
        # Blocks of an odd number of steps begin between two saves that are two steps apart.
        saves = (steps >= start) & (steps <= end)
        flat = np.abs(steps - start - round(FLAT / dt)).argmin()
        current = gates.isel(path=each % 2)
        found["flat_gate"].append(current.isel(step=flat, drop=True))
        found["other_flat_gate"].append(gates.isel(path=1 - each % 2, step=flat, drop=True))
        found["gate_peak"].append(current.isel(step=saves).max("step", skipna=False))
        begun = changes.isel(change=(changes.step.values >= start) & (changes.step.values < end))
        found["second_layer_peak"].append(begun.max("change", skipna=False))
    variables = {
        name: xarray.concat(values, "block").transpose("seed", "block").reset_coords(drop=True)
        for name, values in found.items()
    }
    released = two_layers.sorted_layers(data).sel(matching="as released", drop=True).isel(step=-1, drop=True)
    alignment = released.alignment.reset_coords(drop=True)
    variables["released_total_alignment"] = released.total_alignment.reset_coords(drop=True)
    variables["released_other_alignment"] = (alignment.isel(task=0, path=1) + alignment.isel(task=1, path=0)) / 2
    return xarray.Dataset({name: values.assign_attrs(described(MEASURED[name])) for name, values in variables.items()})


def change(second: xarray.DataArray) -> xarray.DataArray:
    """Central differences of the second layer over two steps, per step, norms of rows, mean over rows.

    Saves are one or two steps apart. The result is ("seed", "change"), with the step that it begins at as "step".
    """
    steps = second.step.values
    apart = 2 // int(steps[1] - steps[0])
    lengths = np.linalg.norm((second.values[:, apart:] - second.values[:, :-apart]) / 2, axis=-1)
    return xarray.DataArray(
        lengths.mean(axis=-1), {"seed": second.seed, "step": ("change", steps[:-apart])}, ("seed", "change")
    )


def draw(data: xarray.Dataset) -> Figure:
    """The five published panels, one above the other."""
    figure = new_figure(PAGE, 7.4)
    loss, gates, alignment, total, changes = figure.subplots(5, 1)
    over_time.alignment(alignment, data)
    legend_above(alignment, ncols=3)
    for axes, name in zip((loss, gates, alignment, total, changes), PANELS, strict=True):
        shade_blocks(axes, data.block_length, data.duration, data.targets)
        letter(axes, name)
        axes.set_xlabel("time t" if axes is changes else "")
    band(loss, data.every_time.values, data.loss, color="black", linewidth=0.8)
    loss.set(ylabel="loss", ylim=(0, None))
    for task, line in enumerate(TASKS[:2]):
        label = f"units of {'AB'[task]}'s rows"
        band(gates, data.save_time.values, data.gates.isel(path=task), label=label, **line)
    gates.set_ylabel("gates\n(mean entry of W2)")
    at_least(gates, 0, 0.12)
    legend_above(gates)
    band(total, data.time.values, data.total_alignment, color="black")
    total.set(ylabel="total alignment", ylim=(0, 1.05), yticks=(0, 0.5, 1))
    of_layers(changes, data)
    return figure


def of_layers(axes: Axes, data: xarray.Dataset) -> None:
    """The change of both layers per step; the second one's at the start of the run is cut off."""
    second, first = data.second_layer_change, data.first_layer_change
    band(axes, data.change_time.values, second, label="W2", color="#cc6677", linewidth=0.8)
    band(axes, data.every_time.values, first, label="W1", color="black", linestyle=(0, (4, 1.2)))
    axes.set_ylabel("change per step\nof a layer's rows")
    over_time.cut_off_early(axes, 0.3)
    legend_above(axes)


def claims(data: xarray.Dataset) -> list[Claim]:
    """The published curves, late in the run, over our starts, and from the published ones."""
    found = []
    for name, panel, sentence, value, reading, why in PUBLISHED:
        ours, starts = (values.values for values in (data[name], data[f"from_starts_{name}"]))
        known = Published(value, two_layers.RUNS, reading, f"a mean of ten runs; {why}")
        source = f"Figure A4{panel}"
        found.append(Claim(sentence, source, known, over_seeds(ours), origin="picture"))
        known = dataclasses.replace(known, runs=1, why=f"the same ten starts with other batches; {why}")
        measured = over_batches(starts, STARTS)
        found.append(Claim(f"{sentence}, from the published starts", source, known, measured, origin="picture"))
    hardly = Claim(
        "rows of W1 hardly change: by less than .01 per step, mean over late steps",
        "Figure A4E",
        Range(None, 0.01, "a line on zero in the published picture, which is as thick as .01"),
        over_seeds(data.late_first_layer_change.values),
        origin="picture",
    )
    return [*found, hardly]


def caption(data: xarray.Dataset, claims: list[Claim]) -> str:
    """What is seen in the five panels, with settings and verdicts."""
    own_matching = (data.alignment.sel(statistic="mean").isel(step=-1, path=[1, 0]).values).diagonal().mean()
    released = float(data.released_other_alignment.mean())
    return written(
        "Figure A4. Two layers over time, measured as a gated network",
        "The regularised network of Figure 6. **A** Task loss on the batch. **B** Gates, read as in the published "
        "figure as the mean over all ten by ten entries of the second layer from the units of each task's rows; the "
        "diagonals alone are in Figure 6. **C** Mean cosine of the units matched to each task's rows with these, and "
        "(dotted) with the rows of the other teacher. **D** Total alignment. **E** Change "
        "of the rows of either layer per step; for W2, whose small entries go to and fro around zero in single steps, "
        "over two steps (central differences, as published). Units are matched to rows one to one, once a run. The "
        "released code may match a unit to a row of both teachers, which raises the alignment with the other task from "
        f"{own_matching:.3f} to {released:.3f} (published .08 to .10), and claims on alignment are with its matching. "
        "Published curves of matched units in C are shifted down by .02 and .04, ours are not; their ends .79 and .85 "
        f"are the total alignment of D. Lines are means over {data.sizes['seed']} seeds, bands "
        "their standard errors.",
        [f"regularised: {data.settings}"],
        claims,
    )
