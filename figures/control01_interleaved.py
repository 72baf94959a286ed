"""Control 1: without blocks nothing specializes: tasks in random order leave one map for both."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gatednet import draw as draw_problem
from gatednet.figures.toolkit import over_time
from gatednet.figures.toolkit.caption import caption as written
from gatednet.figures.toolkit.claim import Claim, Range
from gatednet.figures.toolkit.describe import described, settings_line
from gatednet.figures.toolkit.matching import in_order
from gatednet.figures.toolkit.panels import (
    PAGE,
    REGIMES,
    at_least,
    band,
    legend_above,
    letters,
    new_figure,
    shade_blocks,
)
from gatednet.figures.toolkit.specialization import SPECIALIZED, WHY_SPECIALIZED
from gatednet.figures.toolkit.statistics import as_in_file, over_seeds
from gatednet.sweeps.catalog.control01 import SAVED
from gatednet.sweeps.store.store import Store
from gatednet.theory.single_map import single_map_loss

SWEEPS = ("control1", "fig2")
PANELS = "ABCD"
CURRICULA = {"blocks": REGIMES["flexible"], "interleaved": {"color": "#b04020", "linestyle": (0, (3, 1, 1, 1))}}
# Lines of paths that no task is matched to.
PATHS = ({"color": "0.2", "linestyle": "-"}, {"color": "0.5", "linestyle": (0, (5, 1))})
# Total alignment of paths that are both the mean of two orthogonal teachers.
MEAN_OF_BOTH = 1 / np.sqrt(2)
# From here on Figure 2's network has settled, and the interleaved one long since: while both gates are ½ its map grows
# at the rate Σ(c^p)²/τ_w = 1/(2τ_w) = .385, and faster once they differ, so that these are six of its time constants.
LATE_FROM = 15.0
TYPICAL_RUN = "of the typical run (the median), as some starts specialize later"
SOURCE = "text on Figure 2, the control with interleaved tasks"


def compute(stores: Mapping[str, Store]) -> xarray.Dataset:
    """Runs of the same seeds with tasks in blocks and interleaved, see `reduced`.

    "path" is in the order of the tasks that the paths are matched to at the end. The attribute `single_map_loss` is
    what the best single map for both tasks leaves.
    """
    parts = {
        "blocks": stores["fig2"].dataset().sel(regime="flexible", drop=True),
        "interleaved": stores["control1"].dataset(),
    }
    sorted_parts = [over_time.by_task(each[list(SAVED)].transpose("seed", ...).load()) for each in parts.values()]
    runs = xarray.concat(sorted_parts, "curriculum", join="inner", combine_attrs="override")
    experiment = stores["control1"].sweep.experiment
    # Orthogonal teachers of one norm leave the same, whatever the seed.
    single = [single_map_loss(np.asarray(draw_problem(experiment, int(seed)).teachers)) for seed in runs.seed]
    return reduced(
        as_in_file(runs)
        .assign_coords(curriculum=list(parts))
        .assign_attrs(
            **over_time.timing(stores["fig2"].sweep.experiment),
            settings=settings_line(experiment),
            single_map_loss=float(np.mean(single)),
        )
    )


def reduced(runs: xarray.Dataset) -> xarray.Dataset:
    """Courses over time, averaged over seeds, and what claims measure of each run; dimension "curriculum".

    `gates_by_end` are the gates of the path that ends the more open one in its run, and of the other. Of each run,
    (curriculum, seed), there are `specialization`, `final_total_alignment`, mean distance and standard deviation of the
    gates' difference late in the run, and the late loss over that of the best single map.
    """
    late = runs.time.values >= LATE_FROM
    gates = runs.gates.transpose("curriculum", "seed", "step", "path")
    by_end = gates.copy(data=in_order(gates.values, np.argsort(-gates.values[:, :, -1], axis=-1)))
    apart = (gates.isel(path=0) - gates.isel(path=1)).isel(step=late)
    measured = {
        "late_distance": (np.abs(apart).mean("step", skipna=False), "distance of the gates late in a run"),
        "late_deviation": (
            apart.std("step", skipna=False),
            "standard deviation of the gates' difference late in a run",
        ),
        "late_loss": (
            runs.loss.isel(step=late).mean("step", skipna=False) / runs.single_map_loss,
            "late loss over that of the best single map",
        ),
    }
    shown = ("loss", "gates", "gates_by_end", "alignment", "total_alignment")
    return over_time.courses(runs.assign(gates_by_end=by_end), shown).assign(
        {
            "specialization": runs.specialization,
            "final_total_alignment": runs.total_alignment.isel(step=-1, drop=True),
            **{name: values.assign_attrs(described(words)) for name, (values, words) in measured.items()},
        }
    )


def draw(data: xarray.Dataset) -> Figure:
    """Loss, gates, alignment, and total alignment, interleaved beside blocks."""
    figure = new_figure(PAGE, 4.8)
    # One grid for all panels, those of half the height too, so that columns are in line.
    grid = figure.add_gridspec(4, 2)
    loss, total = figure.add_subplot(grid[:2, 0]), figure.add_subplot(grid[2:, 1])
    gates = [figure.add_subplot(grid[row, 1]) for row in (0, 1)]
    alignment = [figure.add_subplot(grid[row, 0]) for row in (2, 3)]
    for axes, name in ((loss, "loss"), (total, "total_alignment")):
        for curriculum, line in CURRICULA.items():
            over_time.quantity(axes, data.sel(curriculum=curriculum), name, label=curriculum, **line)
    level(loss, data.single_map_loss, "one map for both")
    level(total, MEAN_OF_BOTH, "mean of both teachers")
    loss.set(ylabel="loss", ylim=(0, None))
    total.set(ylabel="total alignment", ylim=(0, 1.05))
    legend_above(loss, ncols=3)
    legend_above(total, ncols=3)
    blocks, interleaved = data.sel(curriculum="blocks"), data.sel(curriculum="interleaved").assign_attrs(targets=[])
    over_time.gates(gates[0], blocks, tasks=2)
    open_and_closed(gates[1], interleaved)
    over_time.alignment(alignment[0], blocks)
    over_time.alignment(alignment[1], interleaved)
    over_time.name_column(gates, CURRICULA)
    over_time.name_column(alignment, CURRICULA)
    gates[1].legend(loc="center right")
    letters((loss, gates[0], alignment[0], total), PANELS)
    return figure


def level(axes: Axes, value: float, label: str) -> None:
    """A level that is known beforehand."""
    axes.axhline(value, color="black", linewidth=0.8, linestyle=":", label=label)


def open_and_closed(axes: Axes, data: xarray.Dataset) -> None:
    """The gates of the path that ends the more open one in its run, and of the other."""
    shade_blocks(axes, data.block_length, data.duration, data.targets)
    for path, label in enumerate(("path that ends more open", "the other path")):
        band(axes, data.time.values, data.gates_by_end.isel(path=path), label=label, **PATHS[path])
    axes.set(xlabel="time t", yticks=(0, 0.5, 1), ylabel="gate")
    at_least(axes, -0.12, 1.12)


def claims(data: xarray.Dataset) -> list[Claim]:
    """What the paper says of the control, and the same of blocks beside it."""
    blocks, interleaved = (data.sel(curriculum=each) for each in CURRICULA)
    return [
        Claim(
            "interleaved tasks are not told apart: specialization of the paths is none",
            SOURCE,
            Range(None, 0.1, "0 is none and 1 complete; a tenth of it is let pass"),
            over_seeds(interleaved.specialization.values),
            origin="text",
        ),
        Claim(
            "in blocks, from the same starts, they are: specialization",
            "Figure 2C",
            Range(SPECIALIZED, None, f"{WHY_SPECIALIZED}; {TYPICAL_RUN}"),
            over_seeds(blocks.specialization.values, np.median),
            origin="picture",
        ),
        Claim(
            "interleaved, both paths become the mean of both teachers: total alignment 1/√2 = .707",
            SOURCE,
            Range(0.687, 0.727, "1/√2 for the mean of two orthogonal teachers, give or take .02 for what batches move"),
            over_seeds(interleaved.final_total_alignment.values),
            origin="ours",
        ),
        Claim(
            "interleaved, gates do not separate: their distance late in the run",
            SOURCE,
            Range(None, 0.1, "a tenth of the distance of gates that alternate between 0 and 1"),
            over_seeds(interleaved.late_distance.values),
            known_verdict="fails",
            origin="text",
        ),
        Claim(
            "interleaved, gates do not follow the tasks: standard deviation of their difference over late times",
            SOURCE,
            Range(None, 0.1, "a tenth of what it is for gates that alternate between 0 and 1"),
            over_seeds(interleaved.late_deviation.values),
            origin="ours",
        ),
        Claim(
            "interleaved, the loss stays what one map for both tasks leaves: late loss over that of the best such map",
            SOURCE,
            Range(0.98, 1.05, "1 is that map; below it would be switching, above it is learning that has not ended"),
            over_seeds(interleaved.late_loss.values),
            origin="ours",
        ),
    ]


def caption(data: xarray.Dataset, claims: list[Claim]) -> str:
    """What is seen in the four panels, with settings and verdicts."""
    ends = data.gates_by_end.sel(statistic="mean", curriculum="interleaved").isel(step=-1).values
    of_interleaved = data.sel(curriculum="interleaved")
    return written(
        "Control 1. Without blocks nothing specializes",
        "The flexible network of Figure 2, with two tasks A and B in blocks (shaded: B) and with a task drawn at "
        "random at every step: same seeds, and so the same teachers and starts. **A** Task loss; dotted: that of the "
        "best single map for both tasks, the mean of the teachers, which is half of the loss at the start. **B** "
        "Gates; above, of the paths matched to the tasks, in the lines of C; below, of the path that ends the more "
        "open one in its run, and of the other. Without blocks gates come apart too, and stay so, against the text: "
        f"one path serves both tasks (gate {ends[0]:.2f}), the other is closed ({ends[1]:.2f}). They do not follow the "
        f"tasks: their difference varies by {float(of_interleaved.late_deviation.mean()):.3f}, and the loss is "
        f"{float(of_interleaved.late_loss.mean()):.2f} of the best single map's. The penalty on the norm asks for a "
        "sum of 1 and not for equal gates, and of two paths with one map the one that is ahead is all that is needed. "
        "**C** Alignment of each path with its own task and with the other one "
        "(dotted). **D** Total alignment; dotted: 1/√2, that of paths that are both the mean of the teachers. Lines "
        f"are means over {data.sizes['seed']} seeds, bands their standard errors.",
        [f"interleaved: {data.settings}", "blocks: the same, with tasks in turn in blocks"],
        claims,
    )
