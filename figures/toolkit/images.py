"""What figures with images share: accuracy, gates and steps to recover, flexible against forgetful.

Datasets have the dimensions "pair" (the task beside the plain labels), "regime", "seed", and "step" or "block"; "path"
is in the order of the tasks that paths are matched to: the one with the larger gate at the ends of its late blocks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import xarray
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gatednet import Permutations, ceiling
from gatednet.figures.toolkit.caption import caption as written
from gatednet.figures.toolkit.claim import Claim, Range, Verdict
from gatednet.figures.toolkit.describe import settings_line
from gatednet.figures.toolkit.matching import in_order, path_order
from gatednet.figures.toolkit.over_time import quantity, timing
from gatednet.figures.toolkit.panels import PAGE, REGIMES, TASKS, band, letter, new_figure, shade_blocks
from gatednet.figures.toolkit.statistics import Measurement, measure, over_seeds
from gatednet.sweeps.store.store import Store

# Blocks from here on are late: the prototype had no dip left from the fifth block on.
LATE = 4
READING = "to .01; of a prototype at the same settings, since no published picture could be read"
PROTOTYPE_GATES = (
    Range(1.35, 1.75, "the gates of the prototype at the ends of its blocks"),
    Range(None, 0.14, "the gates of the prototype at the ends of its blocks"),
)


def of_store(store: Store) -> xarray.Dataset:
    """What the panels show, of a store of `gatednet.sweeps.catalog.images.both`."""
    sweep = store.sweep
    data = store.dataset().rename(task_beside="pair").load()
    experiment = sweep.experiment
    pairs = [sweep.cell({0: point}).teachers for point in range(data.sizes["pair"])]
    ceilings = [ceiling(each, experiment.network.outputs) for each in pairs if isinstance(each, Permutations)]
    data = data.drop_vars(["block_steps", "blocks", "result", "result_step"]).drop_attrs(deep=False)
    data = data.transpose("pair", "regime", "seed", ...).assign(
        ceiling=("pair", ceilings, {"long_name": "largest accuracy without knowing the task", "units": "1"})
    )
    ends = late(at_block_ends(data.gates, data.sizes["block"]))
    by_task = xarray.concat([ends.isel(block=slice(task, None, 2)).mean("block") for task in range(2)], "task")
    order = path_order(by_task.transpose(..., "task", "path").values)
    sorted_gates = data.gates.transpose(..., "path").copy(
        data=in_order(data.gates.transpose(..., "path").values, order)
    )
    return data.assign(gates=sorted_gates.transpose(*data.gates.dims)).assign_attrs(
        **timing(experiment), settings=settings_line(experiment)
    )


def saves_per_block(data: xarray.Dataset | xarray.DataArray, blocks: int) -> int:
    """The number of saves in a block."""
    return (data.sizes["step"] - 1) // blocks


def at_block_ends(values: xarray.DataArray, blocks: int) -> xarray.DataArray:
    """Values at the last save of each block, in place of "step" with the dimension "block"."""
    per_block = saves_per_block(values, blocks)
    return values.isel(step=xarray.DataArray(np.arange(1, blocks + 1) * per_block - 1, dims="block"))


def after_switches(values: xarray.DataArray, blocks: int, saves: int) -> xarray.DataArray:
    """Values so many saves after the first step of each block, with the dimension "block"."""
    per_block = saves_per_block(values, blocks)
    return values.isel(step=xarray.DataArray(np.arange(blocks) * per_block + saves, dims="block"))


def draw(data: xarray.Dataset, titles: Sequence[str]) -> Figure:
    """A row of panels for each pair of tasks: accuracy, gates of either regime, and steps to recover."""
    rows = data.sizes["pair"]
    figure = new_figure(PAGE, 2.1 * rows + 0.5)
    axes = figure.subplots(rows, 4, squeeze=False, width_ratios=(1.6, 1, 1, 1))
    for row, title in enumerate(titles):
        pair = data.isel(pair=row)
        accuracy(axes[row, 0], pair)
        for column, regime in enumerate(REGIMES, 1):
            gates(axes[row, column], pair.sel(regime=regime))
        recovery(axes[row, 3], pair)
        for panel, words in zip(axes[row], (title, *REGIMES, ""), strict=True):
            panel.set_title(words, loc="right", fontsize=7)
    largest = 1.08 * float(data.gates.mean("seed").max())
    for panel in axes[:, 1:3].flat:
        panel.set_ylim(-0.12, largest)
    for panel in axes[:, :3].flat:
        panel.set_xticks(np.linspace(0, data.duration, 3))
    # Lines fill their panels, so that legends are beside them.
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower left", ncols=3)
    figure.legend(*axes[0, 1].get_legend_handles_labels(), loc="outside lower right", ncols=2)
    for name, panel in zip("ABCDEFGH", axes.flat, strict=False):
        letter(panel, name)
    return figure


def accuracy(axes: Axes, pair: xarray.Dataset) -> None:
    """The accuracy on all test images under the task of the moment, and the most without knowing it."""
    for regime, line in REGIMES.items():
        quantity(axes, pair.sel(regime=regime), "accuracy", label=regime, **line)
    axes.axhline(float(pair.ceiling), color="black", linestyle=":", linewidth=0.8, label="without knowing the task")
    axes.set(ylabel="test accuracy", ylim=(0, 1.03))


def gates(axes: Axes, data: xarray.Dataset) -> None:
    """The gates of both paths over time."""
    shade_blocks(axes, data.block_length, data.duration, data.targets)
    values = data.gates.transpose("seed", "step", "path").values
    for path, name in enumerate("AB"):
        band(axes, data.time.values, values[..., path], label=f"path of task {name}", **TASKS[path])
    axes.set(xlabel="time t", ylabel="gate")


def recovery(axes: Axes, pair: xarray.Dataset) -> None:
    """Steps from each switch until the accuracy on the batch is .85."""
    blocks = np.arange(1, pair.sizes["block"] + 1)
    for regime, line in REGIMES.items():
        values = pair.steps_to_recover.sel(regime=regime).transpose("seed", "block").values
        band(axes, blocks, values, label=regime, marker="o", markersize=2.5, **line)
    axes.set(xlabel="block", ylabel="steps to accuracy .85", yscale="log", xlim=(0.5, blocks[-1] + 0.5))


def caption(
    title: str, about: str, data: xarray.Dataset, claims: Sequence[Claim], letters: Sequence[tuple[str, str]]
) -> str:
    """What is seen; `letters` are the letters of the panels of a row, and its pair of tasks in words."""
    rows = " ".join(
        f"**{row[0]}** {pair}: accuracy on all test images under the task of the moment; dotted, the most that is "
        f"possible without knowing the task. **{row[1]}**, **{row[2]}** Gates of both paths, flexible and forgetful. "
        f"**{row[3]}** Steps from a switch until the accuracy on the batch is .85; the length of the block where never."
        for row, pair in letters
    )
    return written(
        title,
        f"{about} Two tasks alternate in blocks (shaded: B): A asks for the labels, B for the same labels permuted. "
        f"{rows} Paths are matched to tasks once a run, by their gates at the ends of late blocks. Lines are means "
        f"over {data.sizes['seed']} seeds, bands their standard errors.",
        [f"flexible: {data.settings}", "forgetful: the same, with τ_c = τ_w, λ_norm = λ_nonneg = 0"],
        claims,
    )


def late(values: xarray.DataArray) -> xarray.DataArray:
    """Late blocks."""
    return values.isel(block=slice(LATE, None))


def own_gates(data: xarray.Dataset) -> tuple[xarray.DataArray, xarray.DataArray]:
    """The gates of the path of the task on show, and of the other, at the ends of late blocks."""
    ends = at_block_ends(data.gates, data.sizes["block"])
    task = xarray.DataArray(np.arange(data.sizes["block"]) % 2, dims="block")
    return late(ends.isel(path=task)), late(ends.isel(path=1 - task))


def median_ratio(pair: xarray.Dataset) -> Measurement:
    """How many times more steps the forgetful network needs in late blocks, median over seeds."""
    steps = late(pair.steps_to_recover).mean("block").transpose("seed", "regime")
    ratio = steps.sel(regime="forgetful") / steps.sel(regime="flexible")
    return over_seeds(ratio.values, np.median)


def claims_of(
    pair: xarray.Dataset,
    source: str,
    flexible_end: Range,
    forgetful_dip: Range,
    forgetful_end: Range,
    gates_end: tuple[Range, Range] | None,
    known: dict[str, Verdict] | None = None,
    named: str = "",
) -> list[Claim]:
    """The claims about one pair of tasks; `known` are verdicts other than "holds" by the beginning of a sentence."""
    flexible, forgetful = pair.sel(regime="flexible"), pair.sel(regime="forgetful")
    blocks = pair.sizes["block"]
    of = f"{named}: " if named else ""
    ends, first = late(at_block_ends(pair.accuracy, blocks)), late(after_switches(pair.accuracy, blocks, 1))
    own, other = own_gates(flexible)
    slow, slow_other = own_gates(forgetful)
    free = float(pair.ceiling)
    found = [
        (
            "the flexible network is accurate at the ends of late blocks",
            flexible_end,
            measure(ends.sel(regime="flexible")),
        ),
        (
            "from the fifth block on it has no dip 100 steps after a switch: accuracy there less that at block ends",
            Range(-0.02, None, "two parts in a hundred, as a curve of the prototype shows no dip"),
            measure(first.sel(regime="flexible") - ends.sel(regime="flexible")),
        ),
        (
            "the forgetful network has fallen 100 steps after a switch",
            forgetful_dip,
            measure(first.sel(regime="forgetful")),
        ),
        ("and climbs within the block", forgetful_end, measure(ends.sel(regime="forgetful"))),
        (
            "right after late switches the forgetful network is worse than a guess without knowing the task: "
            "accuracy 100 steps on less the ceiling",
            Range(None, 0.0, "below is below"),
            measure(first.sel(regime="forgetful") - free),
        ),
        (
            "and the flexible one better, by a tenth",
            Range(0.1, None, "a tenth of all images is more than any seed differs by"),
            measure(first.sel(regime="flexible") - free),
        ),
        (
            "the gates of the forgetful network stay equal: their difference at block ends",
            Range(-0.05, 0.05, "a twentieth of a gate that is open is as good as equal"),
            measure(slow - slow_other),
        ),
        (
            "in late blocks the forgetful network needs at least ten times as many steps to an accuracy of .85",
            Range(10.0, None, "the prototype needs several hundred steps, the flexible one some tens at most"),
            median_ratio(pair),
        ),
    ]
    if gates_end is not None:
        found += [
            ("at block ends the flexible gate of the task on show is 1.35 to 1.75", gates_end[0], measure(own)),
            ("and that of the other at most .14", gates_end[1], measure(other)),
        ]
    return [Claim(f"{of}{each[0]}", source, each[1], each[2], verdict(each[0], known or {})) for each in found]


def verdict(sentence: str, known: Mapping[str, Verdict]) -> Verdict:
    """The known verdict of a sentence, by its beginning."""
    for start, found in known.items():
        if sentence.startswith(start):
            return found
    return "holds"
