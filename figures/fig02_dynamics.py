"""Figure 2: a network with fast, bounded gates comes to switch between tasks that a forgetful one learns anew."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import xarray
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gatednet.figures.toolkit import over_time
from gatednet.figures.toolkit.caption import caption as written
from gatednet.figures.toolkit.claim import Claim, Range
from gatednet.figures.toolkit.describe import settings_line
from gatednet.figures.toolkit.panels import PAGE, REGIMES, band, letter, new_figure
from gatednet.figures.toolkit.specialization import TYPICAL
from gatednet.figures.toolkit.statistics import Measurement, measure, over_seeds
from gatednet.sweeps.store.store import Store

SWEEPS = ("fig2", "fig2-shared")
PANELS = "ABCDEF"
STORES = {"own": "fig2", "shared": "fig2-shared"}
CRITERION_LINES = {
    "own": {"marker": "o", "markersize": 2.5},
    "shared": {"marker": "x", "markersize": 3, "linewidth": 0.5},
}
# From here on the published gates alternate cleanly.
ALTERNATING_FROM = 8.0
# Total alignment from which on a run counts as specialized.
SPECIALIZED = 0.9
READING = "read off the published picture, to about .02"


def compute(stores: Mapping[str, Store]) -> xarray.Dataset:
    """What the panels show, for every run.

    Dimensions are "teachers" (own: a set for each seed; shared: one for all, as published), "regime", "seed", and
    "step" or "block"; "path" is in the order of the tasks that the paths are matched to at the end of the run.
    """
    parts = [of_store(stores[store].dataset()) for store in STORES.values()]
    data = xarray.concat(parts, "teachers", combine_attrs="override").assign_coords(teachers=list(STORES))
    experiment = stores["fig2"].sweep.experiment
    return data.assign_attrs(**over_time.timing(experiment), settings=settings_line(experiment))


def of_store(data: xarray.Dataset) -> xarray.Dataset:
    """The arrays of one store, with paths in the order of their tasks."""
    names = ["loss", "gates", "alignment", "weight_change", "gate_change", "weight_norm", "time_to_criterion"]
    return over_time.by_task(data[names].transpose("regime", "seed", ...))


def draw(data: xarray.Dataset) -> Figure:
    """The six panels, with a set of teachers for each seed; panel F also with one shared set."""
    figure = new_figure(PAGE, 7.0)
    grid = figure.add_gridspec(3, 2)
    own = data.sel(teachers="own")
    loss, change, gate_change, criterion = (figure.add_subplot(grid[at]) for at in ((0, 0), (1, 1), (2, 0), (2, 1)))
    gates = grid[0, 1].subgridspec(2, 1, hspace=0.0).subplots(sharex=True, squeeze=False)[:, 0]
    alignment = grid[1, 0].subgridspec(2, 1, hspace=0.0).subplots(sharex=True, squeeze=False)[:, 0]

    for axes, name in ((loss, "loss"), (change, "weight_change"), (gate_change, "gate_change")):
        for regime, line in REGIMES.items():
            over_time.quantity(axes, own.sel(regime=regime), name, label=regime, **line)
    loss.set(ylabel="loss", ylim=(0, None))
    loss.legend(loc="upper left", ncols=2)
    change.set(ylabel="weight change  ‖dW/dt‖ / ‖W‖", ylim=(0, 1.05))
    gate_change.set(ylabel="gate change  ‖dc/dt‖", ylim=(0, None))
    weight_norm(gate_change, own)
    by_regime(gates, own, lambda axes, data: over_time.gates(axes, data, tasks=2))
    by_regime(alignment, own, over_time.alignment)
    times_to_criterion(criterion, data)
    for name, axes in zip("ABCDEF", (loss, gates[0], alignment[0], change, gate_change, criterion), strict=True):
        letter(axes, name)
    return figure


def weight_norm(axes: Axes, data: xarray.Dataset) -> None:
    """The norm of the weights on an axis of its own, at the right."""
    right = axes.twinx()
    right.spines["right"].set_visible(True)
    for regime, line in REGIMES.items():
        values = data.weight_norm.sel(regime=regime).values
        band(right, data.time.values, values, **{**line, "linestyle": ":", "linewidth": 1.6})
    right.set(ylabel="weight norm ‖W‖ (dotted)", ylim=(0, 1.1))


def by_regime(column: np.ndarray, data: xarray.Dataset, lines: Callable[[Axes, xarray.Dataset], None]) -> None:
    """Two axes over each other, the flexible regime above the forgetful one."""
    for axes, regime in zip(column, REGIMES, strict=True):
        lines(axes, data.sel(regime=regime))
        axes.set_ylabel(f"{axes.get_ylabel()}\n{regime}")
    column[0].set_xlabel("")
    column[0].tick_params(labelbottom=False)
    column[1].legend(loc="lower right", ncols=2)


def times_to_criterion(axes: Axes, data: xarray.Dataset) -> None:
    """The time from each switch until the loss is below .1, in units of the weights' time constant."""
    blocks = np.arange(1, data.sizes["block"] + 1)
    for regime, line in REGIMES.items():
        for teachers, look in CRITERION_LINES.items():
            values = data.time_to_criterion.sel(regime=regime, teachers=teachers).values
            label = regime if teachers == "own" else f"{regime}, one teacher set"
            band(axes, blocks, values, label=label, **{**line, **look})
    axes.set(xlabel="block", ylabel="time to criterion / τ$_w$", ylim=(0, None), xlim=(0.5, blocks[-1] + 0.5))
    axes.set_xticks([1, *range(5, blocks[-1] + 1, 5)])
    axes.legend(loc="upper right")


def at_switches(values: xarray.DataArray, data: xarray.Dataset, saves_before: int = 0) -> xarray.DataArray:
    """Values at the first save of each block, or so many saves before the block's end; first dimension "block"."""
    per_block = round(data.sizes["step"] - 1) // data.sizes["block"]
    starts = np.arange(data.sizes["block"]) * per_block
    at = starts if not saves_before else starts + per_block - saves_before
    return values.isel(step=xarray.DataArray(at, dims="block"))


def claims(data: xarray.Dataset) -> list[Claim]:
    """What the published panels lead one to expect, measured with a set of teachers for each seed."""
    own = data.sel(teachers="own")
    flexible, forgetful = own.sel(regime="flexible"), own.sel(regime="forgetful")
    late = {"block": slice(-4, None)}
    first, last = slice(0, 2), slice(-2, None)
    alternating = int(np.ceil(ALTERNATING_FROM / data.block_length - 1e-9))
    return [
        Claim(
            "the forgetful loss returns to .20 at late switches",
            "Figure 2A",
            Range(0.18, 0.22, f"peaks are {READING}"),
            measure(at_switches(forgetful.loss, data).isel(late)),
        ),
        Claim(
            "the forgetful loss falls to .065 within late blocks",
            "Figure 2A",
            Range(0.055, 0.075, "read off the published picture, to about .01 at the foot of the curve"),
            measure(at_switches(forgetful.loss, data, 1).isel(late)),
        ),
        Claim(
            "the flexible loss peaks at .45 or more at the last switch (published .48)",
            "Figure 2A",
            Range(0.45, None, f"{READING}, and a band of .01; bounded by ½, complete specialization; {TYPICAL}"),
            measure(at_switches(flexible.loss, data).isel(block=-1), np.median),
        ),
        Claim(
            "gates alternate between 0 and 1 from t = 8: difference of the two at block ends",
            "Figure 2B",
            Range(0.9, 1.1, f"a clean alternation is a difference of 1, give or take a tenth; {TYPICAL}"),
            measure(active_difference(flexible, data).isel(block=slice(alternating, None)), np.median),
        ),
        Claim(
            "each path ends aligned with its task",
            "Figure 2C",
            Range(0.95, None, f"published .97 to 1.00, {READING}; bounded by 1; {TYPICAL}"),
            measure(own_alignment(flexible), np.median),
        ),
        Claim(
            "and not with the other task",
            "Figure 2C",
            Range(None, 0.12, f"published .02 to .1, {READING}; {TYPICAL}"),
            measure(other_alignment(flexible), np.median),
        ),
        Claim(
            "the two paths of a forgetful network stay alike: difference of a task's alignment with each",
            "Figure 2C",
            Range(-0.1, 0.1, "no path is preferred; a tenth of complete specialization is allowed for"),
            measure(own_alignment(forgetful) - other_alignment(forgetful)),
        ),
        Claim(
            "more runs than not have specialized by the end: share with a total alignment of .9",
            "Figure 2C",
            Range(0.5, None, "all published runs have, with one teacher set; other sets may take longer than the run"),
            measure(specialized(flexible)),
        ),
        Claim(
            "late flexible weights hardly change at the end of a block: relative change at most .05",
            "Figure 2D",
            Range(None, 0.05, f"published .03, {READING}; {TYPICAL}"),
            measure(at_switches(flexible.weight_change, data, 1).isel(late), np.median),
        ),
        Claim(
            "forgetful weights still do: relative change .45",
            "Figure 2D",
            Range(0.42, 0.48, "read off the published picture, to about .03 where the curve is steep"),
            measure(at_switches(forgetful.weight_change, data, 1).isel(late)),
        ),
        Claim(
            "peaks of the gates' change grow over the run: late peaks over early ones",
            "Figure 2E",
            Range(1.0, None, "above 1 is growth, of whatever size"),
            growth_of_peaks(flexible.gate_change, data),
        ),
        Claim(
            "the norm of the flexible weights ends at .97",
            "Figure 2E",
            Range(0.95, 1.0, f"{READING}, and 1 is the norm of the two teachers together; {TYPICAL}"),
            measure(flexible.weight_norm.isel(step=-1), np.median),
        ),
        Claim(
            "flexible networks that have specialized meet the criterion after .04 τ_w in the last blocks",
            "Figure 2F",
            Range(0.02, 0.06, f"{READING}; all published runs specialize"),
            of_specialized(flexible.time_to_criterion.isel(late), flexible),
        ),
        Claim(
            "the forgetful network after .435 τ_w",
            "Figure 2F",
            Range(0.415, 0.455, f"published .43 to .44, {READING}"),
            measure(forgetful.time_to_criterion.isel(late)),
        ),
        Claim(
            "in its first two blocks the flexible network needs .72 τ_w",
            "Figure 2F",
            Range(
                0.67, 0.77, f"published .71 and .73, {READING}, and a mean of ten runs is good to .01, theirs as ours"
            ),
            measure(flexible.time_to_criterion.isel(block=first)),
        ),
        Claim(
            "late in the run the flexible network is at least five times faster than the forgetful one",
            "Figure 2F",
            Range(5.0, None, "published .04 against .435 is a factor of ten; half of it is still a difference in kind"),
            advantage(own, last),
        ),
    ]


def own_alignment(data: xarray.Dataset) -> xarray.DataArray:
    """Alignment of each task with the path matched to it, at the end; dimensions "seed" and "task"."""
    end = data.alignment.isel(step=-1)
    pairs = xarray.DataArray(np.arange(2), dims="pair")
    return end.isel(task=pairs, path=pairs)


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
    end = data.alignment.isel(step=-1)
    return end.isel(task=xarray.DataArray([0, 1], dims="pair"), path=xarray.DataArray([1, 0], dims="pair"))


def active_difference(flexible: xarray.Dataset, data: xarray.Dataset) -> xarray.DataArray:
    """The gate of the task on show minus that of the other, at the end of each block."""
    at_end = at_switches(flexible.gates, data, 1)
    task = xarray.DataArray(np.arange(data.sizes["block"]) % 2, dims="block")
    return at_end.isel(path=task) - at_end.isel(path=1 - task)


def growth_of_peaks(change: xarray.DataArray, data: xarray.Dataset) -> Measurement:
    """The largest gate change of the last five blocks over that of the first five, means over blocks and seeds."""
    blocks = data.sizes["block"]
    per_block = (data.sizes["step"] - 1) // blocks
    peaks = change.values[:, :-1].reshape(-1, blocks, per_block).max(axis=2)
    return over_seeds(peaks, lambda runs: float(runs[:, -5:].mean() / runs[:, :5].mean()))


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
        "to each task. **C** Alignment of each task with its own path and with that of the other (dotted). **D** Rate "
        "of change of the weights, relative to their norm. **E** Rate of change of the gates; dotted, on the right "
        "axis, the norm of the weights. **F** Time from a switch until the loss on the batch is below .1, in units of "
        "τ_w; thin lines with crosses: one teacher set shared by all seeds, as published. Paths are matched to tasks "
        "once a run, by the assignment of largest summed alignment at its end. Lines are means over "
        f"{data.sizes['seed']} seeds, bands their standard errors.",
        [f"flexible: {data.settings}", "forgetful: the same, with τ_c = τ_w, λ_norm = λ_nonneg = 0"],
        claims,
    )
