"""What figures with images share: accuracy, gates and steps to recover, flexible against forgetful.

Datasets have the dimensions "pair" (the task beside the plain labels), "regime", "statistic" or "seed", and "step" or
"block"; "path" is in the order of the tasks that paths are matched to: the one with the larger gate at the ends of its
late blocks.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
import xarray
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gatednet import Permutations, ceiling
from gatednet.figures.toolkit import over_time
from gatednet.figures.toolkit.caption import caption as written
from gatednet.figures.toolkit.claim import Claim, Range, Verdict
from gatednet.figures.toolkit.describe import settings_line
from gatednet.figures.toolkit.matching import in_order, path_order
from gatednet.figures.toolkit.panels import PAGE, REGIMES, TASKS, band, letters, new_figure, shade_blocks
from gatednet.figures.toolkit.statistics import Measurement, measure, over_seeds
from gatednet.sweeps.store.store import Store

# Blocks from here on are late: the prototype had no dip left from the fifth block on.
LATE = 4
# The letters of the panels of each row.
ROWS = ("ABCD", "EFGH")
READING = "to .01; of a prototype at the same settings, since no published picture could be read"
PROTOTYPE_GATES = (
    Range(1.35, 1.75, "the gates of the prototype at the ends of its blocks"),
    Range(None, 0.14, "the gates of the prototype at the ends of its blocks"),
)


@dataclasses.dataclass(frozen=True)
class Pair:
    """The labels of images in turn with the same labels permuted: the task beside them, and what is expected of it.

    `title` stands above its panels, `words` in the caption, `named` before its claims, if anything. `known` are
    verdicts other than "holds" by the beginning of a sentence.
    """

    task: str
    title: str
    words: str
    flexible_end: Range
    forgetful_dip: Range
    forgetful_end: Range
    gates_end: tuple[Range, Range] | None = None
    known: Mapping[str, Verdict] = dataclasses.field(default_factory=dict)
    named: str = ""


@dataclasses.dataclass(frozen=True)
class Switching:
    """A figure about images: a row of panels for each pair of tasks, of a sweep `gatednet.sweeps.catalog.images.both`.

    It has what the module of a figure has, see `gatednet.figures.registry.FigureModule`; `source` is that of its
    claims, `about` the caption's first sentence.
    """

    SWEEPS: tuple[str]
    PANELS: str
    title: str
    about: str
    source: str
    pairs: tuple[Pair, ...]

    def compute(self, stores: Mapping[str, Store]) -> xarray.Dataset:
        """What the panels show, and what claims measure of each run, see `reduced`."""
        (store,) = (stores[name] for name in self.SWEEPS)
        sweep, data = store.sweep, store.dataset().rename(task_beside="pair").load()
        teachers = [sweep.cell({0: point}).teachers for point in range(data.sizes["pair"])]
        outputs = sweep.experiment.network.outputs
        ceilings = [ceiling(each, outputs) for each in teachers if isinstance(each, Permutations)]
        data = (
            data[["accuracy", "gates", "steps_to_recover"]].drop_vars(["block_steps", "blocks"]).drop_attrs(deep=False)
        )
        data = data.transpose("pair", "regime", "seed", ...).assign(
            ceiling=("pair", ceilings, {"long_name": "largest accuracy without knowing the task", "units": "1"})
        )
        ends = late(over_time.in_blocks(data.gates, data.sizes["block"]).isel(save=-1))
        by_task = xarray.concat([ends.isel(block=slice(task, None, 2)).mean("block") for task in range(2)], "task")
        order = path_order(by_task.transpose(..., "task", "path").values)
        gates = data.gates.transpose(..., "path")
        gates = gates.copy(data=in_order(gates.values, order)).transpose(*data.gates.dims)
        return reduced(data.assign(gates=gates)).assign_attrs(
            **over_time.timing(sweep.experiment), settings=settings_line(sweep.experiment)
        )

    def draw(self, data: xarray.Dataset) -> Figure:
        """A row of panels for each pair of tasks: accuracy, gates of either regime, and steps to recover."""
        figure = new_figure(PAGE, 2.1 * len(self.pairs) + 0.5)
        axes = figure.subplots(len(self.pairs), 4, squeeze=False, width_ratios=(1.6, 1, 1, 1))
        for row, shown in enumerate(self.pairs):
            pair = data.isel(pair=row)
            accuracy(axes[row, 0], pair)
            for column, regime in enumerate(REGIMES, 1):
                gates(axes[row, column], pair.sel(regime=regime))
            recovery(axes[row, 3], pair)
            for panel, words in zip(axes[row], (shown.title, *REGIMES, ""), strict=True):
                panel.set_title(words, loc="right", fontsize=7)
        largest = 1.08 * float(data.gates.sel(statistic="mean").max())
        for panel in axes[:, 1:3].flat:
            panel.set_ylim(-0.12, largest)
        for panel in axes[:, :3].flat:
            panel.set_xticks(np.linspace(0, data.duration, 3))
        # Lines fill their panels, so that legends are beside them.
        figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower left", ncols=3)
        figure.legend(*axes[0, 1].get_legend_handles_labels(), loc="outside lower right", ncols=2)
        letters(axes.flat, self.PANELS)
        return figure

    def claims(self, data: xarray.Dataset) -> list[Claim]:
        """The same sentences about each pair."""
        return [claim for pair in self.pairs for claim in claims_of(data.sel(pair=pair.task), self.source, pair)]

    def caption(self, data: xarray.Dataset, claims: Sequence[Claim]) -> str:
        """What is seen, with settings and verdicts."""
        rows = " ".join(
            f"**{row[0]}** {pair.words}: accuracy on all test images under the task of the moment; dotted, the most "
            f"that is possible without knowing the task. **{row[1]}**, **{row[2]}** Gates of both paths, flexible and "
            f"forgetful. **{row[3]}** Steps from a switch until the accuracy on the batch is .85; the length of the "
            "block where never."
            for row, pair in zip(ROWS, self.pairs, strict=False)
        )
        return written(
            self.title,
            f"{self.about} Two tasks alternate in blocks (shaded: B): A asks for the labels, B for the same labels "
            f"permuted. {rows} Paths are matched to tasks once a run, by their gates at the ends of late blocks. Lines "
            f"are means over {data.sizes['seed']} seeds, bands their standard errors.",
            [f"flexible: {data.settings}", "forgetful: the same, with τ_c = τ_w, λ_norm = λ_nonneg = 0"],
            claims,
        )


def reduced(runs: xarray.Dataset) -> xarray.Dataset:
    """Accuracy and gates over time, averaged over seeds, and what claims measure of each run.

    These are the accuracy at the first save after a switch and at the end of each block, the gates there, and
    `steps_to_recover`; "block" is in the place of "step".
    """
    accuracy, gates = (over_time.in_blocks(runs[name], runs.sizes["block"]) for name in ("accuracy", "gates"))
    return over_time.courses(runs, ("accuracy", "gates")).assign(
        accuracy_after_switch=accuracy.isel(save=1),
        accuracy_at_end=accuracy.isel(save=-1),
        gates_at_end=gates.isel(save=-1),
        steps_to_recover=runs.steps_to_recover,
        ceiling=runs.ceiling,
    )


def accuracy(axes: Axes, pair: xarray.Dataset) -> None:
    """The accuracy on all test images under the task of the moment, and the most without knowing it."""
    for regime, line in REGIMES.items():
        over_time.quantity(axes, pair.sel(regime=regime), "accuracy", label=regime, **line)
    axes.axhline(float(pair.ceiling), color="black", linestyle=":", linewidth=0.8, label="without knowing the task")
    axes.set(ylabel="test accuracy", ylim=(0, 1.03))


def gates(axes: Axes, data: xarray.Dataset) -> None:
    """The gates of both paths over time."""
    shade_blocks(axes, data.block_length, data.duration, data.targets)
    for path, name in enumerate("AB"):
        band(axes, data.time.values, data.gates.isel(path=path), label=f"path of task {name}", **TASKS[path])
    axes.set(xlabel="time t", ylabel="gate")


def recovery(axes: Axes, pair: xarray.Dataset) -> None:
    """Steps from each switch until the accuracy on the batch is .85."""
    blocks = np.arange(1, pair.sizes["block"] + 1)
    for regime, line in REGIMES.items():
        band(axes, blocks, pair.steps_to_recover.sel(regime=regime), label=regime, marker="o", markersize=2.5, **line)
    axes.set(xlabel="block", ylabel="steps to accuracy .85", yscale="log", xlim=(0.5, blocks[-1] + 0.5))
    axes.set_xticks([1, *range(5, blocks[-1] + 1, 5)])


def late(values: xarray.DataArray) -> xarray.DataArray:
    """Late blocks."""
    return values.isel(block=slice(LATE, None))


def median_ratio(data: xarray.Dataset) -> Measurement:
    """How many times more steps the forgetful network needs in late blocks, median over seeds."""
    steps = late(data.steps_to_recover).mean("block").transpose("seed", "regime")
    ratio = steps.sel(regime="forgetful") / steps.sel(regime="flexible")
    return over_seeds(ratio.values, np.median)


def claims_of(data: xarray.Dataset, source: str, pair: Pair) -> list[Claim]:
    """The claims about one pair of tasks, of its data."""
    flexible, forgetful = data.sel(regime="flexible"), data.sel(regime="forgetful")
    of = f"{pair.named}: " if pair.named else ""
    ends, first = late(data.accuracy_at_end), late(data.accuracy_after_switch)
    own, other = map(late, over_time.of_both_tasks(flexible.gates_at_end))
    slow, slow_other = map(late, over_time.of_both_tasks(forgetful.gates_at_end))
    free = float(data.ceiling)
    found = [
        (
            "the flexible network is accurate at the ends of late blocks",
            pair.flexible_end,
            measure(ends.sel(regime="flexible")),
        ),
        (
            "from the fifth block on it has no dip 100 steps after a switch: accuracy there less that at block ends",
            Range(-0.02, None, "two parts in a hundred, as a curve of the prototype shows no dip"),
            measure(first.sel(regime="flexible") - ends.sel(regime="flexible")),
        ),
        (
            "the forgetful network has fallen 100 steps after a switch",
            pair.forgetful_dip,
            measure(first.sel(regime="forgetful")),
        ),
        ("and climbs within the block", pair.forgetful_end, measure(ends.sel(regime="forgetful"))),
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
            median_ratio(data),
        ),
    ]
    if pair.gates_end is not None:
        found += [
            ("at block ends the flexible gate of the task on show is 1.35 to 1.75", pair.gates_end[0], measure(own)),
            ("and that of the other at most .14", pair.gates_end[1], measure(other)),
        ]
    return [
        Claim(f"{of}{each[0]}", source, each[1], each[2], verdict(each[0], pair.known), origin="earlier")
        for each in found
    ]


def verdict(sentence: str, known: Mapping[str, Verdict]) -> Verdict:
    """The known verdict of a sentence, by its beginning."""
    for start, found in known.items():
        if sentence.startswith(start):
            return found
    return "holds"
