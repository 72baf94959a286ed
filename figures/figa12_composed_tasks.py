"""Figure A12: loss, gates and alignment before and after tasks that are composed of known ones, in both conventions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import xarray
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gatednet.figures.toolkit import over_time
from gatednet.figures.toolkit.caption import caption as written
from gatednet.figures.toolkit.claim import Claim, Range
from gatednet.figures.toolkit.composition import (
    by_task_and_row,
    composed_blocks,
    described_by,
    final_alignment,
    flexible_over_forgetful,
    gates_of_composed,
)
from gatednet.figures.toolkit.describe import described, settings_line
from gatednet.figures.toolkit.panels import PAGE, REGIMES, alike, at_least, letters, new_figure
from gatednet.figures.toolkit.statistics import as_in_file, measure
from gatednet.sweeps.store.store import Store

SWEEPS = ("fig3",)
PANELS = "ABCDEFGHIJKL"
COMPOSITIONS = {"sums": over_time.by_task, "rows": by_task_and_row}
# Blocks over which the published peaks of single tasks no longer grow.
LATE = 8
READING = "measured in the published picture, to about .02"
HALF = "half each, and read to .02; as much again for runs that differ"
NEAR_0 = "a tenth from 0, and a fifth of the other two"


def compute(stores: Mapping[str, Store]) -> xarray.Dataset:
    """Loss, gates and alignment over time, averaged over seeds, and what claims measure of each run.

    These are losses, mean over switches: `single_peak`, `late_single_peak` and `composed_peak` at them, and
    `after_composed` a tenth of a block later; `gate_of_parts` and `gate_of_rest` in composed blocks, of the tasks that
    are part of the target and of the one that is not; and `own_alignment` at the end.

    Dimensions are "composition" (sums, rows), "convention", "regime", "seed", "step", and "task" and "path", which is
    in the order of the tasks that paths are matched to at the end of a run. Gates and alignment are those of the
    flexible regime, means over outputs.
    """
    parts = [of_store(stores[f"fig3-{name}"], name) for name in COMPOSITIONS]
    data = xarray.concat(parts, "composition", combine_attrs="override").assign_coords(composition=list(COMPOSITIONS))
    experiments = {name: stores[f"fig3-{name}"].sweep.experiment for name in COMPOSITIONS}
    settings = [f"{name}, flexible: {settings_line(experiment)}" for name, experiment in experiments.items()]
    runs = as_in_file(described_by(data, experiments["sums"])).assign_attrs(settings=settings)
    return over_time.courses(runs, ("loss", "gates", "alignment")).assign(
        single_peak=at_switches(runs, composed=False),
        late_single_peak=at_switches(runs, composed=False, last=LATE),
        composed_peak=at_switches(runs, composed=True),
        after_composed=at_switches(runs, composed=True, after=0.1),
        gate_of_parts=gates_of_composed(runs, part=True),
        gate_of_rest=gates_of_composed(runs, part=False),
        own_alignment=final_alignment(runs, own=True),
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
    figure.legend(*panels[-1].get_legend_handles_labels(), loc="outside lower center", ncols=4)
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


def at_switches(data: xarray.Dataset, *, composed: bool, after: float = 0.0, last: int = 0) -> xarray.DataArray:
    """The loss at a time `after` the switches of single or of composed tasks, in blocks, mean over switches.

    Switches are the `last` ones of their kind, or all but the first: it comes after the start, or the other kind.
    """
    loss = over_time.in_blocks(data.loss, len(data.targets))
    chosen = loss.isel(save=round(after * loss.sizes["save"])).where(composed_blocks(data) == composed, drop=True)
    named = f"loss {after:g} of a block after switches between {'composed' if composed else 'single'} tasks"
    return chosen.isel(block=slice(-last or 1, None)).mean("block").assign_attrs(described(named))


def claims(data: xarray.Dataset) -> list[Claim]:
    """What the published panels lead one to expect, in their convention."""
    averaged = data.sel(convention="averaged")
    sums, rows = (averaged.sel(composition=name) for name in COMPOSITIONS)
    found = [
        Claim(
            "sums: the forgetful loss returns to 1.0 at switches between single tasks, mean over switches",
            "Figure A12A",
            Range(0.97, 1.03, f"peaks of .98 to 1.0, {READING}, and drawn no higher than the saves that meet them"),
            measure(sums.single_peak.sel(regime="forgetful")),
            origin="picture",
        ),
        Claim(
            "rows: and at those between composed ones, mean over switches",
            "Figure A12D",
            Range(0.97, 1.03, f"peaks of .98 to 1.0, {READING}, and drawn no higher than the saves that meet them"),
            measure(rows.composed_peak.sel(regime="forgetful")),
            origin="picture",
        ),
    ]
    found += [
        Claim(
            f"sums: between composed tasks the {regime} loss peaks at .25",
            "Figure A12A",
            Range(0.23, 0.27, READING),
            measure(sums.composed_peak.sel(regime=regime)),
            origin="picture",
        )
        for regime in REGIMES
    ]
    found += [
        Claim(
            f"{name}: .1 of a block after these switches the flexible loss is below a tenth of the forgetful one",
            f"Figure A12{panel}",
            Range(None, 0.1, "a tenth is a difference in kind"),
            flexible_over_forgetful(kind.after_composed),
            origin="picture",
        )
        for name, kind, panel in (("sums", sums, "A"), ("rows", rows, "D"))
    ]
    return [
        *found,
        Claim(
            f"sums: in the last {LATE} blocks of single tasks the flexible loss peaks at .8 to .85",
            "Figure A12A",
            Range(0.78, 0.87, READING),
            measure(sums.late_single_peak.sel(regime="flexible")),
            known_verdict="fails",
            origin="picture",
        ),
        Claim(
            "sums: the gates of the two tasks of a sum are .5 each",
            "Figure A12B",
            Range(0.46, 0.54, HALF),
            measure(sums.gate_of_parts),
            origin="picture",
        ),
        Claim(
            "sums: the third is near 0",
            "Figure A12B",
            Range(-0.1, 0.1, NEAR_0),
            measure(sums.gate_of_rest),
            origin="picture",
        ),
        Claim(
            "rows: the gates of the two tasks that rows are from are .47 each, mean over rows",
            "Figure A12E",
            Range(0.45, 0.49, f"published .44 to .51 over time, their mean {READING}"),
            measure(rows.gate_of_parts),
            origin="picture",
        ),
        Claim(
            "rows: the third is near 0",
            "Figure A12E",
            Range(-0.1, 0.1, NEAR_0),
            measure(rows.gate_of_rest),
            origin="picture",
        ),
        Claim(
            "sums: each path ends aligned with its task",
            "Figure A12C",
            Range(0.97, None, f"published 1.0, once the shift of the drawn curves is undone, {READING}, half of it"),
            measure(sums.own_alignment),
            origin="picture",
        ),
        Claim(
            "rows: each path ends aligned with its task, row by row",
            "Figure A12F",
            Range(0.955, None, f"published .975, once the shift of the drawn curves is undone, {READING}"),
            measure(rows.own_alignment),
            origin="picture",
        ),
    ]


def caption(data: xarray.Dataset, claims: list[Claim]) -> str:
    """What is seen in the panels, with settings, differences to the published picture, and verdicts."""
    of_sums = {each: data.sel(composition="sums", convention=each) for each in ("averaged", "as released")}
    met = {each: flexible_over_forgetful(sums.after_composed).value for each, sums in of_sums.items()}
    known = {each: sums.own_alignment.mean().item() for each, sums in of_sums.items()}
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
        "of a task in one path, and each row is matched for itself. Four things in the published picture are of how it "
        "was drawn: matched alignment is shifted down, by .02, .04 and .08 for the three paths; in the gates of sums "
        "one path is high by half in two tasks, since two paths can be matched to one task; peaks of the loss between "
        "single tasks are lower, most of all the flexible ones, as they would be at saves a few steps after a switch, "
        "when the flexible loss has fallen further than the forgetful one; and in the loss by rows all are lower still "
        "until block 21, probably for the same reason. Lines are means over "
        f"{data.sizes['seed']} seeds, bands their standard errors.",
        [*np.atleast_1d(data.settings), "forgetful: the same time constants, λ_norm = λ_nonneg = 0"],
        claims,
    )
