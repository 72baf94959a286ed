"""Figure A2: a gate changes as fast as the squared singular values of its path add up to."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gatednet.figures.toolkit.caption import caption as written
from gatednet.figures.toolkit.claim import FEWEST_RUNS, Claim, Published, Range
from gatednet.figures.toolkit.describe import axis_of, described, settings_line
from gatednet.figures.toolkit.panels import PAGE, letter, new_figure
from gatednet.figures.toolkit.regime_map import allowed_outside
from gatednet.figures.toolkit.statistics import Measurement, over_seeds
from gatednet.sweeps.store.store import Store

SWEEPS = ("figa2",)
PANELS = "AB"
# The published points: Σ s² of a path and speed of a gate, one run for each rank of the teachers.
PUBLISHED = {2: (2.0, 2.3), 5: (5.0, 5.4), 8: (9.3, 9.4), 11: (13.7, 13.1), 14: (27.7, 23.4), 15: (29.3, 24.6)}
# How well they are read, and the speeds of the lowest and the highest rank that the released code gives today.
READING = {2: 0.1, 5: 0.1, 8: 0.2, 11: 0.2, 14: 0.5, 15: 0.5}
RELEASED = {2: (1.9, 2.2), 15: (23.3, 23.8)}
# Where the published picture shows Σ s² above the rank.
MIXED_FROM = 8
CONVENTIONS = {"unit": "singular values 1, as published", "as released": "singular values 1/√d$_{in}$, as released"}
# The part of the run that is looked at, from its end.
LATE = 0.1


def compute(stores: Mapping[str, Store]) -> xarray.Dataset:
    """Speed of gates, and Σ s² of paths, late in each run.

    Dimensions are "convention" (unit: singular values of 1; as released: less), "rank" of the teachers, and "seed".
    `speed` is the mean over late blocks of the largest τ_c |dc/dt|, `strength` that of Σ s² of the path that is open at
    the end of a block. `batch_speed` and `batch_strength` (rank, batch_seed) are of Gaussian batches with singular
    values of 1, and as the released code measures them, see `of_batches`.
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
    batches = stores["figa2-batches"]
    settings = {"settings": settings_line(experiment), "batch_settings": settings_line(batches.sweep.experiment)}
    return xarray.Dataset(variables, coordinates, settings).merge(of_batches(batches), join="inner")


def of_batches(store: Store) -> xarray.Dataset:
    """`batch_speed`, the largest τ_c |dc/dt| of a whole run, by differences over two steps, and `batch_strength`.

    The latter is Σ s² of the path that is open at the end of the run.
    """
    data, experiment = store.dataset(), store.sweep.experiment
    speed, strength = [], []
    # Every step of every run: one rank after the other.
    for rank in data["rank"].values:
        of_rank = data.sel(rank=rank).load()
        gates = of_rank.gates.transpose("seed", "path", "step").values.astype(np.float64)
        speed.append(largest_slope(gates, experiment.dt) * experiment.timescales.gates)
        end = of_rank.isel(step=-1)
        strength.append((end.path_norm.isel(path=end.gates.argmax("path")) ** 2).values)
    dims = ("rank", "batch_seed")
    return xarray.Dataset(
        {
            "batch_speed": (dims, np.array(speed), described("time constant of the gates × their largest speed ever")),
            "batch_strength": (dims, np.array(strength), described("Σ s² of the path that is open at the end")),
        },
        {"rank": data["rank"].values, "batch_seed": data.seed.values},
    )


def largest_slope(gates: np.ndarray, dt: float) -> np.ndarray:
    """The largest slope of all gates over a run by differences over two steps, (runs, paths, steps) to (runs)."""
    return np.abs(np.gradient(gates, dt, axis=-1)).max(axis=(-2, -1))


def draw(data: xarray.Dataset) -> Figure:
    """Speed against Σ s² for every run, one panel for each size of the singular values."""
    figure = new_figure(PAGE, 3.4)
    panels = figure.subplots(1, 2)
    for axes, (convention, title), name in zip(panels, CONVENTIONS.items(), PANELS, strict=True):
        of_runs(axes, data.sel(convention=convention))
        axes.set_title(title)
        letter(axes, name)
    panels[0].plot(
        data.batch_strength.mean("batch_seed"),
        data.batch_speed.mean("batch_seed"),
        "D",
        color="none",
        markersize=5,
        markeredgecolor="#b04020",
        label="batches, whole run",
        zorder=4,
    )
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
    """The published points among runs that are measured as they are, and the theory of gates."""
    unit, released = data.sel(convention="unit"), data.sel(convention="as released")
    ranks = [int(rank) for rank in data["rank"].values]
    speed, strength = (data[f"batch_{name}"].transpose("batch_seed", "rank").values for name in ("speed", "strength"))
    allowed = allowed_outside(len(ranks))
    few = f"of {len(ranks)} intervals of 95 % at most {allowed} miss in 97 of 100 cases"
    off_line = "the published points lie from 16 % below the line to 15 % above it"
    return [
        *(
            Claim(
                f"published points whose {name} no single run of ours would have, of {len(ranks)}",
                "Figure A2, a run for each rank",
                Range(None, allowed, few),
                points_outside(values, ranks, place),
                origin="picture",
                needs=FEWEST_RUNS,
            )
            for place, (name, values) in enumerate((("Σ s²", strength), ("speed", speed)))
        ),
        Claim(
            f"published points whose ratio of speed to Σ s² no single run of ours would have, of {len(ranks)}",
            "Figure A2, a run for each rank",
            Range(None, allowed, few),
            ratios_outside(np.divide(speed, strength, out=np.zeros_like(speed), where=strength != 0), ranks),
            known_verdict="fails",
            origin="picture",
            needs=FEWEST_RUNS,
        ),
        *(
            Claim(
                f"rank {rank}: the speed is {PUBLISHED[rank][1]:g}",
                "Figure A2, a run for each rank",
                Published(PUBLISHED[rank][1], 1, READING[rank], f"a single run, read to about {READING[rank]}"),
                over_seeds(speed[:, ranks.index(rank)]),
                origin="picture",
            )
            for rank in (ranks[0], ranks[-1])
        ),
        *(
            Claim(
                f"rank {rank}: the speed is {low:g} to {high:g} in the released code",
                "Figure A2, and the authors' released code",
                Published(
                    (low + high) / 2, 1, (high - low) / 2, "single runs of the released code, from least to most"
                ),
                over_seeds(speed[:, ranks.index(rank)]),
                origin="released",
            )
            for rank, (low, high) in RELEASED.items()
            if rank in ranks
        ),
        Claim(
            "the speed of gates is Σ s² of their path: largest deviation of the mean ratio from 1, over ranks",
            "appendix on dimensionality, and Figure A2: identity line",
            Range(None, 0.16, off_line),
            deviation(unit),
            origin="text",
        ),
        Claim(
            "with singular values as released it is so too: largest deviation of the mean ratio from 1",
            "on Figure A2, and the authors' released code",
            Range(None, 0.16, off_line),
            deviation(released),
            known_verdict="fails",
            origin="ours",
        ),
    ]


def points_outside(runs: np.ndarray, ranks: list[int], place: int) -> Measurement:
    """How many published points no single run of ours, (runs, ranks), would be; `place` is 0 for Σ s², 1 for speed."""
    found = 0
    for values, rank in zip(runs.T, ranks, strict=True):
        measured = over_seeds(values)
        point = Published(PUBLISHED[rank][place], 1, READING[rank], "a point")
        found += point.range(measured).margin(measured.value) < 0
    return Measurement(float(found), 0.0, len(runs))


def ratios_outside(runs: np.ndarray, ranks: list[int]) -> Measurement:
    """The same of the ratio of speed to Σ s², which is read to the reading of both over Σ s²."""
    found = 0
    for values, rank in zip(runs.T, ranks, strict=True):
        strength, speed = PUBLISHED[rank]
        measured = over_seeds(values)
        point = Published(speed / strength, 1, 2 * READING[rank] / strength, "a point")
        found += point.range(measured).margin(measured.value) < 0
    return Measurement(float(found), 0.0, len(runs))


def deviation(data: xarray.Dataset) -> Measurement:
    """How far the ratio of speed to Σ s², mean over runs, is from 1, at most over ranks."""
    ratio = (data.speed / data.strength).transpose("seed", "rank").values
    return over_seeds(ratio, lambda runs: float(np.abs(runs.mean(axis=0) - 1).max()))


def caption(data: xarray.Dataset, claims: list[Claim]) -> str:
    """What is seen in the two panels, with settings and verdicts."""
    speed, strength, spread = (
        ", ".join(f"{value:.1f}" for value in values.values)
        for values in (
            data.batch_speed.mean("batch_seed"),
            data.batch_strength.mean("batch_seed"),
            data.batch_speed.std("batch_seed", ddof=1),
        )
    )
    ratio_of_batches = (data.batch_speed / data.batch_strength).mean("batch_seed").values
    released = data.sel(convention="as released")
    ratio = (released.speed / released.strength).mean("seed")
    return written(
        "Figure A2. A gate is as fast as the squared singular values of its path",
        "Each dot is a run with two teachers of one rank: the largest speed of a gate in a block, mean over the last "
        "tenth of the blocks, against Σ s² of the path that is open at the end of a block. Dashed: the speed is Σ s². "
        "**A** Teachers with singular values of 1. Crosses: the published points, one run for each rank. Diamonds: "
        f"means over {data.sizes['batch_seed']} runs with Gaussian batches that are measured as the published ones, by "
        "the largest change of a gate in the whole run, over two steps: with increasing rank their speeds are "
        f"{speed} (± {spread} from run to run), at Σ s² of {strength}. Batches make the largest speeds of low ranks "
        "larger than the dots, and differences over two steps those of high ranks smaller. Both published coordinates "
        "come back, but not together: at the two highest ranks the published speed is .84 of Σ s², and ours is "
        f"{ratio_of_batches[-2]:.2f} and {ratio_of_batches[-1]:.2f} of it. That is unexplained; the notebook of the "
        "released code takes Σ s² of the first path, whether it is the open one or not. From rank "
        f"{MIXED_FROM} on the penalties are weak beside the task loss, many networks mix tasks in a path instead of "
        "specializing, and Σ s² is above the rank, up to twice as large. **B** Singular values as in the "
        "convention of the released code: the networks do not specialize, both gates stay near ½, and the speeds are "
        f"{float(ratio.min()):.2f} to {float(ratio.max()):.2f} of Σ s². {data.sizes['seed']} seeds.",
        [
            f"ranks {', '.join(str(rank) for rank in data['rank'].values)}: {data.settings}",
            f"batches: {data.batch_settings}",
        ],
        claims,
    )
