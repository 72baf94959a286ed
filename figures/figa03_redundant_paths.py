"""Figure A3: of more paths than tasks, a cost of the weights leaves one open for each task, most often."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gatednet.figures.toolkit import over_time
from gatednet.figures.toolkit.caption import caption as written
from gatednet.figures.toolkit.claim import FEWEST_RUNS, Claim, Origin, Range
from gatednet.figures.toolkit.describe import described, settings_line
from gatednet.figures.toolkit.matching import in_order, path_order
from gatednet.figures.toolkit.panels import PAGE, TASKS, at_least, band, letter, new_figure, shade_blocks
from gatednet.figures.toolkit.statistics import Measurement, averaged, mean_and_error, over_seeds
from gatednet.sweeps.store.store import Store

SWEEPS = ("figa3", "figa3-published")
PANELS = "ABCDE"
COSTS = {"without": "without a cost of the weights", "with": "with a cost of the weights"}
# Gates at the ends of late blocks in the published pictures, tasks × paths; shared ones are in the middle of .58 to .65
# and of .36 to .5.
PUBLISHED = {
    "without": ((1.0, 0.0, 0.0, 0.0), (0.0, 1.0, 0.0, 0.0)),
    "with": ((1.0, 0.0, 0.0, 0.0), (0.0, 0.615, 0.43, 0.0)),
}
PATHS = ("first path of A", "first path of B", "third path", "fourth path")
# A path serves a task if its gate is at least that far open: twice what gates can be read to.
OPEN = 0.1
# What is looked at: the last blocks of each task.
LATE = 3
# How many paths serve the two tasks, fewer first.
PICTURES = {(1, 1): "a path for each task", (1, 2): "one task shared by two", (2, 2): "both shared by two"}
BARS = {"without": ("0.75", ""), "with": ("#005a9c", "//")}


def compute(stores: Mapping[str, Store]) -> xarray.Dataset:
    """Gates over time and late in each run, norms of paths, and what the weights cost.

    `gates` (statistic, cost, step, path) are averaged over seeds, `nearest_gates` (cost, step, path) those of the run
    that is the nearest to the published one, `use` (cost, seed, task, path) the gates of each run at the ends of the
    last blocks of each task, and `from_start_use` the same of runs from the published start, which differ in their
    batches, along "batches". Paths of a run are in the order of their use: first those matched to the tasks by `use`,
    then the others.
    """
    store = stores["figa3"]
    experiment = store.sweep.experiment
    data = store.dataset().transpose("cost", "seed", ..., "path")
    timing = over_time.timing(experiment)
    use = late_use(data.gates.values, timing["targets"])
    order = order_of_use(use)
    ends = {"norm": data.path_norm, "representation_cost": data.representation_cost}
    final = {name: values.isel(step=-1).reset_coords(drop=True) for name, values in ends.items()}
    final["norm"] = final["norm"].copy(data=in_order(final["norm"].values, order))
    gates = data.gates.copy(data=in_order(data.gates.values, order))
    from_start = published_use(stores["figa3-published"])
    named = described("gate at the ends of late blocks")
    variables = {
        "gates": averaged(gates),
        "use": (("cost", "seed", "task", "path"), in_order(use, order), named),
        "from_start_use": (("cost", "batches", "task", "path"), from_start, named),
        **final,
    }
    found = xarray.Dataset(variables, attrs={**timing, "settings": settings_line(experiment)})
    nearest = xarray.DataArray([nearest_run(found, str(cost)) for cost in found.cost.values], dims="cost")
    return found.assign(nearest_gates=gates.isel(seed=nearest, drop=True).drop_vars("seed", errors="ignore"))


def published_use(store: Store) -> np.ndarray:
    """`late_use` of runs from the published start, (cost, runs, task, path), paths in the order of their use.

    Blocks are a step short, so that they end between saves: the last save of each counts.
    """
    data = store.dataset().transpose("cost", "seed", "step", "path")
    block, targets = int(data.block_steps), over_time.timing(store.sweep.experiment)["targets"]
    whole = targets[: store.sweep.experiment.steps // block]
    ends = np.searchsorted(data.step.values, np.arange(1, len(whole) + 1) * block, side="right") - 1
    # The start stands for the first block's switch, so that there is one more save than there are blocks.
    at_ends = data.gates.isel(step=[0, *ends]).sel(cost=list(COSTS)).values
    use = late_use(at_ends, whole)
    return in_order(use, order_of_use(use))


def late_use(gates: np.ndarray, targets: list[int]) -> np.ndarray:
    """Gates at the ends of the last blocks of each of two tasks, (..., task, path), from gates (..., step, path)."""
    ends = (np.arange(len(targets)) + 1) * ((gates.shape[-2] - 1) // len(targets))
    blocks = [np.flatnonzero(np.array(targets) == task)[-LATE:] for task in range(2)]
    return np.stack([gates[..., ends[of_task], :].mean(axis=-2) for of_task in blocks], axis=-2)


def order_of_use(use: np.ndarray) -> np.ndarray:
    """Paths matched to the tasks, then the others by their use in either task, most first, (..., path)."""
    order = path_order(use)
    tasks = use.shape[-2]
    others = order[..., tasks:]
    total = np.take_along_axis(use.sum(axis=-2), others, axis=-1)
    sorted_others = np.take_along_axis(others, np.argsort(-total, axis=-1, kind="stable"), axis=-1)
    return np.concatenate([order[..., :tasks], sorted_others], axis=-1)


def draw(data: xarray.Dataset) -> Figure:
    """Gates without and with the cost: means over runs, the run nearest to the published one, and all pictures."""
    figure = new_figure(PAGE, 5.6)
    grid = figure.add_gridspec(3, 2, height_ratios=(1, 1, 0.8))
    letters = iter(PANELS)
    every = [figure.add_subplot(grid[0, column]) for column in range(2)]
    nearest = [figure.add_subplot(grid[1, column]) for column in range(2)]
    for axes, cost in zip(every, COSTS, strict=True):
        gates(axes, data, data.gates.sel(cost=cost))
        axes.set_title(COSTS[cost])
        letter(axes, next(letters))
    for axes, cost in zip(nearest, COSTS, strict=True):
        gates(axes, data, data.nearest_gates.sel(cost=cost).expand_dims("seed"))
        axes.set_title(f"one run, seed {int(data.seed[nearest_run(data, cost)])}")
        axes.set_xlabel("time t")
        letter(axes, next(letters))
    shares(figure.add_subplot(grid[2, :]), data)
    letter(figure.axes[-1], next(letters))
    figure.legend(*every[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    return figure


def gates(axes: Axes, data: xarray.Dataset, values: xarray.DataArray) -> None:
    """The four gates over time; `values` has "step" and "path" besides what `band` needs."""
    shade_blocks(axes, data.block_length, data.duration, data.targets)
    for path, name in enumerate(PATHS):
        band(axes, data.time.values, values.isel(path=path), label=name, **TASKS[path])
    axes.set(ylabel="gate", yticks=(0, 0.5, 1))
    at_least(axes, -0.12, 1.12)


def nearest_run(data: xarray.Dataset, cost: str) -> int:
    """The run whose late gates are the nearest to the published ones, as a position."""
    difference = data.use.sel(cost=cost).transpose("seed", "task", "path").values - np.array(PUBLISHED[cost])
    return int(np.argmin((difference**2).sum(axis=(1, 2))))


def shares(axes: Axes, data: xarray.Dataset) -> None:
    """The share of runs that show each picture, with its standard error."""
    places = np.arange(len(PICTURES))
    for shift, (cost, (colour, hatch)) in zip((-0.2, 0.2), BARS.items(), strict=True):
        shown = np.stack([shows(data.sel(cost=cost), picture) for picture in PICTURES], axis=1)
        mean, error = mean_and_error(shown.astype(float))
        axes.bar(
            places + shift,
            mean,
            0.38,
            yerr=np.nan_to_num(error),
            label=COSTS[cost],
            color=colour,
            hatch=hatch,
            edgecolor="white",
        )
        start = np.sort(served_from_start(data, cost), axis=1)
        found = [(start == picture).all(axis=1).mean() for picture in PICTURES]
        label = "from the published start" if cost == "with" else None
        axes.plot(places + shift, found, "D", color="black", markersize=3.5, label=label, clip_on=False)
    axes.set_xticks(places, list(PICTURES.values()))
    axes.set(ylabel="share of runs", xlim=(-0.5, len(PICTURES) - 0.5))
    at_least(axes, 0, 1)
    axes.legend(loc="upper right")


def served_by(data: xarray.Dataset) -> np.ndarray:
    """How many paths serve each task, (seed, task), of data without a dimension "cost"."""
    return (data.use >= OPEN).sum("path").transpose("seed", "task").values


def served_from_start(data: xarray.Dataset, cost: str) -> np.ndarray:
    """How many paths serve each task, (batches, task), from the published start."""
    return (data.from_start_use.sel(cost=cost) >= OPEN).sum("path").transpose("batches", "task").values


def shows(data: xarray.Dataset, picture: tuple[int, int]) -> np.ndarray:
    """Whether the numbers of paths that serve the tasks of each run are those of a picture, (seed,)."""
    return (np.sort(served_by(data), axis=1) == picture).all(axis=1)


def claims(data: xarray.Dataset) -> list[Claim]:
    """The published pictures among ours, from any start and from the published one, and what the cost changes."""
    without, with_cost = data.sel(cost="without"), data.sel(cost="with")
    served = np.stack([served_by(each).mean(axis=1) for each in (without, with_cost)], axis=1)
    costs = data.representation_cost.sel(cost=["with", "without"]).transpose("seed", "cost").values
    # A single run is published: it contradicts runs of which fewer than one in twenty are like it.
    among = Range(0.05, None, "one run is published; it contradicts ours where fewer than one in twenty are like it")
    usual = Range(0.5, None, "one run is published, from this start: more often than not, and our threshold")
    start = {cost: served_from_start(data, cost) for cost in COSTS}
    one_each, one_shared = "a single path serves each task", "one task has a single path and two share the other"
    code = "Figure A3A, one run of the authors' released code: .33 and .62 for B in the end"
    selects = Range(0.5, None, "more often than not, our threshold; the published run is one in which it does not")
    shares: list[tuple[str, str, Origin, Range, np.ndarray]] = [
        (f"without the cost, {one_each}", "Figure A3A", "picture", among, shows(without, (1, 1))),
        (f"with it, {one_shared}", "Figure A3B", "picture", among, shows(with_cost, (1, 2))),
        ("without the cost, several paths share a task in the end", code, "released", among, ~shows(without, (1, 1))),
        (
            f"without the cost, {one_each}, from the published start",
            "Figure A3A",
            "picture",
            usual,
            (start["without"] == (1, 1)).all(axis=1),
        ),
        (
            "with it, A has a single path and two share B, from the published start",
            "Figure A3B",
            "picture",
            usual,
            (start["with"] == (1, 2)).all(axis=1),
        ),
        (f"with it, {one_each}", "Figure A3B and its text", "ours", selects, shows(with_cost, (1, 1))),
    ]
    return [
        *(
            # With few runs a share is 0 or 1, and then without an error.
            Claim(f"{what}: share of such runs", source, expected, over_seeds(which), origin=origin, needs=FEWEST_RUNS)
            for what, source, origin, expected, which in shares
        ),
        Claim(
            "the cost leaves fewer paths to a task: mean number with the cost minus that without",
            "Figure A3 and its text",
            Range(None, -0.1, "less by one path in ten tasks at least, our threshold, or it selects nothing"),
            over_seeds(served[:, 1] - served[:, 0]),
            origin="ours",
        ),
        Claim(
            "the cost makes representations cheaper: cost of the weights at the end, with it minus without",
            "Figure A3 and its text",
            Range(None, 0.0, "below 0 is cheaper, by whatever"),
            over_seeds(costs[:, 0] - costs[:, 1]),
            origin="text",
        ),
    ]


def fading(data: xarray.Dataset) -> Measurement:
    """The norm of the last path in the order of use over that of the largest one, mean over runs."""
    norm = data.norm.transpose("seed", "path").values
    return over_seeds(norm[:, -1] / norm.max(axis=1))


def caption(data: xarray.Dataset, claims: list[Claim]) -> str:
    """What is seen in the five panels, with settings and verdicts."""
    seeds = data.sizes["seed"]
    found = "; ".join(
        f"{COSTS[cost]} {', '.join(f'{name} {shows(data.sel(cost=cost), each).mean():.0%}' for each, name in parts)}"
        for cost, parts in ((cost, PICTURES.items()) for cost in COSTS)
    )
    pictures = {"without": (1, 1), "with": (1, 2)}
    from_start = {
        cost: (served_from_start(data, cost) == picture).all(axis=1).mean() for cost, picture in pictures.items()
    }
    of_b = data.from_start_use.sel(cost="with", task=1).transpose("batches", "path").values
    of_b = of_b[(served_from_start(data, "with") == (1, 2)).all(axis=1)]
    alike = " and ".join(f"{each:.2f}" for each in -np.sort(-of_b, axis=1)[:, :2].mean(axis=0)) if len(of_b) else "-"
    left = [f"{each.value:.3f} ± {each.standard_error:.3f}" for each in (fading(data.sel(cost=cost)) for cost in COSTS)]
    return written(
        "Figure A3. A cost of the weights selects paths",
        "Four paths for two tasks A and B (shaded: B). **A**, **B** Gates, means over "
        f"{seeds} seeds with their standard errors; the paths of each run are in the order of their use at the ends of "
        f"its last {LATE} blocks of each task. **C**, **D** The run that is the nearest to the published one. **E** "
        f"How many paths have a gate of {OPEN:g} or more in a task at those ends, and, diamonds, from the published "
        f"start: {found}. What is published with the cost is one run, in which two paths share B: over starts it is "
        "one of the pictures that arise, and not the usual one. From the start of the published run, with other "
        f"batches, it is: without the cost a single path serves each task in {from_start['without']:.0%} of "
        f"{data.sizes['batches']} runs, with it A has one path and two share B in {from_start['with']:.0%}, where "
        f"their gates are {alike} in mean (published .58 to .65 and .36 to .5). That start is the one that the "
        "released code gives a single run from its usual key. Over starts tasks are shared more often without the "
        f"cost. At the end the norm of the least used path is {left[0]} of that of the largest without the cost, "
        f"{left[1]} with it.",
        [f"with the cost: {data.settings}", "without it: λ_norm = 5.45, λ_nonneg = 0.545, and no weight cost"],
        claims,
    )
