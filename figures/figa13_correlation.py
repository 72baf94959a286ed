"""Figure A13: the more alike the teachers, the less a network specializes, and the slower it adapts."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import scipy.ndimage
import xarray
from matplotlib.figure import Figure

from gatednet.figures.toolkit.caption import caption as written
from gatednet.figures.toolkit.claim import FEWEST_RUNS, Claim, Published, Range, Verdict
from gatednet.figures.toolkit.describe import described, settings_line
from gatednet.figures.toolkit.panels import TASKS, at_least, new_figure
from gatednet.figures.toolkit.regime_map import allowed_outside
from gatednet.figures.toolkit.statistics import Measurement, mean_and_error, over_seeds
from gatednet.sweeps.store.store import Store

SWEEPS = ("figa13",)
PANELS = ""
# Measured in the published picture, a single run for each correlation: 0, .25, .5, .75 and 1.
PUBLISHED = {
    "adaptation_speed": (27.4, 16.5, 9.4, 6.4, 1.7),
    "specialization": (1.04, 0.70, 0.57, 0.24, 0.01),
}
# What the authors' released code gives now by the same measures.
RELEASED = {
    "adaptation_speed": (15.2, 10.5, 5.2, 2.9, 0.9),
    "specialization": (0.94, 0.72, 0.40, 0.24, 0.00),
}
# How well both are known: read off the picture, and half of the last digit.
READING = {"adaptation_speed": 1.0, "specialization": 0.03}
DIGIT = {"adaptation_speed": 0.05, "specialization": 0.005}
# The part of the run in which specialization is measured, from its end, and that of it which the filter is wide.
LATE, FILTER = 8, 10
LINES = {
    "adaptation_speed": {**TASKS[0], "marker": "o"},
    "specialization": {**TASKS[2], "marker": "s"},
}
LABELS = {"adaptation_speed": "adaptation speed  |dL/dt|", "specialization": "specialization"}


def compute(stores: Mapping[str, Store]) -> xarray.Dataset:
    """Adaptation speed and specialization by correlation and seed, as the notebook of the released code measures them.

    With `PUBLISHED` and `RELEASED` values of each, "_published" and "_released". See `speed` and `specialization`.
    """
    store = stores["figa13"]
    data = store.dataset().transpose("correlation", "seed", "step", ...).load()
    dt, block = store.sweep.experiment.dt, int(data.block_steps)
    runs = ("correlation", "seed")
    return xarray.Dataset(
        {
            "adaptation_speed": (
                runs,
                speed(data.batch_loss.values.astype(np.float64), block, dt),
                described("largest slope of the loss in a block after its first step, mean over blocks", "1/time"),
            ),
            "specialization": (
                runs,
                specialization(data.alignment.transpose(*runs, "step", "task", "path").values.astype(np.float64)),
                described("largest low-passed difference of a path's alignments late in the run"),
            ),
            **{
                f"{name}_{origin}": ("correlation", np.array(values), described(f"{origin} {LABELS[name]}"))
                for origin, table in (("published", PUBLISHED), ("released", RELEASED))
                for name, values in table.items()
            },
        },
        {"correlation": data.correlation.values, "seed": data.seed.values},
        {"settings": settings_line(store.sweep.experiment)},
    )


def speed(loss: np.ndarray, block: int, dt: float) -> np.ndarray:
    """The largest slope of the loss in each block, mean over blocks; (..., saves) to (...).

    Slopes are differences over two steps, at the ends of a block over one. Of each block but the first one the first
    loss is left out, that is the one at the switch. A block of less than three losses is none.
    """
    # The last save is the end of the run, whose batch no step is made with.
    starts = np.arange(0, loss.shape[-1] - 1, block)
    largest = []
    for start in starts:
        of_block = loss[..., start + bool(start) : min(start + block, loss.shape[-1] - 1)]
        if of_block.shape[-1] > 2:
            largest.append(np.abs(np.gradient(of_block, dt, axis=-1)).max(axis=-1))
    return np.mean(largest, axis=0)


def specialization(alignment: np.ndarray) -> np.ndarray:
    """How far the alignments of a path with both tasks differ, (..., saves, tasks, paths) to (...).

    The largest value over both paths and the last eighth of the run, of alignments that are averaged over a tenth of
    that eighth; beyond its ends they count as 0.
    """
    late = alignment[..., -((alignment.shape[-3] - 1) // LATE) :, :, :]
    width = late.shape[-3] // FILTER
    difference = late[..., 0, :] - late[..., 1, :]
    smooth = scipy.ndimage.uniform_filter1d(difference, width, axis=-2, mode="constant")
    return np.abs(smooth).max(axis=(-2, -1))


def draw(data: xarray.Dataset) -> Figure:
    """Speed on the left axis, specialization on the right one; dotted with crosses: published."""
    figure = new_figure(4.6, 3.0)
    left = figure.subplots()
    right = left.twinx()
    right.spines["right"].set_visible(True)
    handles = []
    for axes, (name, line) in zip((left, right), LINES.items(), strict=True):
        mean, error = mean_and_error(data[name].values, axis=1)
        drawn = axes.errorbar(data.correlation, mean, error, label=LABELS[name], capsize=2, markersize=4, **line)
        published = {**line, "marker": "x", "linestyle": ":", "linewidth": 1.0}
        axes.plot(data.correlation, data[f"{name}_published"], label=f"{LABELS[name]}, published", **published)
        top = 1.08 * max(mean.max(), data[f"{name}_published"].max().item())
        at_least(axes, -0.04 * top, top)
        axes.set_ylabel(LABELS[name], color=line["color"])
        handles += [drawn, *axes.lines[-1:]]
    left.set(xlabel="cosine of any two rows of the teachers", xticks=data.correlation.values, xlim=(-0.04, 1.04))
    right.legend(handles, [str(each.get_label()) for each in handles], loc="upper right")
    return figure


def claims(data: xarray.Dataset) -> list[Claim]:
    """What the text says, each published point, and what the released code gives by the same measures."""
    runs = {name: data[name].transpose("seed", "correlation").values for name in PUBLISHED}
    text, fall = "text on Figure A13", "below 0 is a fall, of whatever size"
    found = [
        Claim(
            f"{name} falls with every step of the correlation: largest change from one to the next",
            text,
            Range(None, 0.0, fall),
            over_seeds(runs[variable], largest_change),
            origin="text",
        )
        for variable, name in (("specialization", "specialization"), ("adaptation_speed", "adaptation speed"))
    ]
    for variable, name in (("specialization", "specialization"), ("adaptation_speed", "adaptation speed")):
        found += [
            Claim(
                f"with a cosine of {correlation:g} {name} is {published:g}",
                "Figure A13",
                Published(
                    published, 1, READING[variable], f"a single run, read off the picture to about {READING[variable]}"
                ),
                over_seeds(runs[variable][:, place]),
                KNOWN.get((variable, place), "holds"),
                origin="picture",
            )
            for place, (correlation, published) in enumerate(
                zip(data.correlation.values, PUBLISHED[variable], strict=True)
            )
        ]
        allowed = allowed_outside(len(RELEASED[variable]))
        numbers = ", ".join(f"{value:g}" for value in RELEASED[variable])
        found.append(
            Claim(
                f"{name} of the released code, {numbers}: points that no single run of ours would be",
                "Figure A13, and the authors' released code by its notebook's measure",
                Range(
                    None,
                    allowed,
                    f"of {len(RELEASED[variable])} intervals of 95 % at most {allowed} miss in 97 of 100 cases; of how "
                    "many runs each point is is not known, and so it is taken for one",
                ),
                points_outside(runs[variable], RELEASED[variable], DIGIT[variable]),
                KNOWN.get((variable, None), "holds"),
                origin="released",
                needs=FEWEST_RUNS,
            )
        )
    return found


# First verdicts on points, by their place, and on the released ones, None, where they were others than "holds".
KNOWN: dict[tuple[str, int | None], Verdict] = {
    ("specialization", None): "fails",
    **{("adaptation_speed", place): "fails" for place in range(4)},
}


def points_outside(runs: np.ndarray, points: tuple[float, ...], reading: float) -> Measurement:
    """How many points are outside of the predictive interval that our runs, (runs, points), give a single one."""
    found = 0
    for values, point in zip(runs.T, points, strict=True):
        measured = over_seeds(values)
        found += Published(point, 1, reading, "a point").range(measured).margin(measured.value) < 0
    return Measurement(float(found), 0.0, len(runs))


def largest_change(runs: np.ndarray) -> float:
    """The largest change of the mean over runs from one correlation to the next."""
    return float(np.diff(runs.mean(axis=0)).max())


def listed(values: xarray.DataArray | np.ndarray, digits: int) -> str:
    """Numbers by correlation, as a caption lists them."""
    return ", ".join(f"{value:.{digits}f}" for value in np.asarray(values))


def caption(data: xarray.Dataset, claims: list[Claim]) -> str:
    """What is seen, with settings and verdicts."""
    speed, specialization = (
        f"{listed(data[name].mean('seed'), digits)} (± {listed(data[name].std('seed'), digits)} from run to run), "
        f"published {listed(data[f'{name}_published'], digits)}, "
        f"released code {listed(data[f'{name}_released'], digits)}"
        for name, digits in (("adaptation_speed", 1), ("specialization", 2))
    )
    factors = listed(data.adaptation_speed_published / data.adaptation_speed.mean("seed"), 1)
    return written(
        "Figure A13. Teachers that are alike leave nothing to specialize for",
        "Against the cosine of any two rows of the teachers, within a teacher or across, both as the notebook of the "
        "released code measures them. Circles, left axis, adaptation speed: the largest slope of the loss in a block, "
        "whose first loss, that at the switch, is left out; mean over blocks. Squares, right axis, specialization: the "
        "largest difference of a path's alignments with both tasks, low-passed, in the last eighth of the run; above 1 "
        f"a path is turned away from the other task. Means over {data.sizes['seed']} seeds, bars are standard errors; "
        "dotted with crosses: the published curves, of a single run for each correlation. From left to right, "
        f"specializations are {specialization}. Speeds are {speed}: they are those of the released code, and the "
        f"published ones are {factors} times as large. That factor is unexplained. The notebook divides by the time "
        "between records of a configuration that it does not define, so that the unit of the published speeds is not "
        "recorded. Of the released specializations .40, which varies by .18 from run to run there, and .24, beside our "
        f"{data.specialization.mean('seed').values[3]:.3f}, are no single runs of ours.",
        [data.settings],
        claims,
    )
