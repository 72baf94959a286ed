"""Figure A12: loss, gates and alignment before and after tasks that are composed of known ones, in both conventions."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
import xarray
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gatednet.figures.toolkit import over_time
from gatednet.figures.toolkit.caption import caption as written
from gatednet.figures.toolkit.claim import Claim, Published, Range
from gatednet.figures.toolkit.composition import (
    as_released,
    by_task_and_row,
    composed_blocks,
    described_by,
    final_alignment,
    flexible_over_forgetful,
    gates_of_composed,
    late_gates,
    recorded_peaks,
    wrongly_sorted,
)
from gatednet.figures.toolkit.describe import described, settings_line
from gatednet.figures.toolkit.panels import PAGE, REGIMES, alike, at_least, letters, new_figure
from gatednet.figures.toolkit.statistics import Measurement, as_in_file, measure, over_batches, over_seeds
from gatednet.sweeps.catalog.fig03 import SINGLE_BLOCKS
from gatednet.sweeps.catalog.published import STARTS
from gatednet.sweeps.store.store import Store

SWEEPS = ("fig3", "figa12-published")
PANELS = "ABCDEFGHIJKL"
COMPOSITIONS = {"sums": over_time.by_task, "rows": by_task_and_row}
# Blocks of single tasks whose published peaks no longer grow, and that are recorded alike: two steps after a switch.
LATE = slice(14, 21)
# The third path is the one that the released matching gets wrong; blocks of its task that are late.
THIRD, LATE_OF_THIRD = 2, (17, 20)
# Blocks in which the released code records one, two and no steps after a switch.
THIRDS = {"first": slice(1, 11), "second": slice(11, 21), "last": slice(21, 30)}
# Published peaks of the forgetful loss by rows in each of these.
PEAKS_OF_ROWS = {"first": 0.86, "second": 0.76, "last": 0.98}
PEAKS = ("recorded_peak", "from_starts_recorded_peak")
# How many runs published curves are means of, and how well they are read.
RUNS, READING = 10, 0.02
WHY = "a mean of ten runs, measured in the published picture, to about .02"
STARTS_WHY = "the same ten starts of the recipe with other batches, measured in the published picture, to about .02"


def compute(stores: Mapping[str, Store]) -> xarray.Dataset:
    """Loss, gates and alignment over time, averaged over seeds, and what claims measure of each run.

    These are `after_composed`, the loss a tenth of a block after switches between composed tasks, mean over them;
    `gate_of_parts` and `gate_of_rest` in composed blocks, of the tasks that are part of the target and of the one that
    is not; `own_alignment` at the end; and, in the averaged convention, what the released code would have shown:
    `recorded_peak` by block, and of sums `third_gate`, the gate of the third path in late blocks of its task, and
    `wrongly_sorted`. The latter three are also there `from_starts_` of the published recipe, along "start".

    Dimensions are "composition" (sums, rows), "convention", "regime", "seed", "step", and "task" and "path", which is
    in the order of the tasks that paths are matched to at the end of a run. Gates and alignment are those of the
    flexible regime, means over outputs.
    """
    parts = [of_store(stores[f"fig3-{name}"], name) for name in COMPOSITIONS]
    data = xarray.concat(parts, "composition", combine_attrs="override").assign_coords(composition=list(COMPOSITIONS))
    experiments = {name: stores[f"fig3-{name}"].sweep.experiment for name in COMPOSITIONS}
    settings = [f"{name}, flexible: {settings_line(experiment)}" for name, experiment in experiments.items()]
    runs = as_in_file(described_by(data, experiments["sums"])).assign_attrs(settings=settings)
    starts = shown_as_released({name: stores[f"figa12-published-{name}"] for name in COMPOSITIONS})
    starts = starts.rename(seed="start").drop_vars("start", errors="ignore")
    return (
        over_time.courses(runs, ("loss", "gates", "alignment"))
        .assign(
            after_composed=after_composed(runs, 0.1),
            gate_of_parts=gates_of_composed(runs, part=True),
            gate_of_rest=gates_of_composed(runs, part=False),
            own_alignment=final_alignment(runs, own=True),
        )
        .assign(
            {
                **shown_as_released({name: stores[f"fig3-{name}"] for name in COMPOSITIONS}).data_vars,
                **{f"from_starts_{name}": values for name, values in starts.data_vars.items()},
            }
        )
    )


def shown_as_released(stores: Mapping[str, Store]) -> xarray.Dataset:
    """`recorded_peak` of both compositions, `third_gate` and `wrongly_sorted` of sums, in the averaged convention."""
    peaks: list[xarray.DataArray] = []
    for store in stores.values():
        loss = store.dataset().loss_every_step.sel(convention="averaged", drop=True).reset_coords(drop=True)
        peaks.append(recorded_peaks(loss.transpose("regime", "seed", "every_step"), store.sweep.experiment))
    store = stores["sums"]
    sums = store.dataset()[["gates", "alignment"]].sel(convention="averaged", regime="flexible", drop=True)
    sums = sums.reset_coords(drop=True).transpose("seed", ...).load()
    gates = late_gates(as_released(sums), store.sweep.experiment.block_steps).isel(block=list(LATE_OF_THIRD))
    recorded: xarray.DataArray = xarray.concat(peaks, "composition", combine_attrs="override")
    return xarray.Dataset(
        {
            "recorded_peak": recorded.assign_coords(composition=list(stores)),
            "third_gate": gates.isel(path=THIRD).mean("block").assign_attrs(described("gate of the third path")),
            "wrongly_sorted": wrongly_sorted(sums),
        }
    )


def of_store(store: Store, name: str) -> xarray.Dataset:
    """Loss of both regimes, gates and alignment of the flexible one, of one composition.

    Saves are numbered, since steps are not of the same length.
    """
    data = COMPOSITIONS[name](store.dataset().transpose("convention", "regime", "seed", ...))
    time = data.time.drop_vars(data.time.coords).round(6)
    flexible = data[["gates", "alignment"]].sel(regime="flexible", drop=True)
    shown = data[["loss"]].assign(flexible.data_vars)
    return shown.reset_coords(drop=True).drop_vars("step").assign_coords(time=time)


def draw(data: xarray.Dataset) -> Figure:
    """A row for each convention and composition, the published convention first: losses, gates, alignment."""
    figure = new_figure(PAGE, 8.2)
    kinds = [(convention, name) for convention in data.convention.values for name in data.composition.values]
    grid = figure.add_gridspec(2 * len(kinds), 3, width_ratios=(1.3, 1, 1))
    panels = []
    for place, (convention, name) in enumerate(kinds):
        shown = data.sel(convention=convention, composition=name)
        halves = [figure.add_subplot(grid[row, 0]) for row in range(2 * place, 2 * place + 2)]
        gates, alignment = (figure.add_subplot(grid[2 * place : 2 * place + 2, column]) for column in (1, 2))
        losses(halves, shown)
        if convention == "averaged":
            recorded(halves[0], data, name)
        halves[0].set_title(f"{name}, {convention}", loc="right")
        flexible = shown.sel(regime="flexible")
        over_time.gates(gates, flexible, tasks=3)
        over_time.alignment(alignment, flexible)
        if place < len(kinds) - 1:
            for axes in (halves[1], gates, alignment):
                axes.set_xlabel("")
                axes.tick_params(labelbottom=False)
        panels += [halves[0], gates, alignment]
    alike(panels[1::3])
    alike(panels[2::3])
    letters(panels, PANELS)
    named = (panels[-1].get_legend_handles_labels(), panels[0].get_legend_handles_labels())
    handles, labels = ([*curves, *dots] for curves, dots in zip(*named, strict=True))
    figure.legend(handles, labels, loc="outside lower center", ncols=4)
    return figure


def losses(halves: Sequence[Axes], data: xarray.Dataset) -> None:
    """The loss of both regimes, one above the other: the peaks of one would cover those of the other."""
    for axes, (regime, line) in zip(halves, REGIMES.items(), strict=True):
        look = {**line, "linestyle": "-", "linewidth": 0.7}
        over_time.quantity(axes, data.sel(regime=regime), "loss", **look)
        axes.set_ylabel(f"loss\n{regime}")
        at_least(axes, 0, 1.05 * float(data.loss.max()))
    halves[0].set_xlabel("")
    halves[0].tick_params(labelbottom=False)


def recorded(axes: Axes, data: xarray.Dataset, name: str) -> None:
    """The peaks of the flexible loss that would have been recorded from the starts of the recipe, as dots."""
    peaks = data.from_starts_recorded_peak.sel(composition=name, regime="flexible").mean("start").values
    times = np.arange(len(peaks)) * data.block_length
    dots = {"color": "#cc6677", "markersize": 3, "zorder": 4, "clip_on": False}
    axes.plot(times, peaks, ".", label="recorded peaks, recipe's starts", **dots)


def after_composed(data: xarray.Dataset, after: float) -> xarray.DataArray:
    """The loss a share `after` of a block after switches between composed tasks, mean over all but the first."""
    loss = over_time.in_blocks(data.loss, len(data.targets))
    chosen = loss.isel(save=round(after * loss.sizes["save"])).where(composed_blocks(data), drop=True)
    named = f"loss {after:g} of a block after switches between composed tasks"
    return chosen.isel(block=slice(1, None)).mean("block").assign_attrs(described(named))


def claims(data: xarray.Dataset) -> list[Claim]:
    """What the published panels lead one to expect, in their convention, recorded and sorted as they are."""
    averaged = data.sel(convention="averaged")
    sums, rows = (averaged.sel(composition=name) for name in COMPOSITIONS)
    known = Published(0.5, RUNS, READING, WHY)
    late = Published(0.825, RUNS, 0.025 + READING, f"published .8 to .85, {WHY}")
    of_code = Published(0.775, 1, 0.045, "seven blocks of .73 to .82, and the same starts with other batches")
    peak = "sums: recorded two steps after switches, as published, the flexible loss of late blocks peaks at"
    ours, starts = (data[name].sel(composition="sums", regime="flexible") for name in PEAKS)
    found = [
        Claim(f"{peak} .8 to .85", "Figure A12A", late, late_peak(ours, "seed"), origin="picture"),
        Claim(
            f"{peak} .8 to .85, from the starts of the recipe",
            "Figure A12A",
            dataclasses.replace(late, runs=1, why=f"published .8 to .85, {STARTS_WHY}"),
            late_peak(starts, "start"),
            origin="picture",
        ),
        Claim(
            f"{peak} .73 to .82, from the starts of the recipe",
            "Figure A12A and the authors' released code",
            of_code,
            late_peak(starts, "start"),
            origin="released",
        ),
    ]
    forgetful = data.recorded_peak.sel(composition="rows", regime="forgetful").transpose("seed", "block").values
    found += [
        Claim(
            f"rows: recorded as published, the forgetful loss peaks at {value:g} in the {name} third of the run",
            "Figure A12D",
            Published(value, RUNS, READING, f"{WHY}, mean over the peaks"),
            over_seeds(forgetful[:, THIRDS[name]]),
            origin="picture",
        )
        for name, value in PEAKS_OF_ROWS.items()
    ]
    found += [
        Claim(
            f"{name}: .1 of a block after these switches the flexible loss is below a tenth of the forgetful one",
            f"Figure A12{panel}",
            Range(None, 0.1, "a tenth is a difference in kind, and our threshold for it"),
            flexible_over_forgetful(kind.after_composed),
            origin="ours",
        )
        for name, kind, panel in (("between sums", sums, "A"), ("between rows", rows, "D"))
    ]
    third = Published(0.8, 1, READING, f"{STARTS_WHY}; a run in ten that is sorted wrongly makes .1")
    found.append(
        Claim(
            "sums: sorted as released, the gate of the third path in late blocks of its task is .8, from the starts of "
            "the recipe",
            "Figure A12B",
            third,
            over_batches(data.from_starts_third_gate.values, STARTS),
            known_verdict="fails",
            origin="picture",
        )
    )
    of_rows = "rows: the gates of the two tasks that rows are from are .44 to .51, mean over rows"
    ends = "each path ends aligned with its task"
    measured = (
        ("sums: the gates of the two tasks of a sum are .5 each", "B", 0.5, sums.gate_of_parts),
        ("sums: the third is 0", "B", 0.0, sums.gate_of_rest),
        (of_rows, "E", 0.475, rows.gate_of_parts),
        ("rows: the third is .04 to .06", "E", 0.05, rows.gate_of_rest),
        (f"sums: {ends}, 1.0 without the shift of the drawn curves", "C", 1.0, sums.own_alignment),
        (f"rows: {ends}, .975 without it, row by row", "F", 0.975, rows.own_alignment),
    )
    return found + [
        Claim(each, f"Figure A12{panel}", dataclasses.replace(known, value=value), measure(values), origin="picture")
        for each, panel, value, values in measured
    ]


def late_peak(peaks: xarray.DataArray, runs: str) -> Measurement:
    """Mean over the blocks of `LATE` and over runs, "seed", or along "start" with the error of batches."""
    values = peaks.transpose(runs, "block").values[:, LATE]
    return over_seeds(values) if runs == "seed" else over_batches(values, STARTS)


def caption(data: xarray.Dataset, claims: list[Claim]) -> str:
    """What is seen in the panels, with settings, differences to the published picture, and verdicts."""
    of_sums = {each: data.sel(composition="sums", convention=each) for each in ("averaged", "as released")}
    met = {each: flexible_over_forgetful(sums.after_composed).value for each, sums in of_sums.items()}
    known = {each: sums.own_alignment.mean().item() for each, sums in of_sums.items()}
    peaks = data.recorded_peak.sel(composition="sums", regime="flexible").mean("seed").values
    starts = late_peak(data.from_starts_recorded_peak.sel(composition="sums", regime="flexible"), "start").value
    late, at_switch = peaks[LATE].mean(), peaks[LATE.stop : SINGLE_BLOCKS].mean()
    wrong = [data[name].mean().item() for name in ("wrongly_sorted", "from_starts_wrongly_sorted")]
    third, of_starts = data.third_gate.mean().item(), data.from_starts_third_gate.values
    right = of_starts[data.from_starts_wrongly_sorted.values == 0]
    return written(
        "Figure A12. Networks that know single tasks compose new ones of them with their gates alone",
        "Three tasks A, B, C in turn for 23 blocks, then tasks that are composed of two of them each (shaded: the "
        "deeper, the later a target is first shown): by means, (C + A)/2, (A + B)/2, (B + C)/2 (**A**–**C**, "
        "**G**–**I**), and by rows of two tasks in turn, for networks with a gate for each output (**D**–**F**, "
        "**J**–**L**). First column: expected loss of the task on show, of the flexible network and, below "
        "it, of the forgetful one. Second and third: gates of the flexible network, and alignment of each path with "
        "its own task and, dotted, with others; means over outputs. "
        "**A**–**F** The convention of the published picture (loss averaged over outputs, rows of norm 1); **G**–**L** "
        "that of the released code (summed, rows of norm 1/sqrt(d_in)), the runs of Figure 3. A tenth of a block after "
        f"switches between sums the flexible loss is {met['averaged']:.4f} of the forgetful one in the first "
        f"convention and {met['as released']:.4f} in the second, and tasks end aligned with their paths at "
        f"{known['averaged']:.2f} and {known['as released']:.2f}. Paths are matched to tasks by the assignment of "
        "largest summed alignment at the end of a run; where outputs have gates of their own, nothing keeps the rows "
        "of a task in one path, and each row is matched for itself. Three things in the published picture are of how "
        "it was drawn. Matched alignment is shifted down, by .02, .04 and .08 for the three paths. The loss is "
        "recorded at every third step, a little more than three apart, and blocks are a step short, so that peaks are "
        "met one step after a switch in the first third of the run, two in the second, and none in the last: the "
        f"flexible loss of sums is {late:.2f} so in blocks {LATE.start + 1} to {LATE.stop}, and {at_switch:.2f} in the "
        f"two after them (dots: from the starts of the recipe, {starts:.2f}). And the gates of sums are sorted "
        "wrongly in runs in which three paths follow each other in a circle, or two are nearest to one task: two in "
        "ten explain the published third gate of .8 in its task, .2 in A, and .4 and .1 in "
        f"sums. Here it is {wrong[0]:.0%} of the runs, with a third gate of {third:.2f}, and {wrong[1]:.0%} from the "
        f"starts that the published recipe gives, with {of_starts.mean():.2f}: about as many as published, but some of "
        f"those that are sorted rightly have not specialized, and their mean is {right.mean():.2f} and not 1. Why they "
        "specialize later than the published ones is not explained: no array of the published starts for three tasks "
        "is at hand, and the recipe is that of networks whose starts are known. Lines are means over "
        f"{data.sizes['seed']} seeds, bands their standard errors.",
        [*np.atleast_1d(data.settings), "forgetful: the same time constants, λ_norm = λ_nonneg = 0"],
        claims,
    )
