"""Figure A2: a gate changes as fast as the squared singular values of its path add up to."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gatednet.figures.toolkit.caption import caption as written
from gatednet.figures.toolkit.claim import Claim, Range
from gatednet.figures.toolkit.describe import axis_of, described, settings_line
from gatednet.figures.toolkit.panels import PAGE, letter, new_figure
from gatednet.figures.toolkit.statistics import Measurement, over_seeds
from gatednet.sweeps.store.store import Store

SWEEPS = ("figa2",)
PANELS = "AB"
# The published points: Σ s² of a path and speed of a gate, one run for each rank of the teachers.
PUBLISHED = {2: (2.0, 2.3), 5: (5.0, 5.4), 8: (9.3, 9.4), 11: (13.7, 13.1), 14: (27.7, 23.4), 15: (29.3, 24.6)}
# Where the published picture shows Σ s² above the rank.
MIXED_FROM = 8
CONVENTIONS = {"unit": "singular values 1, as published", "as released": "singular values 1/√d$_{in}$, as released"}
# The part of the run that is looked at, from its end.
LATE = 0.1


def compute(stores: Mapping[str, Store]) -> xarray.Dataset:
    """Speed of gates, and Σ s² of paths, late in each run.

    Dimensions are "convention" (unit: singular values of 1; as released: less), "rank" of the teachers, and "seed".
    `speed` is the mean over late blocks of the largest τ_c |dc/dt|, `strength` that of Σ s² of the path that is open at
    the end of a block.
    """
    store = stores["figa2"]
    data, experiment = store.dataset(), store.sweep.experiment
    axis = axis_of(store.sweep, "teachers.values.0")
    spectra = np.array(axis.values)
    # Singular values of zero are no part of the rank.
    rank = np.count_nonzero(spectra, axis=1)
    unit = spectra.max(axis=1) == 1.0
    late = slice(-round(LATE * data.sizes["block"]), None)
    squares = data.path_norm.isel(step=late) ** 2
    opened = data.gates.isel(step=late).argmax("path")
    results = {
        "speed": (data.gate_speed.isel(block=late).mean("block"), "time constant of the gates × their largest speed"),
        "strength": (squares.isel(path=opened).mean("step"), "Σ s² of the path that is open at the end of a block"),
    }
    dims, ranks = ("convention", "rank", "seed"), np.unique(rank)
    variables = {}
    for name, (values, meaning) in results.items():
        runs = values.transpose(axis.name, "seed").values.astype(np.float64)
        table = np.stack([[runs[kind & (rank == each)][0] for each in ranks] for kind in (unit, ~unit)])
        variables[name] = (dims, table, described(meaning))
    coordinates = {"convention": list(CONVENTIONS), "rank": ranks, "seed": data.seed.values}
    return xarray.Dataset(variables, coordinates, {"settings": settings_line(experiment)})


def draw(data: xarray.Dataset) -> Figure:
    """Speed against Σ s² for every run, one panel for each size of the singular values."""
    figure = new_figure(PAGE, 3.4)
    panels = figure.subplots(1, 2)
    for axes, (convention, title), name in zip(panels, CONVENTIONS.items(), PANELS, strict=True):
        of_runs(axes, data.sel(convention=convention))
        axes.set_title(title)
        letter(axes, name)
    points = np.array(list(PUBLISHED.values()))
    panels[0].plot(*points.T, "X", color="black", markersize=5, markeredgecolor="white", label="published", zorder=4)
    panels[0].legend(loc="upper left")
    return figure


def of_runs(axes: Axes, data: xarray.Dataset) -> None:
    """A dot for each run, a colour for each rank, and the line on which speed is Σ s²."""
    ranks = data["rank"].values
    for place, rank in enumerate(ranks):
        # Light for high ranks, dark for low ones: the order is legible in grey too.
        colour = colormaps["viridis"](0.9 * place / max(len(ranks) - 1, 1))
        of_rank = data.sel(rank=rank)
        axes.plot(
            of_rank.strength,
            of_rank.speed,
            "o",
            color=colour,
            markersize=3.2,
            alpha=0.6,
            markeredgewidth=0,
            label=f"rank {rank}",
        )
    axes.axline((0, 0), slope=1, color="black", linestyle="--", linewidth=0.8, label="Σ s²", zorder=3)
    top = 1.08 * max(float(data.strength.max()), float(data.speed.max()))
    axes.set(xlabel="Σ s² of the open path", ylabel="gate speed  τ$_c$ |dc/dt|", xlim=(0, top), ylim=(0, top))


def claims(data: xarray.Dataset) -> list[Claim]:
    """The published points among ours, and all points on the line."""
    unit, released = data.sel(convention="unit"), data.sel(convention="as released")
    found = []
    ranks = [int(rank) for rank in data["rank"].values]
    for rank in (rank for rank in ranks if rank < MIXED_FROM):
        strength, _ = PUBLISHED[rank]
        found.append(
            Claim(
                f"rank {rank}: Σ s² of a path is {strength:g} in the typical run, that of one teacher",
                "Figure A2",
                Range(round(strength - 0.1, 1), round(strength + 0.1, 1), "published to about .1; median over runs"),
                over_seeds(unit.strength.sel(rank=rank).values, np.median),
                origin="picture",
            )
        )
    high = [rank for rank in ranks if rank >= MIXED_FROM]
    lowest, highest = ranks[0], ranks[-1]
    speed = PUBLISHED[lowest][1]
    top = PUBLISHED[highest][1]
    off_line = "the published points lie from 16 % below the line to 15 % above it"
    return [
        *found,
        Claim(
            "the speed of gates is Σ s² of their path: largest deviation of the mean ratio from 1, over ranks",
            "Figure A2: identity line",
            Range(None, 0.16, off_line),
            deviation(unit),
            origin="picture",
        ),
        Claim(
            f"rank {lowest}: the speed is {speed:g}",
            "Figure A2",
            Range(round(speed - 0.1, 1), round(speed + 0.1, 1), "published to about .1"),
            over_seeds(unit.speed.sel(rank=lowest).values),
            known_verdict="fails",
            origin="picture",
        ),
        Claim(
            f"from rank {MIXED_FROM} on, a path holds more than one teacher: Σ s² over the rank, mean over ranks",
            "Figure A2",
            Range(1.16, 1.98, "the least and the largest published ratio"),
            over_seeds((unit.strength / unit["rank"]).sel(rank=high).mean("rank").values),
            origin="picture",
        ),
        Claim(
            f"as released, rank {highest}: the speed is {top:g}",
            "Figure A2, and the authors' released code",
            Range(round(top - 0.5, 1), round(top + 0.5, 1), "published to about half a unit of its axis"),
            over_seeds(released.speed.sel(rank=highest).values),
            known_verdict="fails",
            origin="released",
        ),
        Claim(
            "as released, the speed of gates is Σ s² of their path: largest deviation of the mean ratio from 1",
            "Figure A2: identity line, and the authors' released code",
            Range(None, 0.16, off_line),
            deviation(released),
            known_verdict="fails",
            origin="released",
        ),
    ]


def deviation(data: xarray.Dataset) -> Measurement:
    """How far the ratio of speed to Σ s², mean over runs, is from 1, at most over ranks."""
    ratio = (data.speed / data.strength).transpose("seed", "rank").values
    return over_seeds(ratio, lambda runs: float(np.abs(runs.mean(axis=0) - 1).max()))


def caption(data: xarray.Dataset, claims: list[Claim]) -> str:
    """What is seen in the two panels, with settings and verdicts."""
    return written(
        "Figure A2. A gate is as fast as the squared singular values of its path",
        "Each dot is a run with two teachers of one rank: the largest speed of a gate in a block, mean over the last "
        "tenth of the blocks, against Σ s² of the path that is open at the end of a block. Dashed: the speed is Σ s². "
        "**A** Teachers with singular values of 1. Crosses: the published points, one run for each rank. From rank "
        f"{MIXED_FROM} on the penalties are weak beside the task loss, many networks mix tasks in a path instead of "
        "specializing, and Σ s² is above the rank, up to twice as large. The published speeds are the largest of a "
        "whole run with batches of 200, by differences over two steps: chance makes small ones larger than ours, and "
        "the change of the speed from one step to the next makes large ones smaller. **B** Singular values as in the "
        "authors' released code: the networks do not specialize, both gates stay near ½, and the speeds are below "
        f"Σ s². {data.sizes['seed']} seeds.",
        [f"ranks {', '.join(str(rank) for rank in data['rank'].values)}: {data.settings}"],
        claims,
    )
