"""Figure 2: a network with fast, bounded gates comes to switch between tasks that a forgetful one learns anew."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gatednet.figures.toolkit import over_time
from gatednet.figures.toolkit.caption import caption as written
from gatednet.figures.toolkit.claim import Claim, Range
from gatednet.figures.toolkit.describe import described, settings_line
from gatednet.figures.toolkit.panels import PAGE, REGIMES, band, legend_above, letters, new_figure
from gatednet.figures.toolkit.published import WHY_BATCHES, difference, over_starts
from gatednet.figures.toolkit.specialization import TYPICAL
from gatednet.figures.toolkit.statistics import Measurement, measure, over_seeds
from gatednet.sweeps.catalog.published import STARTS
from gatednet.sweeps.store.store import Store

SWEEPS = ("fig2", "fig2-published")
PANELS = "ABCDEF"
# Our own starts, and the published ones, in panel F.
CRITERION_LINES = {
    "": {"marker": "o", "markersize": 2.5},
    "from_published_": {"marker": "x", "markersize": 3, "linewidth": 0.5},
}
# Read off the published panels A and F: the loss at the start and at the switches after it, those from 15 to 18 and in
# the forgetful regime but roughly; and the time to criterion of each block, by regime.
FLEXIBLE_LOSSES = (
    *(0.255, 0.29, 0.19, 0.24, 0.21, 0.25, 0.245, 0.29, 0.30, 0.35, 0.35, 0.37, 0.40, 0.41, 0.43),
    *(np.nan, np.nan, np.nan, np.nan, 0.48),
)
PUBLISHED_TIMES = {
    "flexible": (
        *(0.71, 0.73, 0.42, 0.53, 0.38, 0.41, 0.29, 0.28, 0.21, 0.18),
        *(0.15, 0.15, 0.12, 0.12, 0.09, 0.07, 0.05, 0.04, 0.04, 0.04),
    ),
    "forgetful": (0.75, 0.76, 0.41, 0.51, 0.41, 0.45, *(14 * (0.435,))),
}
BLOCKS = len(FLEXIBLE_LOSSES)
COURSES = ("loss", "gates", "alignment", "weight_change", "gate_change", "weight_norm")
# From here on the published gates alternate cleanly.
ALTERNATING_FROM = 8.0
# Total alignment from which on a run counts as specialized.
SPECIALIZED = 0.9
READING = "read off the published picture, to about .02"
# What is allowed for the mean absolute difference to a row of published numbers, each of which is good to about .02.
ALL_OF_THEM = 0.02
WHY_ALL = f"each is {READING}, and half of that on average; as much for the mean of ten runs: {WHY_BATCHES}"


def compute(stores: Mapping[str, Store]) -> xarray.Dataset:
    """What the panels show, and what claims measure of each run.

    See `reduced` for runs from our own starts and `from_published` for those from the published ones. "path" is in the
    order of the tasks that the paths are matched to at the end of the run.
    """
    own, published = (stores[store].dataset().transpose("regime", "seed", ...) for store in SWEEPS)
    experiment = stores["fig2"].sweep.experiment
    found = reduced(over_time.by_task(own[[*COURSES, "time_to_criterion"]]))
    found = found.assign({"time_to_criterion": own.time_to_criterion, **from_published(published)})
    return found.assign_attrs(**over_time.timing(experiment), settings=settings_line(experiment))


def from_published(runs: xarray.Dataset) -> dict[str, xarray.DataArray]:
    """What the published starts give, means over them, (regime, batches, ...), and the published numbers beside them.

    `from_published_time_to_criterion` and `from_published_loss_at_switch`, on the batch of the first step of each
    block, are those of the first twenty blocks, `from_published_alignment` is at the end, path by task.
    `published_time_to_criterion` (regime, block) and `published_loss_at_switch` (block), in the flexible regime, are
    read off the pictures; NaN where no number was.
    """
    blocks = runs.isel(block=slice(BLOCKS))
    matched = over_time.by_task(runs).alignment.isel(step=-1, drop=True)
    means = {
        "time_to_criterion": blocks.time_to_criterion,
        "loss_at_switch": blocks.loss_after_switch.isel(after_switch=0, drop=True),
        "alignment": matched,
    }
    tables = np.array([PUBLISHED_TIMES[regime] for regime in runs.regime.values])
    return {
        **{f"from_published_{name}": over_starts(values.load()) for name, values in means.items()},
        "published_time_to_criterion": xarray.DataArray(
            tables, dims=("regime", "block"), attrs=described("published time to criterion", "time constant")
        ),
        "published_loss_at_switch": xarray.DataArray(
            np.array(FLEXIBLE_LOSSES), dims="block", attrs=described("published loss at the switch, flexible")
        ),
    }


def reduced(runs: xarray.Dataset) -> xarray.Dataset:
    """`COURSES` over time, averaged over seeds, and of each run, (regime, seed), what claims measure.

    These are `loss_at_switch`, `loss_at_end`, `change_at_end` (of the weights) and `gates_at_end` of each block, the
    largest `gate_change_peak` in it, and `final_alignment` and `final_norm`.
    """
    blocks = {name: over_time.in_blocks(runs[name], runs.sizes["block"]) for name in COURSES}
    return over_time.courses(runs, COURSES).assign(
        loss_at_switch=blocks["loss"].isel(save=0),
        loss_at_end=blocks["loss"].isel(save=-1),
        gates_at_end=blocks["gates"].isel(save=-1),
        change_at_end=blocks["weight_change"].isel(save=-1),
        gate_change_peak=blocks["gate_change"].max("save", keep_attrs=True),
        final_alignment=runs.alignment.isel(step=-1, drop=True),
        final_norm=runs.weight_norm.isel(step=-1, drop=True),
    )


def draw(data: xarray.Dataset) -> Figure:
    """The six panels, from our own starts; panels A and F also from the published ones."""
    figure = new_figure(PAGE, 7.2)
    # One grid for all panels, those of half the height too, so that columns are in line.
    grid = figure.add_gridspec(6, 2)
    places = ((0, 0), (1, 1), (2, 0), (2, 1))
    loss, change, gate_change, criterion = (
        figure.add_subplot(grid[2 * row : 2 * row + 2, column]) for row, column in places
    )
    gates = [figure.add_subplot(grid[row, 1]) for row in (0, 1)]
    alignment = [figure.add_subplot(grid[row, 0]) for row in (2, 3)]

    for axes, name in ((loss, "loss"), (change, "weight_change"), (gate_change, "gate_change")):
        for regime, line in REGIMES.items():
            over_time.quantity(axes, data.sel(regime=regime), name, label=regime, **line)
    peaks(loss, data)
    loss.set(ylabel="loss", ylim=(0, None))
    legend_above(loss)
    change.set_ylabel("weight change  ‖dW/dt‖ / ‖W‖")
    over_time.cut_off_early(change, 1.05)
    gate_change.set(ylabel="gate change  ‖dc/dt‖", ylim=(0, None))
    gate_change.set_ylim(-0.02 * gate_change.get_ylim()[1], None)
    weight_norm(gate_change, data)
    for row, regime in enumerate(REGIMES):
        over_time.gates(gates[row], data.sel(regime=regime), tasks=2)
        over_time.alignment(alignment[row], data.sel(regime=regime))
    over_time.name_column(gates, REGIMES)
    over_time.name_column(alignment, REGIMES)
    times_to_criterion(criterion, data)
    letters((loss, gates[0], alignment[0], change, gate_change, criterion), PANELS)
    return figure


def weight_norm(axes: Axes, data: xarray.Dataset) -> None:
    """The norm of the weights on an axis of its own, at the right."""
    right = axes.twinx()
    right.spines["right"].set_visible(True)
    for regime, line in REGIMES.items():
        band(
            right, data.time.values, data.weight_norm.sel(regime=regime), **{**line, "linestyle": ":", "linewidth": 1.6}
        )
    right.set(ylabel="weight norm ‖W‖ (dotted)", ylim=(0, 1.1))


def peaks(axes: Axes, data: xarray.Dataset) -> None:
    """The loss at the start and at each switch from the published starts, as crosses."""
    at = np.arange(BLOCKS) * data.block_length
    for regime, line in REGIMES.items():
        values = data.from_published_loss_at_switch.sel(regime=regime).mean("batches")
        cross = {"marker": "x", "markersize": 3, "linestyle": "none", "zorder": 3, "clip_on": False}
        axes.plot(at, values, color=line["color"], **cross)


def times_to_criterion(axes: Axes, data: xarray.Dataset) -> None:
    """The time from each switch until the loss is below .1, in units of the weights' time constant."""
    blocks = np.arange(1, data.sizes["block"] + 1)
    for regime, line in REGIMES.items():
        for starts, look in CRITERION_LINES.items():
            values = data[f"{starts}time_to_criterion"].sel(regime=regime)
            if starts:
                values = values.rename(batches="seed")
            label = f"{regime}, published starts" if starts else regime
            band(axes, blocks, values, label=label, **{**line, **look})
    axes.set(xlabel="block", ylabel="time to criterion / τ$_w$", ylim=(0, None), xlim=(0.5, blocks[-1] + 0.5))
    axes.set_xticks([1, *range(5, blocks[-1] + 1, 5)])
    axes.legend(loc="upper right")


def claims(data: xarray.Dataset) -> list[Claim]:
    """What the published panels lead one to expect, from the published starts, and then from our own."""
    flexible, forgetful = data.sel(regime="flexible"), data.sel(regime="forgetful")
    late = {"block": slice(-4, None)}
    first, last = slice(0, 2), slice(-2, None)
    alternating = int(np.ceil(ALTERNATING_FROM / data.block_length - 1e-9))
    return [
        *claims_from_published(data),
        Claim(
            "the forgetful loss returns to .20 at late switches",
            "Figure 2A",
            Range(0.18, 0.22, f"peaks are {READING}"),
            measure(forgetful.loss_at_switch.isel(late)),
            origin="picture",
        ),
        Claim(
            "the forgetful loss falls to .065 within late blocks",
            "Figure 2A",
            Range(0.055, 0.075, "read off the published picture, to about .01 at the foot of the curve"),
            measure(forgetful.loss_at_end.isel(late)),
            origin="picture",
        ),
        Claim(
            "the flexible loss peaks at .45 or more at the last switch (published .48)",
            "Figure 2A",
            Range(0.45, None, f"{READING}, and a band of .01; bounded by ½, complete specialization; {TYPICAL}"),
            measure(flexible.loss_at_switch.isel(block=-1), np.median),
            origin="picture",
        ),
        Claim(
            "gates alternate between 0 and 1 from t = 8: difference of the two at block ends",
            "Figure 2B",
            Range(0.9, 1.1, f"a clean alternation is a difference of 1, give or take a tenth; {TYPICAL}"),
            measure(active_difference(flexible).isel(block=slice(alternating, None)), np.median),
            origin="picture",
        ),
        Claim(
            "each path ends aligned with its task",
            "Figure 2C",
            Range(0.95, None, f"published .97 to 1.00, {READING}; bounded by 1; {TYPICAL}"),
            measure(own_alignment(flexible), np.median),
            origin="picture",
        ),
        Claim(
            "and not with the other task",
            "Figure 2C",
            Range(None, 0.12, f"published .02 to .1, {READING}; {TYPICAL}"),
            measure(other_alignment(flexible), np.median),
            origin="picture",
        ),
        Claim(
            "the two paths of a forgetful network stay alike: difference of a task's alignment with each",
            "Figure 2C",
            Range(-0.1, 0.1, "no path is preferred; a tenth of complete specialization is allowed for"),
            measure(own_alignment(forgetful) - other_alignment(forgetful)),
            origin="picture",
        ),
        Claim(
            "more runs than not have specialized by the end: share with a total alignment of .9",
            "Figure 2C",
            Range(0.5, None, "all ten published starts have; from others it may take longer than the run"),
            measure(specialized(flexible)),
            origin="picture",
        ),
        Claim(
            "late flexible weights hardly change at the end of a block: relative change at most .05",
            "Figure 2D",
            Range(None, 0.05, f"published .03, {READING}; {TYPICAL}"),
            measure(flexible.change_at_end.isel(late), np.median),
            origin="picture",
        ),
        Claim(
            "forgetful weights still do: relative change .45",
            "Figure 2D",
            Range(0.42, 0.48, "read off the published picture, to about .03 where the curve is steep"),
            measure(forgetful.change_at_end.isel(late)),
            origin="picture",
        ),
        Claim(
            "peaks of the gates' change grow over the run: late peaks over early ones",
            "Figure 2E",
            Range(1.0, None, "above 1 is growth, of whatever size"),
            growth_of_peaks(flexible.gate_change_peak),
            origin="picture",
        ),
        Claim(
            "the norm of the flexible weights ends at .97",
            "Figure 2E",
            Range(0.95, 1.0, f"{READING}, and 1 is the norm of the two teachers together; {TYPICAL}"),
            measure(flexible.final_norm, np.median),
            origin="picture",
        ),
        Claim(
            "flexible networks that have specialized meet the criterion after .04 τ_w in the last blocks",
            "Figure 2F",
            Range(0.02, 0.06, f"{READING}; all published runs specialize"),
            of_specialized(flexible.time_to_criterion.isel(late), flexible),
            origin="picture",
        ),
        Claim(
            "the forgetful network after .435 τ_w",
            "Figure 2F",
            Range(0.415, 0.455, f"published .43 to .44, {READING}"),
            measure(forgetful.time_to_criterion.isel(late)),
            origin="picture",
        ),
        Claim(
            "in its first two blocks the flexible network needs .72 τ_w",
            "Figure 2F",
            Range(
                0.67, 0.77, f"published .71 and .73, {READING}, and a mean of ten runs is good to .01, theirs as ours"
            ),
            measure(flexible.time_to_criterion.isel(block=first)),
            origin="picture",
        ),
        Claim(
            "late in the run the flexible network is at least five times faster than the forgetful one",
            "Figure 2F",
            Range(5.0, None, "published .04 against .435 is a factor of ten; half of it is still a difference in kind"),
            advantage(data, last),
            origin="picture",
        ),
    ]


def claims_from_published(data: xarray.Dataset) -> list[Claim]:
    """Numbers read off the published panels, from the published starts: one measurement for each set of batches."""
    flexible, forgetful = data.sel(regime="flexible"), data.sel(regime="forgetful")
    times = {
        regime: (
            data.from_published_time_to_criterion.sel(regime=regime).values,
            data.published_time_to_criterion.sel(regime=regime).values,
        )
        for regime in REGIMES
    }
    losses, published_losses = flexible.from_published_loss_at_switch.values, data.published_loss_at_switch.values
    ends = flexible.from_published_alignment.values
    return [
        Claim(
            "from the published starts the flexible loss at the start and at fifteen switches is the published one, "
            ".255 .29 .19 .24 .21 … .48: mean absolute difference",
            "Figure 2A (picture), published starts",
            Range(None, ALL_OF_THEM, WHY_ALL),
            over_seeds(losses, lambda sets: difference(sets, published_losses)),
            origin="picture",
            needs=STARTS,
        ),
        Claim(
            "from the published starts the forgetful loss returns to .20 at late switches",
            "Figure 2A (picture), published starts",
            Range(0.18, 0.22, f"peaks are {READING}; {WHY_BATCHES}"),
            over_seeds(forgetful.from_published_loss_at_switch.isel(block=slice(-4, None)).values),
            origin="picture",
            needs=STARTS,
        ),
        Claim(
            "from the published starts each path ends aligned with its task",
            "Figure 2C (picture), published starts",
            Range(0.95, None, f"published .97 to 1.00, {READING}; bounded by 1; {WHY_BATCHES}"),
            over_seeds(ends[:, [0, 1], [0, 1]]),
            origin="picture",
            needs=STARTS,
        ),
        Claim(
            "from the published starts it does not with the other task",
            "Figure 2C (picture), published starts",
            Range(None, 0.12, f"published .02 to .1, {READING}; {WHY_BATCHES}"),
            over_seeds(ends[:, [0, 1], [1, 0]]),
            origin="picture",
            needs=STARTS,
        ),
        *(
            Claim(
                f"from the published starts the {regime} network meets the criterion in all twenty blocks after the "
                f"published times, {shown}: mean absolute difference",
                "Figure 2F (picture), published starts",
                Range(None, ALL_OF_THEM, WHY_ALL),
                over_seeds(measured, lambda sets, table=table: difference(sets, table)),
                origin="picture",
                needs=STARTS,
            )
            for (regime, (measured, table)), shown in zip(
                times.items(), (".71 .73 .42 .53 … .04", ".75 .76 .41 .51 .41 .45 … .435"), strict=True
            )
        ),
    ]


def own_alignment(data: xarray.Dataset) -> xarray.DataArray:
    """Alignment of each task with the path matched to it, at the end; dimensions "seed" and "task"."""
    pairs = xarray.DataArray(np.arange(2), dims="pair")
    return data.final_alignment.isel(task=pairs, path=pairs)


def specialized(flexible: xarray.Dataset) -> xarray.DataArray:
    """Whether each run has specialized by its end, as 0 or 1."""
    return (own_alignment(flexible).mean("pair") >= SPECIALIZED).astype(float)


def of_specialized(values: xarray.DataArray, flexible: xarray.Dataset) -> Measurement:
    """The mean over the runs that have specialized, and everything else; NaN where none has."""
    of_run = values.mean([dim for dim in values.dims if dim != "seed"])

    def mean_of_chosen(runs: np.ndarray) -> float:
        value, chosen = runs.T
        return float(value[chosen == 1].mean()) if chosen.any() else np.nan

    return over_seeds(np.stack([of_run.values, specialized(flexible).values], axis=1), mean_of_chosen)


def other_alignment(data: xarray.Dataset) -> xarray.DataArray:
    """Alignment of each task with the path matched to the other one, at the end."""
    pairs = {"task": xarray.DataArray([0, 1], dims="pair"), "path": xarray.DataArray([1, 0], dims="pair")}
    return data.final_alignment.isel(pairs)


def active_difference(flexible: xarray.Dataset) -> xarray.DataArray:
    """The gate of the task on show minus that of the other, at the end of each block."""
    own, other = over_time.of_both_tasks(flexible.gates_at_end)
    return own - other


def growth_of_peaks(peaks: xarray.DataArray) -> Measurement:
    """The peaks of the last five blocks over those of the first five, means over blocks and seeds."""
    return over_seeds(
        peaks.transpose("seed", "block").values, lambda runs: float(runs[:, -5:].mean() / runs[:, :5].mean())
    )


def advantage(data: xarray.Dataset, blocks: slice) -> Measurement:
    """How many times longer the forgetful network needs to the criterion than the flexible one, in the typical run."""
    times = data.time_to_criterion.isel(block=blocks).mean("block").transpose("seed", "regime")
    ratio = times.sel(regime="forgetful") / times.sel(regime="flexible")
    return over_seeds(ratio.values, np.median)


def caption(data: xarray.Dataset, claims: list[Claim]) -> str:
    """What is seen in the six panels, with settings and verdicts."""
    return written(
        "Figure 2. Fast, bounded gates turn learning into switching",
        "Two tasks A and B alternate in blocks (shaded: B). The flexible network has fast, bounded gates, the "
        "forgetful one gates as slow as its weights and no penalties. **A** Task loss. **B** Gates of the path matched "
        "to each task. **C** Alignment of each of these paths with its own task and with the other one (dotted). **D** "
        "Rate of change of the weights, relative to their norm. **E** Rate of change of the gates; dotted, on the "
        "right axis, the norm of the weights. **F** Time from a switch until the loss on the batch is below .1, in "
        "units of τ_w. Crosses in A and F, in F on thin lines: the ten published starts with their teachers, and "
        f"blocks of 999 steps, means over {data.sizes['batches']} sets of batches. Paths are matched to tasks once a "
        "run, by the assignment of largest summed alignment at its end. Lines are means over "
        f"{data.sizes['seed']} seeds of our own, bands their standard errors.",
        [f"flexible: {data.settings}", "forgetful: the same, with τ_c = τ_w, λ_norm = λ_nonneg = 0"],
        claims,
    )
