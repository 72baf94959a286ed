"""Figure 3: tasks composed of known ones are met at once by a flexible network, and learnt anew by a forgetful one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import xarray
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from gatednet import Experiment, Phases
from gatednet import draw as draw_problem
from gatednet.figures.toolkit.caption import caption as written
from gatednet.figures.toolkit.claim import Claim, Range
from gatednet.figures.toolkit.composition import flexible_over_forgetful, weights_of
from gatednet.figures.toolkit.describe import described, settings_line
from gatednet.figures.toolkit.over_time import NAMES
from gatednet.figures.toolkit.panels import PAGE, REGIMES, SHADE, TASKS, band, letters, new_figure
from gatednet.figures.toolkit.statistics import averaged, measure
from gatednet.sweeps.store.store import Store

SWEEPS = ("fig3",)
PANELS = "ABCD"
COMPOSITIONS = ("sums", "rows")
# What is drawn of the time around the first composed task.
BEFORE, AFTER = 0.2, 0.8
# When claims are about the loss, in time since then.
READ_AT = (0.04, 0.05, 0.1, 0.23, 0.25, 0.5)
READING = "measured in the published picture, to a pixel and a half of .003"


def compute(stores: Mapping[str, Store]) -> xarray.Dataset:
    """The loss around the first composed task, and the maps of teachers and composed tasks of one seed.

    `loss_sums` and `loss_rows`, averaged over seeds, have the dimensions "statistic", "regime", and "time_sums" or
    "time_rows", counted from the switch; `loss_after` (composition, since, regime, seed) is that of each run at some
    times since then, and `peak` at the switch, without the noise of a batch. `teachers`
    (task, output, input) are those of seed 0, `shares` (composition, target, task, output) the weight of each of their
    rows in a composed task, `composed` (composition, target, output, input) the result.
    """
    variables: dict[str, xarray.DataArray] = {}
    peaks: list[xarray.DataArray] = []
    after: list[xarray.DataArray] = []
    shares, settings = [], []
    for name in COMPOSITIONS:
        store = stores[f"fig3-{name}"]
        experiment = store.sweep.experiment
        data = store.dataset().sel(convention="as released").reset_coords(drop=True)
        loss = around_switch(data.loss_every_step, experiment)
        variables[f"loss_{name}"] = averaged(loss).rename(time=f"time_{name}")
        after.append(at(loss, READ_AT))
        peaks.append(data.loss.sel(step=switch_of(experiment), drop=True).transpose("regime", "seed"))
        tasks, outputs = experiment.teachers.number, experiment.network.outputs
        shares.append([weights_of(target, tasks, outputs) for target in composed_targets(experiment)])
        settings.append(f"{name}, flexible: {settings_line(experiment)}")
    # The same for both: a seed has its teachers whatever the network does with them.
    teachers = np.asarray(draw_problem(stores["fig3-sums"].sweep.experiment).teachers, np.float64)
    weights = np.array(shares)
    dims = ("composition", "target", "task", "output")
    variables |= {
        "teachers": xarray.DataArray(teachers, dims=("task", "output", "input"), attrs=described("teachers of seed 0")),
        "shares": xarray.DataArray(weights, dims=dims, attrs=described("weight of a teacher's row in a composed task")),
    }
    for name, each in (("loss_after", after), ("peak", peaks)):
        of_both: xarray.DataArray = xarray.concat(each, "composition", combine_attrs="override")
        variables[name] = of_both
    composed = variables["shares"].dot(variables["teachers"], dim="task")
    variables["composed"] = composed.assign_attrs(described("composed tasks of seed 0"))
    return xarray.Dataset(variables, {"composition": list(COMPOSITIONS)}, {"settings": settings})


def phases_of(experiment: Experiment) -> Phases:
    """The curriculum: single tasks in the first phase, composed ones in the second."""
    assert isinstance(experiment.curriculum, Phases)
    return experiment.curriculum


def composed_targets(experiment: Experiment) -> list:
    """The composed targets in the order in which they come."""
    curriculum = phases_of(experiment)
    first = curriculum.phases[0].blocks
    return curriculum.targets_of(first + len(curriculum.phases[1].targets))[first:]


def switch_of(experiment: Experiment) -> int:
    """The first step with a composed task."""
    return phases_of(experiment).phases[0].blocks * experiment.block_steps


def around_switch(loss: xarray.DataArray, experiment: Experiment) -> xarray.DataArray:
    """The loss at every step around the first composed task, with "time" since then in the place of "every_step"."""
    switch = switch_of(experiment)
    first, last = switch - round(BEFORE / experiment.dt), switch + round(AFTER / experiment.dt)
    shown = loss.isel(every_step=slice(first, last + 1)).transpose("regime", "seed", "every_step")
    time = (np.arange(first, last + 1) - switch) * experiment.dt
    named = shown.drop_vars("every_step").rename(every_step="time")
    return named.assign_coords(time=("time", time, described("time since the first composed task", "time")))


def draw(data: xarray.Dataset) -> Figure:
    """Above how tasks are composed, below the loss around the first composed task."""
    figure = new_figure(PAGE, 3.2)
    above, below = figure.subplots(2, 2, height_ratios=(0.62, 1))
    for axes, name in zip(above, COMPOSITIONS, strict=True):
        schematic(axes, data, name)
    for axes, name in zip(below, COMPOSITIONS, strict=True):
        losses(axes, data, name)
    above[0].set_title("task composition: sums")
    above[1].set_title("subtask composition: rows of two tasks in turn")
    below[0].legend(loc="upper right")
    letters((*above, *below), PANELS)
    return figure


def losses(axes: Axes, data: xarray.Dataset, name: str) -> None:
    """The loss of both regimes; the shaded block is the first with a composed task."""
    values = data[f"loss_{name}"]
    time = values[f"time_{name}"].values
    axes.axvspan(0, time[-1], color=SHADE, linewidth=0, zorder=0)
    for regime, line in reversed(REGIMES.items()):
        band(axes, time, values.sel(regime=regime), label=regime, **line)
    axes.set(xlabel="time since the first composed task", ylabel="loss", ylim=(0, 0.33), xlim=(time[0], time[-1]))
    axes.set_xticks([-0.2, 0, 0.2, 0.4, 0.6, 0.8])


def schematic(axes: Axes, data: xarray.Dataset, name: str) -> None:
    """The teachers in a row, and below them the tasks composed of them, as maps of outputs × inputs.

    The strip at the left of a map has a column for each teacher, coloured in the rows that it has a part in.
    """
    teachers = data.teachers.values
    tasks, outputs, inputs = teachers.shape
    one = data.sel(composition=name)
    single = np.broadcast_to(np.eye(tasks)[:, :, None], (tasks, tasks, outputs))
    joint = "({} + {}) / 2" if name == "sums" else "rows of {} and {}"
    rows = [
        (teachers, single, [NAMES[task] for task in range(tasks)]),
        (one.composed.values, one.shares.values, [joint.format(*parts(weights)) for weights in one.shares.values]),
    ]
    limit = np.abs(teachers).max()
    wide, high = inputs + tasks + 4.0, outputs + 4.0
    for row, (maps, shares, labels) in enumerate(rows):
        for place, (values, weights, label) in enumerate(zip(maps, shares, labels, strict=True)):
            left, top = place * wide, row * high
            strip = (left, left + tasks, top + outputs, top)
            body = (left + tasks + 0.6, left + tasks + 0.6 + inputs, top + outputs, top)
            axes.imshow(coloured(weights), extent=strip, interpolation="nearest")
            axes.add_patch(Rectangle((left, top), tasks, outputs, fill=False, edgecolor="0.6", linewidth=0.4))
            axes.imshow(values, extent=body, interpolation="nearest", cmap="cividis", vmin=-limit, vmax=limit)
            axes.text(0.5 * (body[0] + body[1]), top - 0.6, label, ha="center", va="bottom")
    axes.set(xlim=(-0.5, tasks * wide - 2), ylim=(2 * high - 3.0, -3.5), aspect="equal")
    axes.set_axis_off()


def parts(weights: np.ndarray) -> list[str]:
    """The names of the teachers in a composed task, (tasks, outputs), in the order of the rows that they begin in."""
    taking_part = [task for task, of_rows in enumerate(weights) if of_rows.any()]
    return [NAMES[task] for task in sorted(taking_part, key=lambda task: int(np.argmax(weights[task] > 0)))]


def coloured(weights: np.ndarray) -> np.ndarray:
    """Weights (tasks, outputs) as colours (outputs, tasks, 3): white for 0, the colour of the task for 1."""
    colours = np.array([to_rgb(TASKS[task]["color"]) for task in range(len(weights))])
    return 1.0 - weights.T[..., None] * (1.0 - colours)


def at(loss: xarray.DataArray, since: Sequence[float]) -> xarray.DataArray:
    """The loss at the steps nearest to some times since the switch, (since, regime, seed)."""
    times = xarray.DataArray(list(since), {"since": list(since)}, ("since",))
    return loss.sel(time=times, method="nearest").drop_vars("time").transpose("since", "regime", "seed")


def claims(data: xarray.Dataset) -> list[Claim]:
    """The published curves, and what they mean: known tasks are put together, not learnt anew."""
    tenth = "a tenth is a difference in kind; published about .001 against .05 (C), and less than .003 against .12 (D)"
    found = [
        Claim(
            f"{name}: .1 of a block after the switch the flexible loss is below a tenth of the forgetful one",
            f"Figure 3{panel}",
            Range(None, 0.1, tenth),
            flexible_over_forgetful(data.loss_after.sel(composition=name, since=0.1)),
            origin="picture",
        )
        for name, panel in zip(COMPOSITIONS, "CD", strict=True)
    ]
    for name, peak, panel in (("sums", 0.23, "C"), ("rows", 0.3, "D")):
        found += [
            Claim(
                f"{name}: the {regime} loss peaks at {peak:.2f}",
                f"Figure 3{panel}",
                Range(round(peak - 0.01, 2), round(peak + 0.01, 2), "to .01 in a peak that is a pixel wide"),
                measure(data.peak.sel(composition=name, regime=regime)),
                origin="picture",
            )
            for regime in REGIMES
        ]
    landmarks = (
        ("sums", "flexible", 0.05, "is down to .01 after .05", None, 0.015, f"published .01, {READING}"),
        ("sums", "forgetful", 0.25, "is .01 after .25", 0.005, 0.015, f"published .01, {READING}"),
        ("rows", "flexible", 0.04, "is below .01 after .04", None, 0.01, "published .005, which is .005 below"),
        ("rows", "forgetful", 0.23, "is .065 after .23", 0.06, 0.0725, f"published .065 to .0675, {READING}"),
        ("rows", "forgetful", 0.5, "is .01 after .5", 0.0025, 0.015, f"published .0075 to .01, {READING}"),
    )
    return found + [
        Claim(
            f"{name}: the {regime} loss {what}",
            f"Figure 3{'CD'[COMPOSITIONS.index(name)]}",
            Range(low, high, why),
            measure(data.loss_after.sel(composition=name, since=time, regime=regime)),
            origin="picture",
        )
        for name, regime, time, what, low, high, why in landmarks
    ]


def caption(data: xarray.Dataset, claims: list[Claim]) -> str:
    """What is seen in the four panels, with settings and verdicts."""
    return written(
        "Figure 3. Composed tasks are put together from known ones",
        "Three tasks A, B, C come in turn for 23 blocks; then new tasks come that are composed of two of them each. "
        "**A**, **B** The teachers (above) and the composed tasks (below, in the order in which they come) as maps of "
        "outputs × inputs, of seed 0. The strip at the left of a map has a column for each of A, B, C, coloured in "
        "the rows that this teacher has a part in. **A** Task composition: means of two teachers. **B** Subtask "
        "composition: rows of two teachers in turn, for networks with a gate for each output. **C**, **D** Loss on the "
        "batch around the switch to the first composed task, as sums (C) and by rows (D), in the convention of the "
        "released code, which is that of the published picture (loss summed over outputs, rows of norm 1/sqrt(d_in)). "
        f"Lines are means over {data.sizes['seed']} seeds, bands their standard errors. The same runs, all "
        "of their time, and the averaged convention are in Figure A12.",
        [*np.atleast_1d(data.settings), "forgetful: the same time constants, λ_norm = λ_nonneg = 0"],
        claims,
    )
