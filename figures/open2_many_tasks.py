"""Open question 2: what many tasks ask of the length of blocks, of time, of gates and of paths."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gatednet.figures.toolkit.caption import caption as written
from gatednet.figures.toolkit.claim import Claim, Range, Verdict
from gatednet.figures.toolkit.describe import described, settings_line
from gatednet.figures.toolkit.panels import PAGE, Line, legend_above, letters, new_figure
from gatednet.figures.toolkit.statistics import mean_and_error, over_seeds
from gatednet.sweeps.catalog.open2 import (
    FEW_INPUTS,
    INPUTS,
    LENGTHS,
    MANY,
    MOST,
    OUTPUTS,
    OVERLAPPING,
    PATHS,
    RATIOS,
    TASKS,
    TIME,
)
from gatednet.sweeps.store.store import Store

SWEEPS = ("open2",)
PANELS = "ABCDEFGHI"
# A task has a path of its own from this alignment on; no path has it with two orthogonal teachers.
OWN = 0.9
HALF = 0.5
# The cell that numbers of tasks are compared in: length of blocks, and time constant of the gates, in units of τ_w.
LENGTH, RATIO = 4.0, 0.1
CELL = {"relative_length": LENGTH, "ratio": RATIO}
# The ratio at which blocks are shortened, of which both sides of the limit are in the grid for all numbers of tasks.
SHORTENED = 0.2
# A path is used if its norm is at least half of a teacher's.
USED = 0.5
# The largest number of tasks with all orders, whose claims have all seeds.
LARGE = TASKS[-1]
# Dark for few tasks and light for many, so that their order is seen in grey; markers tell them apart too.
SHADES: dict[int, Line] = {
    2: {"color": "#1b0c42", "marker": "o"},
    4: {"color": "#5c167f", "marker": "s"},
    8: {"color": "#9c2e7f", "marker": "^"},
    16: {"color": "#d8456c", "marker": "v"},
    32: {"color": "#f8765c", "marker": "D"},
    64: {"color": "#febb81", "marker": "P"},
}
OF_ORDERS: dict[str, Line] = {
    "in turn": {"color": "#005a9c", "marker": "o", "linestyle": "-"},
    "random": {"color": "#e69f00", "marker": "s", "linestyle": (0, (4, 1.2))},
    "Zipf": {"color": "#b04020", "marker": "^", "linestyle": (0, (1, 1))},
}
OF_PATHS: dict[int, Line] = {
    8: {"color": "#9c2e7f", "linestyle": "-"},
    16: {"color": "#d8456c", "linestyle": (0, (4, 1.2))},
}
TINY = 1e-9
SOURCE = "open question 2, Figure 5's penalties"
# Verdicts that claims had when they were first measured, where they did not hold.
KNOWN: dict[str, Verdict] = {}


def compute(stores: Mapping[str, Store]) -> xarray.Dataset:
    """Shares of tasks with a path of their own, and what it costs.

    `share` (tasks, order, relative_length, ratio, seed) is that at the end, `course` (tasks, order, save, seed) at all
    saves in the cell that is compared, `halves` (tasks, half, seed) in Zipf's order of the frequent and of the rare
    half of the tasks, `cost` (tasks, seed) the squared norm of all weights over that of a teacher, for each task. With
    "_many" and "_most" they are of 32 and 64 tasks, in turn. Where numbers of paths and tasks differ, `kept` is the
    share of tasks or paths, whichever are fewer, that have each other, `used` the number of paths in use for each task,
    and `neighbours` the share of paths whose two best aligned tasks follow each other, (paths, tasks_per_path, order,
    relative_length, seed). `overlapping` (inputs, relative_length, ratio, seed) is of independent teachers, `batches`
    (batch_length, seed) of finite batches.
    """
    found = xarray.concat([of_map(stores[f"open2-{tasks}"]) for tasks in TASKS], "tasks").assign_coords(
        tasks=list(TASKS)
    )
    for name, tasks in (("many", MANY), ("most", MOST)):
        one = of_map(stores[f"open2-{tasks}"]).rename(seed=f"{name}_seed", relative_length=f"{name}_length")
        found = found.assign({f"{each}_{name}": one[each] for each in ("share", "course", "cost")})
    of_paths = xarray.concat([with_paths(stores[f"open2-paths-{paths}"]) for paths in PATHS], "paths")
    found = found.assign(of_paths.assign_coords(paths=list(PATHS)).data_vars)
    overlap = [owned(alignment(stores[f"open2-inputs-{each}"]).isel(step=-1, drop=True)) for each in FEW_INPUTS]
    overlap = xarray.concat(overlap, "inputs").assign_coords(inputs=list(FEW_INPUTS))
    batches = owned(alignment(stores["open2-batches"]).isel(step=-1, drop=True))
    share = described("share of tasks with a path of their own at the end")
    found["overlapping"] = overlap.rename(relative_length="path_length").assign_attrs(share)
    found["batches"] = batches.rename(relative_length="batch_length").assign_attrs(share)
    named = {"8 tasks": "8", "64 tasks": "64", "other paths": "paths-8", "overlap": "inputs-2", "batches": "batches"}
    lines = [f"{name}: {settings_line(stores[f'open2-{each}'].sweep.experiment)}" for name, each in named.items()]
    return found.astype(np.float32).assign_attrs(settings=lines)


def alignment(store: Store) -> xarray.DataArray:
    """Alignment of all runs, (..., seed, step, task, path)."""
    return store.dataset().alignment.transpose(..., "seed", "step", "task", "path").reset_coords(drop=True).load()


def owned(values: xarray.DataArray) -> xarray.DataArray:
    """The number of paths that are a task's own, for each task: the best aligned with it, and enough so."""
    best = (values >= OWN) & (values == values.max("path"))
    return best.any("task").sum("path") / values.sizes["task"]


def of_map(store: Store) -> xarray.Dataset:
    """The variables of `compute` from a store with as many paths as tasks, without the dimension of the tasks."""
    values = alignment(store)
    cell = values.sel({name: value for name, value in CELL.items() if name in values.dims}, drop=True)
    norms = store.dataset().path_norm.isel(step=-1).reset_coords(drop=True).load()
    norms = norms.sel({name: value for name, value in CELL.items() if name in norms.dims}, drop=True)
    tasks = values.sizes["task"]
    cost = (norms**2).sum("path") / OUTPUTS / tasks
    found = {
        "share": owned(values.isel(step=-1, drop=True)).assign_attrs(
            described("share of tasks with a path of their own at the end")
        ),
        "course": owned(cell)
        .rename(step="save")
        .assign_coords(
            save=("save", np.arange(TIME + 1), described("time for each task", "time constant of the weights"))
        )
        .assign_attrs(described("share of tasks with a path of their own, blocks of 4 τ_w, τ_c = .1 τ_w")),
        "cost": (cost.sel(order="in turn", drop=True) if "order" in cost.dims else cost).assign_attrs(
            described("squared norm of all weights at the end, over that of all teachers")
        ),
    }
    if "order" in values.dims:
        has_one = (cell.isel(step=-1, drop=True).sel(order="Zipf", drop=True).max("path") >= OWN).transpose("task", ...)
        halves = xarray.concat([has_one[: tasks // 2].mean("task"), has_one[-(tasks // 2) :].mean("task")], "half")
        found["halves"] = halves.assign_coords(half=["frequent", "rare"]).assign_attrs(
            described("share of the frequent and the rare half of the tasks with a path of their own, Zipf's order")
        )
    return xarray.Dataset(found)


def with_paths(store: Store) -> xarray.Dataset:
    """The variables of `compute` from a store with a number of paths; tasks that are not shown are left out."""
    everything = alignment(store)
    norms = store.dataset().path_norm.reset_coords(drop=True).load() / np.sqrt(OUTPUTS)
    paths, last = everything.sizes["path"], everything.sizes["step"] - 1
    parts = []
    for shown in everything.shown.values:
        # Runs of fewer tasks end where they have had the same time for each.
        end = round(last * int(shown) / int(everything.shown.max()))
        values = everything.sel(shown=shown).isel(step=end, task=slice(int(shown)), drop=True)
        kept = owned(values) * int(shown) / min(paths, int(shown))
        used = (norms.sel(shown=shown).isel(step=end, drop=True) >= USED).sum("path") / int(shown)
        parts.append(xarray.Dataset({"kept": kept, "used": used, "neighbours": neighbours(values)}).drop_vars("shown"))
    found = xarray.concat(parts, "tasks_per_path").rename(relative_length="path_length")
    found["kept"].attrs = described("share of tasks or paths, whichever are fewer, that have each other")
    found["used"].attrs = described("number of paths in use at the end, for each task")
    found["neighbours"].attrs = described("share of paths whose two best aligned tasks follow each other")
    return found.assign_coords(tasks_per_path=everything.shown.values / paths)


def neighbours(values: xarray.DataArray) -> xarray.DataArray:
    """The share of paths whose two best aligned tasks follow each other in turn, from (..., task, path)."""
    order = np.argsort(-values.transpose(..., "path", "task").values, axis=-1, kind="stable")
    apart = np.abs(order[..., 0] - order[..., 1])
    follow = (apart == 1) | (apart == values.sizes["task"] - 1)
    return values.isel(task=0, path=0, drop=True).copy(data=follow.mean(axis=-1).astype(np.float32))


def draw(data: xarray.Dataset) -> Figure:
    """Time, blocks and gates; orders, paths, costs and overlap."""
    figure = new_figure(PAGE, 6.9)
    grid = figure.subplots(3, 3)
    over_time(grid[0, 0], data)
    times(grid[0, 1], data)
    against_lengths(grid[0, 2], data)
    against_ratios(grid[1, 0], data)
    limits(grid[1, 1], data)
    against_orders(grid[1, 2], data)
    against_paths(grid[2, 0], data)
    costs(grid[2, 1], data)
    overlaps(grid[2, 2], data)
    letters(grid.flat, PANELS)
    return figure


def curve(axes: Axes, x: np.ndarray, runs: np.ndarray, label: str, **line: object) -> None:
    """Means over runs (runs, points) with their errors."""
    mean, error = mean_and_error(runs)
    axes.errorbar(x, mean, np.nan_to_num(error), label=label, markersize=3.2, linewidth=1.0, **line)


def over_time(axes: Axes, data: xarray.Dataset) -> None:
    """The share in the cell that is compared, over the time for each task."""
    for tasks, line in SHADES.items():
        course = in_turn(data, "course", tasks)
        curve(axes, data.save.values, by_run(course, "save"), f"{tasks}", markevery=4, **line)
    axes.set(xlabel="time / (M τ$_w$)", ylabel="share of tasks with own path", ylim=(-0.05, 1.08), xlim=(0, TIME))
    legend_above(axes, ncols=3, title="M = P", fontsize=6, title_fontsize=6)


def times(axes: Axes, data: xarray.Dataset) -> None:
    """Time until half of the tasks have a path, and the law."""
    for order, line in OF_ORDERS.items():
        found = [half_time(by_run(data.course.sel(tasks=each, order=order), "save"), each) for each in TASKS]
        axes.plot(TASKS, found, label=order, markersize=3.2, **line)
    axes.plot(
        [MANY, MOST],
        [half_time(by_run(in_turn(data, "course", each), "save"), each) for each in (MANY, MOST)],
        color=OF_ORDERS["in turn"]["color"],
        marker="o",
        markerfacecolor="white",
        linestyle="none",
        markersize=4,
    )
    power, factor = law(data)
    every = np.array([TASKS[0], MOST])
    axes.plot(every, factor * every**power, color="0.5", linewidth=0.8, linestyle=":", label="law")
    axes.set(xscale="log", yscale="log", xlabel="tasks M (= P)", ylabel="time to half of the tasks / τ$_w$")
    powers_of_two(axes)
    legend_above(axes, ncols=2, fontsize=6)


def against_lengths(axes: Axes, data: xarray.Dataset) -> None:
    """The final share against the length of blocks, gates as fast as in the cell that is compared."""
    for tasks, line in SHADES.items():
        share = in_turn(data, "share", tasks)
        share = share.sel(ratio=RATIO) if "ratio" in share.dims else share
        (along,) = (dim for dim in share.dims if str(dim).endswith("length"))
        curve(axes, share[along].values, by_run(share, along), str(tasks), **line)
    axes.set(xscale="log", xlabel="length of blocks  τ$_B$ / τ$_w$", ylabel="final share with own path")
    axes.set(ylim=(-0.05, 1.08), title=f"τ$_c$ = {RATIO:g} τ$_w$")


def against_ratios(axes: Axes, data: xarray.Dataset) -> None:
    """The final share against the time constant of the gates."""
    for tasks, line in SHADES.items():
        share = in_turn(data, "share", tasks)
        if "ratio" in share.dims:
            (along,) = (dim for dim in share.dims if str(dim).endswith("length"))
            curve(axes, share.ratio.values, by_run(share.sel({along: LENGTH}), "ratio"), str(tasks), **line)
    axes.set(xscale="log", xlabel="gates  τ$_c$ / τ$_w$", ylabel="final share with own path")
    axes.set(ylim=(-0.05, 1.08), title=f"τ$_B$ = {LENGTH:g} τ$_w$")


def limits(axes: Axes, data: xarray.Dataset) -> None:
    """The shortest blocks and the slowest gates with which half of the tasks have a path at the end."""
    for ratio, mark in ((RATIO, {"marker": "o"}), (SHORTENED, {"marker": "s", "linestyle": (0, (4, 1.2))})):
        found = [shortest(data.relative_length.values, by_run(of_lengths(data, each, ratio))) for each in TASKS]
        axes.plot(TASKS, found, label=f"shortest τ$_B$, τ$_c$ = {ratio:g}", color="#005a9c", markersize=3.2, **mark)
    found = [slowest(data.ratio.values, by_run(of_ratios(data, each))) for each in TASKS]
    line = {"color": "#e69f00", "marker": "^", "linestyle": (0, (1, 1)), "markersize": 3.8}
    axes.plot(TASKS, found, label=f"slowest τ$_c$, τ$_B$ = {LENGTH:g}", **line)
    axes.set(xscale="log", yscale="log", xlabel="tasks M (= P)", ylabel="limit / τ$_w$")
    powers_of_two(axes)
    legend_above(axes, ncols=1, fontsize=6)


def against_orders(axes: Axes, data: xarray.Dataset) -> None:
    """The final share in three orders, and of the frequent and the rare half of Zipf's."""
    share = data.share.sel(relative_length=LENGTH, ratio=RATIO)
    for order in ("in turn", "random"):
        curve(axes, np.array(TASKS), by_run(share.sel(order=order), "tasks"), order, **OF_ORDERS[order])
    for half, filled in (("frequent", {}), ("rare", {"markerfacecolor": "white"})):
        runs = by_run(data.halves.sel(half=half), "tasks")
        curve(axes, np.array(TASKS), runs, f"Zipf, {half} half", **{**OF_ORDERS["Zipf"], **filled})
    axes.set(xscale="log", xlabel="tasks M (= P)", ylabel="final share with own path", ylim=(-0.05, 1.08))
    powers_of_two(axes)
    legend_above(axes, ncols=2, fontsize=6)


def against_paths(axes: Axes, data: xarray.Dataset) -> None:
    """How many of the tasks, or of the paths where these are fewer, have each other."""
    for paths, line in OF_PATHS.items():
        for order, filled in (("in turn", {}), ("random", {"markerfacecolor": "white"})):
            kept = data.kept.sel(paths=paths, order=order, path_length=LENGTH)
            label, marker = f"P = {paths}, {order}", OF_ORDERS[order]["marker"]
            curve(
                axes,
                1 / data.tasks_per_path.values,
                by_run(kept, "tasks_per_path"),
                label,
                marker=marker,
                **line,
                **filled,
            )
    axes.set(xscale="log", xlabel="paths for each task  P / M", ylabel="share of min(P, M) kept", ylim=(-0.05, 1.08))
    axes.set_xticks([0.5, 1, 2], ["½", "1", "2"])
    axes.minorticks_off()
    legend_above(axes, ncols=2, fontsize=6)


def costs(axes: Axes, data: xarray.Dataset) -> None:
    """Squared norm of the weights for each task, and paths in use."""
    curve(axes, np.array(TASKS), by_run(data.cost, "tasks"), "‖W‖$^2$, P = M", color="#005a9c", marker="o")
    for (paths, line), marker in zip(OF_PATHS.items(), "s^", strict=True):
        used = data.used.sel(paths=paths, order="in turn", path_length=LENGTH)
        tasks = paths * data.tasks_per_path.values
        curve(axes, tasks, by_run(used, "tasks_per_path"), f"paths in use, P = {paths}", marker=marker, **line)
    axes.axhline(1.0, color="0.6", linewidth=0.8, linestyle=":")
    axes.set(xscale="log", xlabel="tasks M", ylabel="for each task", ylim=(0, None))
    powers_of_two(axes)
    legend_above(axes, ncols=1, fontsize=6)


def overlaps(axes: Axes, data: xarray.Dataset) -> None:
    """The final share with independent teachers of few inputs beside that with orthogonal ones."""
    whole = data.share.sel(tasks=OVERLAPPING, order="in turn", ratio=RATIO)
    lengths = data.path_length.values
    orthogonal = whole.sel(relative_length=lengths)
    curve(
        axes,
        lengths,
        by_run(orthogonal, "relative_length"),
        f"orthogonal, d$_{{in}}$ = {INPUTS}",
        color="0.3",
        marker="o",
    )
    for inputs, (colour, marker) in zip(FEW_INPUTS, (("#005a9c", "s"), ("#e69f00", "^")), strict=True):
        share = data.overlapping.sel(inputs=inputs, ratio=RATIO)
        line = {"color": colour, "marker": marker, "linestyle": (0, (4, 1.2))}
        label = f"independent, M d$_{{out}}$ = {OVERLAPPING * OUTPUTS // inputs} d$_{{in}}$"
        curve(axes, lengths, by_run(share, "path_length"), label, **line)
    axes.set(
        xscale="log", xlabel="length of blocks  τ$_B$ / τ$_w$", ylabel="final share with own path", ylim=(-0.05, 1.08)
    )
    axes.set_xticks(lengths, [f"{each:g}" for each in lengths])
    axes.minorticks_off()
    legend_above(axes, ncols=1, fontsize=6)


def powers_of_two(axes: Axes) -> None:
    """Ticks of numbers of tasks."""
    axes.minorticks_off()
    low, high = axes.get_xlim()
    ticks = [each for each in (2, 4, 8, 16, 32, 64) if low <= each <= high]
    axes.set_xticks(ticks, [str(each) for each in ticks])


def in_turn(data: xarray.Dataset, name: str, tasks: int) -> xarray.DataArray:
    """A variable for a number of tasks that come in turn."""
    if tasks in TASKS:
        return data[name].sel(tasks=tasks, order="in turn")
    return data[f"{name}_{'many' if tasks == MANY else 'most'}"]


def of_lengths(data: xarray.Dataset, tasks: int, ratio: float) -> xarray.DataArray:
    """The final share for all lengths of blocks, tasks in turn."""
    return data.share.sel(tasks=tasks, order="in turn", ratio=ratio)


def of_ratios(data: xarray.Dataset, tasks: int) -> xarray.DataArray:
    """The final share for all time constants of the gates, tasks in turn."""
    return data.share.sel(tasks=tasks, order="in turn", relative_length=LENGTH)


def by_run(values: xarray.DataArray, *dims: str) -> np.ndarray:
    """Values of each run, with its seed as first dimension."""
    (seed,) = (dim for dim in values.dims if str(dim).endswith("seed"))
    return values.transpose(seed, *(dims or ...)).values.astype(np.float64)


def half_time(runs: np.ndarray, tasks: int) -> float:
    """When the mean share over runs (runs, saves) first comes to one half, between saves by a straight line.

    Saves are a unit of time for each task apart. The run's length where it never does.
    """
    mean = runs.mean(axis=0)
    reached = mean >= HALF
    if not reached.any():
        return float(tasks * (len(mean) - 1))
    save = int(reached.argmax())
    before = (mean[save] - HALF) / (mean[save] - mean[save - 1]) if save else 0.0
    return float(max(tasks * (save - before), TINY))


def shortest(points: np.ndarray, runs: np.ndarray) -> float:
    """The first of increasing points from which on the mean share over runs (runs, points) is one half or more.

    Between points it is read off in their logarithms; the last point where the share is never so large.
    """
    mean = runs.mean(axis=0)
    reached = mean >= HALF
    place = int(reached.argmax()) if reached.any() else len(points) - 1
    if not place or not reached.any():
        return float(points[place])
    part = (HALF - mean[place - 1]) / (mean[place] - mean[place - 1])
    return float(points[place - 1] * (points[place] / points[place - 1]) ** part)


def slowest(points: np.ndarray, runs: np.ndarray) -> float:
    """The largest of increasing points at which the mean share is still one half, as `shortest` from the other end."""
    return 1 / shortest(1 / points[::-1], runs[:, ::-1])


def power(values: list[float]) -> float:
    """The exponent of values for all numbers of tasks that go as a power of these, by least squares of logarithms."""
    return float(np.polyfit(np.log(TASKS), np.log(np.maximum(values, TINY)), 1)[0])


def law(data: xarray.Dataset) -> tuple[float, float]:
    """Exponent and factor of the time until half of the tasks have a path, as a power of their number."""
    found = [half_time(by_run(in_turn(data, "course", each), "save"), each) for each in TASKS]
    slope, level = np.polyfit(np.log(TASKS), np.log(np.maximum(found, TINY)), 1)
    return float(slope), float(np.exp(level))


def claims(data: xarray.Dataset) -> list[Claim]:
    """How time, blocks and gates scale with the number of tasks, and what paths, orders and overlap do."""
    return [*of_scaling(data), *of_orders(data), *of_paths(data), *of_controls(data)]


def claim(name: str, sentence: str, expected: Range, values: np.ndarray, *statistic: object) -> Claim:
    """A claim of ours, measured by a statistic of runs."""
    return Claim(sentence, SOURCE, expected, over_seeds(values, *statistic), KNOWN.get(name, "holds"), origin="ours")


def of_scaling(data: xarray.Dataset) -> list[Claim]:
    """Powers of M, where the law of time fails, and what breaks first."""
    slope, factor = law(data)
    course = by_run(data.course.sel(order="in turn"), "tasks", "save")
    most = by_run(data.course_most, "save")
    blocks = by_run(data.share.sel(order="in turn", ratio=SHORTENED), "tasks", "relative_length")
    gates = by_run(data.share.sel(order="in turn", relative_length=LENGTH), "tasks", "ratio")
    at_large = data.share.sel(order="in turn", tasks=LARGE)
    both = np.concatenate(
        [by_run(at_large.sel(relative_length=LENGTH), "ratio"), by_run(at_large.sel(ratio=RATIO))], axis=1
    )
    lengths, ratios = data.relative_length.values, data.ratio.values

    def times(each: np.ndarray) -> float:
        return power([half_time(each[:, place], tasks) for place, tasks in enumerate(TASKS)])

    def margins(each: np.ndarray) -> float:
        of_gates = slowest(ratios, each[:, : len(ratios)]) / RATIO
        return float(np.log2(of_gates * shortest(lengths, each[:, len(ratios) :]) / LENGTH))

    return [
        claim(
            "time",
            f"the time until half of the tasks have a path of their own grows as M to the power, M = 2 to {LARGE}, P = M",
            Range(0.8, 1.2, "1 if each pair grows in its own blocks alone; a fifth is a factor of 1.5 over these M"),
            course,
            times,
        ),
        claim(
            "most",
            f"the law holds to M = {MOST}: measured time over the law's",
            Range(0.67, 1.5, "1.5 either way, as a power that is off by a fifth would be over the same range"),
            most,
            lambda each: half_time(each, MOST) / (factor * MOST**slope),
        ),
        claim(
            "blocks",
            f"the shortest blocks with which half of the tasks have a path at the end, τ_c = {SHORTENED:g} τ_w, go as M to "
            "the power",
            Range(
                -0.6,
                -0.05,
                "growth with 1 - 1/M of the norm asks for a length 2 to 1.4 times as long with 2 as with 16",
            ),
            blocks,
            lambda each: power([shortest(lengths, each[:, place]) for place in range(len(TASKS))]),
        ),
        claim(
            "gates",
            f"the largest τ_c/τ_w with which half of the tasks have a path at the end, τ_B = {LENGTH:g} τ_w, goes as M to "
            "the power",
            Range(
                -0.3, 0.3, "0 if M disturbances of 1/M add up; .3 is a factor of 1.9 over these M, a cell of the grid"
            ),
            gates,
            lambda each: power([slowest(ratios, each[:, place]) for place in range(len(TASKS))]),
        ),
        claim(
            "first",
            f"gates break first, M = {LARGE}: log2 of how much slower they may be, less that of how much shorter blocks may",
            Range(None, 0.0, "below 0 the gates are nearer to their limit, by whatever"),
            both,
            margins,
        ),
    ]


def of_orders(data: xarray.Dataset) -> list[Claim]:
    """Random order against tasks in turn, and whether rare tasks are lost."""
    course = by_run(data.course.sel(tasks=LARGE, order=["in turn", "random"]), "order", "save")
    halves = by_run(data.halves.sel(tasks=LARGE), "half")
    return [
        claim(
            "random",
            f"in random order half of {LARGE} tasks take longer than in turn, by a factor",
            Range(
                1.1, 2.0, "half of all are drawn after M log 2 blocks and not M/2, 1.39; some growth is lost besides"
            ),
            course,
            lambda each: half_time(each[:, 1], LARGE) / half_time(each[:, 0], LARGE),
        ),
        claim(
            "rare",
            f"by Zipf's law rare tasks are lost: share with a path of the frequent half of {LARGE} tasks, less that of the "
            "rare half",
            Range(0.1, None, "a tenth: less is not said to be a difference"),
            halves @ np.array([1.0, -1.0]),
        ),
    ]


def of_paths(data: xarray.Dataset) -> list[Claim]:
    """What twice and half as many paths as tasks do, and what it costs."""
    cell = data.sel(path_length=LENGTH)
    turn = cell.sel(order="in turn")
    more, fewer = data.tasks_per_path.values[[0, -1]]
    return [
        claim(
            "more",
            "twice as many paths as tasks: share of tasks, in turn, with a path of their own, 8 and 16 paths",
            Range(0.95, None, "a path for nearly every task: one of sixteen may miss"),
            by_run(turn.kept.sel(tasks_per_path=more).mean("paths")),
        ),
        claim(
            "fewer",
            "half as many paths as tasks thrash: share of paths, tasks in turn, that keep a task, 8 and 16 paths",
            Range(None, 0.5, "fewer than half, as a cache that replaces the least recent entry keeps none"),
            by_run(turn.kept.sel(tasks_per_path=fewer).mean("paths")),
        ),
        claim(
            "neighbours",
            "paths are shared by tasks that follow each other, 16 paths for 32 tasks in turn: how often, over chance",
            Range(2.0, None, "chance is 2 of 31; twice that is not chance"),
            by_run(turn.neighbours.sel(tasks_per_path=fewer, paths=PATHS[-1])) * (2 * PATHS[-1] - 1) / 2,
        ),
        claim(
            "cost",
            "specialized networks cost a teacher a task, whatever M: largest difference of ‖W‖² for each task between "
            f"numbers of tasks from 4 to {LARGE}, P = M",
            Range(None, 0.25, "a quarter of a teacher: paths without a task hold something too"),
            by_run(data.cost.sel(tasks=[each for each in TASKS if each >= 4]), "tasks"),
            lambda each: float(np.ptp(each.mean(axis=0))),
        ),
    ]


def of_controls(data: xarray.Dataset) -> list[Claim]:
    """Teachers that cannot be orthogonal, and finite batches."""
    lengths = data.path_length.values
    orthogonal = data.share.sel(tasks=OVERLAPPING, order="in turn", ratio=RATIO, relative_length=lengths)
    independent = data.overlapping.sel(ratio=RATIO)
    beside = by_run(orthogonal.mean("relative_length"))
    few, fewest = (by_run(independent.sel(inputs=each).mean("path_length")) for each in FEW_INPUTS)
    batches = by_run(data.batches, "batch_length")
    whole = by_run(data.share.sel(tasks=4, order="in turn", ratio=RATIO, relative_length=data.batch_length.values))
    times = tuple(OVERLAPPING * OUTPUTS // each for each in FEW_INPUTS)
    return [
        claim(
            "beyond",
            f"more rows than inputs do not matter, M d_out = {times[0]} d_in, M = {OVERLAPPING}: share with orthogonal teachers "
            "less that with independent ones",
            Range(-0.1, 0.1, "a tenth: less is not said to be a difference"),
            beside - few,
        ),
        claim(
            "crowded",
            f"more tasks than entries of a map do, M d_out = {times[1]} d_in: the same difference",
            Range(0.1, None, "a tenth: less is not said to be a difference"),
            beside - fewest,
        ),
        claim(
            "batches",
            "finite batches change nothing, M = 4: share with the population less that with ten examples for each input",
            Range(-0.1, 0.1, "a tenth: less is not said to be a difference"),
            (whole - batches).mean(axis=1),
        ),
    ]


def caption(data: xarray.Dataset, claims: list[Claim]) -> str:
    """What is seen in the nine panels, with settings and verdicts."""
    slope, factor = law(data)
    return written(
        "Open question 2. Many tasks: time, blocks, gates and paths",
        "M tasks and P paths; a task has a path of its own where a path is the best aligned with it, by .9 or more. In all "
        "panels Σ s² of a teacher, over the outputs that the loss is averaged over, is 1: the gates' speed is in proportion to "
        "it (Figure A2), and would change with the shape. Constraints are taken implicitly (`Proximal`), since the penalty on "
        "the norm of many gates is stiff. Times are in units of τ_w, and a run lasts "
        f"{TIME} τ_w for each task. Unless said otherwise tasks come in turn, in blocks of {LENGTH:g} τ_w, P = M, and "
        f"τ_c = {RATIO:g} τ_w. "
        "**A** share of tasks with a path of their own over time; **B** the time until half of them have one, in three "
        f"orders, open: {MANY} and {MOST} tasks; dotted: {factor:.2g} M^{slope:.2g}, fitted to tasks in turn up to {LARGE}; "
        "**C**, **D** the share at the end, against the length of blocks and the time constant of the gates, symbols as in A; "
        "**E** the shortest blocks and the slowest gates with which half of the tasks have a path at the end, read off the mean "
        "share between points of the grid; **F** the share at the end by order, and in Zipf's order of the frequent and the rare "
        "half of the tasks; **G** the share of tasks or paths, whichever are fewer, that have each other, where there are fewer "
        "or more paths than tasks; **H** squared norm of the weights, over that of a teacher, and paths in use (half of a "
        "teacher's norm or more), each for each task; dotted: one; **I** independent teachers in few dimensions, so many that "
        "they cannot be orthogonal. Means over "
        f"{data.sizes['seed']} seeds ({data.sizes['many_seed']} of {MANY} tasks, {data.sizes['most_seed']} of {MOST}), bars are "
        "standard errors.",
        list(np.atleast_1d(data.settings)),
        claims,
    )
