"""Figure A13: the more alike the teachers, the less a network specializes, and the slower it adapts."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray
from matplotlib.figure import Figure

from gatednet.figures.toolkit.caption import caption as written
from gatednet.figures.toolkit.claim import Claim, Range
from gatednet.figures.toolkit.describe import described, settings_line
from gatednet.figures.toolkit.panels import TASKS, at_least, new_figure
from gatednet.figures.toolkit.statistics import mean_and_error, over_seeds
from gatednet.sweeps.store.store import Store

SWEEPS = ("figa13",)
PANELS = ""
# Measured in the published picture, a single run for each correlation: 0, .25, .5, .75 and 1.
PUBLISHED = {
    "adaptation_speed": (27.4, 16.5, 9.4, 6.4, 1.7),
    "specialization": (1.04, 0.70, 0.57, 0.24, 0.01),
}
LINES = {
    "adaptation_speed": {**TASKS[0], "marker": "o"},
    "specialization": {**TASKS[2], "marker": "s"},
}
# About the published specialization at each correlation but the last.
SENTENCES = (
    "with orthogonal rows the specialization is 1.04",
    "with a cosine of ¼ it is .70",
    "with a cosine of ½ it is .57",
    "with a cosine of ¾ it is .24",
)
LABELS = {"adaptation_speed": "adaptation speed  |dL/dt|", "specialization": "specialization"}


def compute(stores: Mapping[str, Store]) -> xarray.Dataset:
    """Adaptation speed and specialization by correlation and seed, and the published values of each.

    The speed is the largest change of the loss from one step of a block to the next over the length of a step, mean
    over blocks.
    """
    store = stores["figa13"]
    data = store.dataset()
    speed = data.adaptation_speed.mean("block").assign_attrs(
        described("largest change of the loss within a block, mean over blocks", "1/time")
    )
    measured = {"adaptation_speed": speed, "specialization": data.specialization}
    return xarray.Dataset(
        {
            **{name: values.transpose("correlation", "seed") for name, values in measured.items()},
            **{
                f"{name}_published": ("correlation", np.array(values), described(f"published {LABELS[name]}"))
                for name, values in PUBLISHED.items()
            },
        },
        attrs={"settings": settings_line(store.sweep.experiment)},
    )


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
    """What the published curves lead one to expect."""
    speed, specialization = (data[name].transpose("seed", "correlation").values for name in PUBLISHED)
    table = data.adaptation_speed_published.values
    one_run = "measured in the published picture, to about .03, of a single run; a tenth is allowed for both"
    fall = "below 0 is a fall, of whatever size, as published"
    return [
        Claim(
            "specialization falls with every step of the correlation: largest change from one to the next",
            "Figure A13",
            Range(None, 0.0, fall),
            over_seeds(specialization, largest_change),
            origin="picture",
        ),
        Claim(
            "so does the adaptation speed",
            "Figure A13",
            Range(None, 0.0, fall),
            over_seeds(speed, largest_change),
            origin="picture",
        ),
        Claim(
            "networks that specialize more adapt faster: correlation of the two curves",
            "Figure A13",
            Range(0.9, None, "the published values have .97; what is left to 1 may be three times as much"),
            over_seeds(np.stack([speed, specialization], axis=1), agreement),
            origin="picture",
        ),
        *(
            Claim(
                sentence,
                "Figure A13",
                Range(round(published - 0.1, 3), round(published + 0.1, 3), one_run),
                over_seeds(specialization[:, place]),
                known_verdict="holds" if place == 1 else "fails",
                origin="picture",
            )
            for place, (sentence, published) in enumerate(zip(SENTENCES, PUBLISHED["specialization"][:-1], strict=True))
        ),
        Claim(
            "where all rows are the same nothing specializes: .01",
            "Figure A13",
            Range(-0.04, 0.06, "measured in the published picture, to about .03, and its zero is not exact either"),
            over_seeds(specialization[:, -1]),
            origin="picture",
        ),
        Claim(
            "with orthogonal rows the adaptation speed is 27.4",
            "Figure A13",
            Range(24.0, 31.0, "measured to about 1 of a single run; an eighth is allowed for"),
            over_seeds(speed[:, 0]),
            known_verdict="fails",
            origin="picture",
        ),
        Claim(
            "with correlated rows it is 16.5, 9.4, 6.4 and 1.7: mean absolute difference",
            "Figure A13",
            Range(None, 2.0, "measured to about 1 of a single run, which may be off by another 1"),
            over_seeds(speed[:, 1:], lambda runs: float(np.abs(runs.mean(axis=0) - table[1:]).mean())),
            known_verdict="fails",
            origin="picture",
        ),
    ]


def largest_change(runs: np.ndarray) -> float:
    """The largest change of the mean over runs from one correlation to the next."""
    return float(np.diff(runs.mean(axis=0)).max())


def agreement(runs: np.ndarray) -> float:
    """The correlation of two mean curves, (runs, 2, points); 0 where one of them is flat."""
    first, second = runs.mean(axis=0)
    first, second = first - first.mean(), second - second.mean()
    scale = np.sqrt((first**2).sum() * (second**2).sum())
    return float((first * second).sum() / scale) if scale else 0.0


def listed(values: xarray.DataArray, digits: int) -> str:
    """Numbers by correlation, as a caption lists them."""
    return ", ".join(f"{value:.{digits}f}" for value in values.values)


def caption(data: xarray.Dataset, claims: list[Claim]) -> str:
    """What is seen, with settings and verdicts."""
    speed, specialization = (
        f"{listed(data[name].mean('seed'), digits)}, published {listed(data[f'{name}_published'], digits)}"
        for name, digits in (("adaptation_speed", 1), ("specialization", 2))
    )
    return written(
        "Figure A13. Teachers that are alike leave nothing to specialize for",
        "Against the cosine of any two rows of the teachers, within a teacher or across: circles, left axis, the "
        "largest change of the loss from one step of a block to the next over the length of a step, mean over blocks; "
        "squares, right axis, specialization at the end of the run, which is one less the cosine where paths are equal "
        f"to the teachers: part of its fall is the teachers' own. Means over {data.sizes['seed']} seeds, bars are "
        "standard errors; dotted with crosses: the published curves, of a single run for each correlation. From "
        f"left to right, our speeds are {speed}; our specializations are {specialization}. That of the published run "
        "at 0 is above 1, so that its paths are turned away from each other's teacher; how it was measured is not "
        "recorded, and why it differs is not known.",
        [data.settings],
        claims,
    )
