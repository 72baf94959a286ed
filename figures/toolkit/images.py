"""What figures with images share: accuracy, gates and steps to recover, flexible against forgetful.

Datasets have the dimensions "pair" (the task beside the plain labels), "head" (on how many features), "regime",
"statistic" or "seed", and "step" or "block"; "path" is in the order of the tasks that paths are matched to: the one
with the larger gate at the ends of its late blocks. A "seed" is that of a convolutional network: what is measured of it
is the mean over its heads, so that standard errors are over networks.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
import xarray
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gatednet import Experiment, Permutations, ceiling
from gatednet.figures.toolkit import over_time
from gatednet.figures.toolkit.caption import caption as written
from gatednet.figures.toolkit.claim import Claim, Range, Verdict
from gatednet.figures.toolkit.describe import settings_line
from gatednet.figures.toolkit.matching import in_order, path_order
from gatednet.figures.toolkit.panels import (
    PAGE,
    REGIMES,
    TASKS,
    alike,
    at_least,
    band,
    letters,
    new_figure,
    shade_blocks,
)
from gatednet.figures.toolkit.statistics import Measurement, measure
from gatednet.sweeps.catalog.images import HEADS
from gatednet.sweeps.images.labelled import source_of
from gatednet.sweeps.store.store import Store
from gatednet.sweeps.sweep import Sweep

# Blocks from here on are late: each task has been learned twice.
LATE = 4
# The head on the features that the paper describes, and the one of the released code.
DESCRIBED, RELEASED = HEADS
# The letters of the panels of each row.
ROWS = ("ABCD", "EFGH")
# A gate that is this low is no scatter around 0.
BELOW = -0.2
# How lines of either head differ.
OF_HEAD = {DESCRIBED: {}, RELEASED: {"linestyle": (0, (1, 1.5)), "linewidth": 0.8}}


@dataclasses.dataclass(frozen=True)
class Pair:
    """The labels of images in turn with the same labels permuted: the task beside them.

    `title` stands above its panels, `words` in the caption, `named` before its claims, if anything. `known` are
    verdicts other than "holds" by the beginning of a sentence.
    """

    task: str
    title: str
    words: str
    known: Mapping[str, Verdict] = dataclasses.field(default_factory=dict)
    named: str = ""


@dataclasses.dataclass(frozen=True)
class Switching:
    """A figure about images: a row of panels for each pair of tasks, of a sweep `gatednet.sweeps.catalog.images.both`.

    It has what the module of a figure has, see `gatednet.figures.registry.FigureModule`; `on` is what its claims are
    about, `about` the caption's first sentence.
    """

    SWEEPS: tuple[str]
    PANELS: str
    title: str
    about: str
    on: str
    pairs: tuple[Pair, ...]

    def compute(self, stores: Mapping[str, Store]) -> xarray.Dataset:
        """What the panels show, and what claims measure of each run, see `reduced`."""
        (store,) = (stores[name] for name in self.SWEEPS)
        sweep, data = store.sweep, store.dataset().rename(task_beside="pair").load()
        teachers = [at(sweep, task_beside=point).teachers for point in range(data.sizes["pair"])]
        outputs = sweep.experiment.network.outputs
        ceilings = [ceiling(each, outputs) for each in teachers if isinstance(each, Permutations)]
        data = (
            data[["accuracy", "gates", "steps_to_recover"]].drop_vars(["block_steps", "blocks"]).drop_attrs(deep=False)
        )
        data = data.transpose("pair", "head", "regime", "network", "seed", ...).assign(
            ceiling=("pair", ceilings, {"long_name": "largest accuracy without knowing the task", "units": "1"}),
            network_accuracy=(
                ("head", "network"),
                accuracies(store),
                {"long_name": "accuracy of the network that computes the features", "units": "1"},
            ),
        )
        ends = late(over_time.in_blocks(data.gates, data.sizes["block"]).isel(save=-1))
        by_task = xarray.concat([ends.isel(block=slice(task, None, 2)).mean("block") for task in range(2)], "task")
        order = path_order(by_task.transpose(..., "task", "path").values)
        gates = data.gates.transpose(..., "path")
        gates = gates.copy(data=in_order(gates.values, order)).transpose(*data.gates.dims)
        of_networks = data.assign(gates=gates).mean("seed", keep_attrs=True).rename(network="seed")
        return reduced(of_networks).assign_attrs(
            **over_time.timing(sweep.experiment),
            settings=settings_line(sweep.experiment),
            released=settings_line(at(sweep, head=list(HEADS).index(RELEASED))),
            heads=data.sizes["seed"],
        )

    def draw(self, data: xarray.Dataset) -> Figure:
        """A row of panels for each pair of tasks: accuracy, gates of either regime, and steps to recover."""
        figure = new_figure(PAGE, 2.1 * len(self.pairs) + 0.5)
        axes = figure.subplots(len(self.pairs), 4, squeeze=False, width_ratios=(1.6, 1, 1, 1))
        for row, shown in enumerate(self.pairs):
            pair = data.isel(pair=row)
            accuracy(axes[row, 0], pair)
            for column, regime in enumerate(REGIMES, 1):
                gates(axes[row, column], pair.sel(regime=regime, head=DESCRIBED))
            recovery(axes[row, 3], pair)
            for panel, words in zip(axes[row], (shown.title, *REGIMES, ""), strict=True):
                panel.set_title(words, loc="right", fontsize=7)
        for panel in axes[:, 1:3].flat:
            at_least(panel, -0.12, 1.0)
        alike(axes[:, 1:3].flat)
        for panel in axes[:, :3].flat:
            panel.set_xticks(np.linspace(0, data.duration, 3))
        # Lines fill their panels, so that legends are beside them.
        figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower left", ncols=3)
        figure.legend(*axes[0, 1].get_legend_handles_labels(), loc="outside lower right")
        letters(axes.flat, self.PANELS)
        return figure

    def claims(self, data: xarray.Dataset) -> list[Claim]:
        """The same sentences about each pair."""
        return [claim for pair in self.pairs for claim in claims_of(data.sel(pair=pair.task), self.on, pair)]

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
            f"are means over {data.sizes['seed']} networks, trained from other seeds, with {data.heads} heads each; "
            "bands are standard errors over networks. Finely dotted lines are the settings of the released code, whose "
            "head sees the ten features of a further layer. The penalty on negative gates is finite, and some networks "
            f"have their heads tell tasks apart by a gate below {BELOW:g} at the ends of late blocks: "
            f"{negative(data, self.pairs)}.",
            [
                f"flexible: {data.settings}",
                "forgetful: the same, with τ_c = τ_w, λ_norm = λ_nonneg = 0",
                f"as released: {data.released}",
            ],
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
        network_accuracy=runs.network_accuracy,
    )


def at(sweep: Sweep, **points: int) -> Experiment:
    """The experiment of a sweep at points along axes, by their names."""
    return sweep.cell({sweep.dims.index(name): point for name, point in points.items()})


def accuracies(store: Store) -> np.ndarray:
    """The accuracy of each network that computed features, as its store has noted it: (head, network)."""
    sweep = store.sweep
    noted = store.sessions()[-1]["features"]
    sizes = [sweep.shape[sweep.dims.index(name)] for name in ("head", "network")]
    found = np.empty(sizes)
    for head, network in np.ndindex(*sizes):
        found[head, network] = noted[str(source_of(at(sweep, head=head, network=network)))]["accuracy"]
    return found


def accuracy(axes: Axes, pair: xarray.Dataset) -> None:
    """The accuracy on all test images under the task of the moment, and the most without knowing it."""
    for head, of_head in OF_HEAD.items():
        for regime, line in REGIMES.items():
            label = regime if head == DESCRIBED else f"{regime}, as released"
            over_time.quantity(axes, pair.sel(regime=regime, head=head), "accuracy", label=label, **{**line, **of_head})
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
    for head, of_head in OF_HEAD.items():
        for regime, line in REGIMES.items():
            steps = pair.steps_to_recover.sel(regime=regime, head=head)
            band(axes, blocks, steps, marker="o", markersize=2.5, **{**line, **of_head})
    axes.set(xlabel="block", ylabel="steps to accuracy .85", yscale="log", xlim=(0.5, blocks[-1] + 0.5))
    axes.set_xticks([1, *range(5, blocks[-1] + 1, 5)])


def negative(data: xarray.Dataset, pairs: Sequence[Pair]) -> str:
    """In how many networks a flexible gate is `BELOW` at the ends of the late blocks of a task, on average."""
    ends = data.gates_at_end.sel(regime="flexible").isel(block=slice(LATE, None))
    of_tasks = [ends.isel(block=slice(task, None, 2)).mean("block").min("path") for task in range(2)]

    def count(pair: Pair, head: str) -> int:
        lowest = np.minimum(*(each.sel(pair=pair.task, head=head).values for each in of_tasks))
        return int((lowest < BELOW).sum())

    found = [
        f"{pair.named or pair.task}, {head}, {count(pair, head)} of {data.sizes['seed']}"
        for pair in pairs
        for head in HEADS
    ]
    return "; ".join(found)


def late(values: xarray.DataArray) -> xarray.DataArray:
    """Late blocks."""
    return values.isel(block=slice(LATE, None))


def slower(data: xarray.Dataset) -> Measurement:
    """By how many powers of ten the forgetful network needs more steps in late blocks.

    A ratio to one or two steps is skewed, and its logarithm is not.
    """
    steps = late(data.steps_to_recover).mean("block")
    ratio = steps.sel(regime="forgetful") / steps.sel(regime="flexible")
    # What is no number of steps has no logarithm: the result is then no number, and its claim fails.
    with np.errstate(invalid="ignore", divide="ignore"):
        return measure(ratio.copy(data=np.log10(ratio.values)))


def claims_of(data: xarray.Dataset, on: str, pair: Pair) -> list[Claim]:
    """The claims about one pair of tasks, of its data.

    What the paper says is asked of the features that it describes and of those of the released code. No published
    picture could be read: its levels are not known, and bounds follow from the permutations and from the networks.
    """
    described, released = (data.sel(head=head) for head in (DESCRIBED, RELEASED))
    ends = late(data.accuracy_at_end).sel(regime="flexible")
    found = [
        *of_the_text(described, f"text on {on}"),
        (
            "at the ends of late blocks the flexible network is as accurate as the network that computes its features: "
            "accuracy there less that of the latter",
            f"ours, on {on}",
            Range(-0.01, 0.01, "a hundredth of all images, as the head sees nothing but these features"),
            measure(ends.sel(head=DESCRIBED) - data.network_accuracy.sel(head=DESCRIBED)),
        ),
        (
            "in late blocks the forgetful network needs at least ten times as many steps to an accuracy of .85: "
            "logarithm of the ratio to base 10",
            f"ours, on {on}",
            Range(1.0, None, "what the paper calls fast should be so by an order of magnitude"),
            slower(described),
        ),
        *(
            (f"as released, {each}", *more)
            for each, *more in of_the_text(released, f"text on {on}, settings as released")
        ),
        (
            "the ten features of the released code do as well as 64: the flexible network's accuracy at the ends of "
            "late blocks with them less that with 64",
            f"ours, on {on}",
            Range(-0.02, 0.02, "two parts in a hundred, so that no curve would show which of them it is"),
            measure(ends.sel(head=RELEASED) - ends.sel(head=DESCRIBED)),
        ),
    ]
    of = f"{pair.named}: " if pair.named else ""
    return [
        Claim(
            f"{of}{sentence}",
            source,
            expected,
            measured,
            verdict(sentence, pair.known),
            origin="ours" if source.startswith("ours") else "text",
        )
        for sentence, source, expected, measured in found
    ]


def of_the_text(data: xarray.Dataset, source: str) -> list[tuple[str, str, Range, Measurement]]:
    """What the paper says of both regimes, measured on the heads of one kind: sentence, source, range, measurement."""
    flexible, forgetful = data.sel(regime="flexible"), data.sel(regime="forgetful")
    own, other = map(late, over_time.of_both_tasks(flexible.gates_at_end))
    free = float(data.ceiling)
    return [
        (
            "the flexible network recovers within 100 steps of late switches: accuracy there less that at block ends",
            source,
            Range(-0.02, None, "two parts in a hundred, which no curve would show as a dip"),
            measure(late(flexible.accuracy_after_switch) - late(flexible.accuracy_at_end)),
        ),
        (
            "its gates specialize: at the ends of late blocks that of the task on show less the other",
            source,
            Range(0.5, None, "more than what either gate starts from"),
            measure(own - other),
        ),
        (
            "the forgetful network falls at late switches, below what is possible without knowing the task: accuracy "
            "100 steps on less that",
            source,
            Range(None, 0.0, "below is below"),
            measure(late(forgetful.accuracy_after_switch) - free),
        ),
        (
            "and climbs above it within the block: accuracy at block ends less what is possible without knowing the "
            "task",
            source,
            Range(0.1, None, "a tenth of all images, so that it has learned the task on show again"),
            measure(late(forgetful.accuracy_at_end) - free),
        ),
    ]


def verdict(sentence: str, known: Mapping[str, Verdict]) -> Verdict:
    """The known verdict of a sentence, by its beginning."""
    for start, found in known.items():
        if sentence.startswith(start):
            return found
    return "holds"
