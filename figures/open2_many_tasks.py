"""Open question 2: what many tasks ask of the length of blocks, of time, of gates and of paths."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import xarray
from matplotlib.figure import Figure

from gatednet.figures.toolkit.caption import caption as written
from gatednet.figures.toolkit.claim import Claim, Range, Verdict
from gatednet.figures.toolkit.describe import described, settings_line
from gatednet.figures.toolkit.many_tasks import (
    ADDED_GROUPS,
    ADDED_ORDERS,
    IN_ORDER,
    LARGE,
    LATE,
    LENGTH,
    RATIO,
    SHORTENED,
    beside_overlap,
    in_cell,
    in_turn,
    late_tasks,
    law,
    shortest_of,
    slowest_of,
)
from gatednet.figures.toolkit.own_paths import OWN, alignments, by_run, half_time, neighbours, owned
from gatednet.figures.toolkit.panels import PAGE, letters, new_figure
from gatednet.figures.toolkit.power import TINY, power
from gatednet.figures.toolkit.statistics import mean_and_error, over_seeds
from gatednet.sweeps.catalog.open2 import FEW_INPUTS, FURTHER, MANY, MOST, OUTPUTS, OVERLAPPING, PATHS, TASKS, TIME
from gatednet.sweeps.store.store import Store

SWEEPS = ("open2",)
PANELS = "ABCDEFGHI"
# A path is used if its norm is at least half of a teacher's.
USED = 0.5
Limits = Callable[[xarray.Dataset, np.ndarray], list[float]]
SOURCE = "open question 2, Figure 5's penalties"
# Verdicts that claims had when they were first measured, where they did not hold.
KNOWN: dict[str, Verdict] = {
    **dict.fromkeys(("time", "most", "random"), "fails"),
    **dict.fromkeys(("gates", "first", "beyond", "batches"), "undecided"),
}


def compute(stores: Mapping[str, Store]) -> xarray.Dataset:
    """Shares of tasks with a path of their own, and what it costs.

    `share` (tasks, order, relative_length, ratio, seed) is that at the end, `course` (tasks, order, save, seed) at all
    saves in the cell that is compared, `halves` (tasks, half, seed) in Zipf's order of the frequent and of the rare
    half of the tasks, `cost` (tasks, seed) the squared norm of all weights over that of all teachers. With "_many" and
    "_most" they are of 32 and 64 tasks, in turn. Where numbers of paths and tasks differ, (paths, tasks_per_path,
    path_order, path_length, seed), `kept` is the share of tasks or paths, whichever are fewer, that have each other,
    `used` the number of paths in use for each task, and `neighbours` the share of paths whose two best aligned tasks
    follow each other. `overlapping` (inputs, path_length, path_ratio, seed) is the share with independent teachers, and
    with "_any" that of tasks with any path of `OWN`, be it another task's too; `batches` (batch_length, seed) is the
    share with finite batches. `added_share` (added_tasks, added_group) is the share at the end with 32 and 64 tasks at
    random, and of the halves in Zipf's order, and `added_time` (added_tasks, added_order) the time until half of these
    tasks have a path. `pair_kept` and `pair_error` (pair, path_order), of numbers of tasks `pair_tasks` and of
    paths `pair_paths` (pair), are mean and standard error of `kept` in the cell that is compared. `nearest` (tasks,
    seed) is the alignment of the tasks without a path of their own with the path that is the nearest to them, 1 where
    all have one.
    """
    found = joined([of_map(stores[f"open2-{tasks}"]) for tasks in TASKS], tasks=TASKS)
    for name, tasks in (("many", MANY), ("most", MOST)):
        one = of_map(stores[f"open2-{tasks}"]).rename(seed=f"{name}_seed", relative_length=f"{name}_length")
        found = found.assign({f"{each}_{name}": one[each] for each in one})
    of_paths = joined([with_paths(stores[f"open2-paths-{paths}"]) for paths in PATHS], paths=PATHS)
    of_inputs = joined([at_end(stores[f"open2-inputs-{inputs}"], "path") for inputs in FEW_INPUTS], inputs=FEW_INPUTS)
    batches = at_end(stores["open2-batches"], "batch")
    others = {
        **of_paths,
        **of_pairs(stores),
        **of_many_in_orders(stores),
        "overlapping": of_inputs.share,
        "overlapping_any": of_inputs.with_any,
        "batches": batches.share,
    }
    named = {"8 tasks": "8", "64 tasks": "64", "other paths": "paths-8", "overlap": "inputs-2", "batches": "batches"}
    lines = [f"{name}: {settings_line(stores[f'open2-{each}'].sweep.experiment)}" for name, each in named.items()]
    # Variables name their own coordinates, so that none is filled up.
    return found.assign(others).astype(np.float32).assign_attrs(settings=lines)


def joined(parts: list[xarray.Dataset], **along: Sequence[int]) -> xarray.Dataset:
    """Datasets of one shape along a new dimension."""
    ((name, values),) = along.items()
    return xarray.concat(parts, name).assign_coords({name: list(values)})


def at_end(store: Store, prefix: str) -> xarray.Dataset:
    """The share at the end, of tasks with their own path and with any, its axes named after a group of stores."""
    last = alignments(store).isel(step=-1, drop=True)
    names = {"relative_length": f"{prefix}_length", "ratio": f"{prefix}_ratio"}
    last = last.rename({old: new for old, new in names.items() if old in last.dims})
    own = owned(last).assign_attrs(described("share of tasks with a path of their own at the end"))
    any_path = (last.max("path") >= OWN).mean("task")
    any_path.attrs = described("share of tasks with a path at the end that is aligned with them, their own or not")
    return xarray.Dataset({"share": own, "with_any": any_path})


def of_map(store: Store) -> xarray.Dataset:
    """The variables of `compute` from a store with as many paths as tasks, without the dimension of the tasks."""
    values = alignments(store)
    norms = in_cell(store.dataset().path_norm.isel(step=-1).reset_coords(drop=True).load())
    cost = (norms**2).sum("path") / (OUTPUTS * values.sizes["task"])
    course = owned(in_cell(values)).rename(step="save").assign_coords(save=np.arange(TIME + 1))
    last = in_cell(values).isel(step=-1, drop=True)
    best = (last.sel(order="in turn", drop=True) if "order" in last.dims else last).max("path")
    found = {
        "share": owned(values.isel(step=-1, drop=True)),
        "nearest": best.where(best < OWN).mean("task").fillna(1.0),
        "course": course,
        "cost": cost.sel(order="in turn", drop=True) if "order" in cost.dims else cost,
    }
    words = {
        "share": "share of tasks with a path of their own at the end",
        "course": f"the same at all saves, a τ_w for each task apart, τ_B = {LENGTH:g} τ_w, τ_c = {RATIO:g} τ_w",
        "nearest": "alignment of the tasks without a path of their own with the nearest one, 1 where all have one",
        "cost": "squared norm of all weights at the end, over that of all teachers",
        "halves": "share of the frequent and the rare half of the tasks with a path of their own, Zipf's order",
    }
    if "order" in values.dims:
        found["halves"] = halves(last)
    return xarray.Dataset({name: each.assign_attrs(described(words[name])) for name, each in found.items()})


def halves(last: xarray.DataArray) -> xarray.DataArray:
    """The share of the frequent and of the rare half of the tasks, in Zipf's order, with a path at the end."""
    best = last.sel(order="Zipf", drop=True).max("path")
    half = best.sizes["task"] // 2
    ends = [(best.isel(task=tasks) >= OWN).mean("task") for tasks in (slice(half), slice(-half, None))]
    return xarray.concat(ends, "half").assign_coords(half=["frequent", "rare"])


def of_many_in_orders(stores: Mapping[str, Store]) -> dict[str, xarray.DataArray]:
    """`added_share`, `added_error` and `added_time` of `compute`."""
    shares, times = [], []
    for tasks in (MANY, MOST):
        values = alignments(stores[f"open2-orders-{tasks}"])
        last, course = values.isel(step=-1, drop=True), owned(values)
        groups = (by_run(owned(last.sel(order="random", drop=True))), *by_run(halves(last), "half").T)
        shares.append([mean_and_error(each) for each in groups])
        times.append([half_time(by_run(course.sel(order=order), "step"), tasks) for order in ADDED_ORDERS])
    means, errors = np.moveaxis(np.array(shares), -1, 0)
    of_group = ("added_tasks", "added_group")
    named = {
        "added_share": (of_group, means, "share of tasks at the end with a path: their own, of Zipf's halves any"),
        "added_error": (of_group, np.nan_to_num(errors), "standard error of that share"),
        "added_time": (("added_tasks", "added_order"), times, "time until half of the tasks have a path"),
    }
    along = {"added_tasks": [MANY, MOST], "added_group": list(ADDED_GROUPS), "added_order": list(ADDED_ORDERS)}
    return {
        name: xarray.DataArray(values, {dim: along[dim] for dim in dims}, dims, attrs=described(about))
        for name, (dims, values, about) in named.items()
    }


def with_paths(store: Store) -> xarray.Dataset:
    """The variables of `compute` from a store with a number of paths; tasks that are not shown are left out."""
    everything = alignments(store)
    norms = store.dataset().path_norm.reset_coords(drop=True).load() / np.sqrt(OUTPUTS)
    paths, last = everything.sizes["path"], everything.sizes["step"] - 1
    parts = []
    for shown in map(int, everything.shown.values):
        # Runs of fewer tasks end where they have had the same time for each.
        end = round(last * shown / int(everything.shown.max()))
        values = everything.sel(shown=shown, drop=True).isel(step=end, task=slice(shown), drop=True)
        used = (norms.sel(shown=shown, drop=True).isel(step=end, drop=True) >= USED).sum("path") / shown
        kept = owned(values) * shown / min(paths, shown)
        words = {
            "kept": "share of tasks or paths, whichever are fewer, that have each other",
            "used": "number of paths in use at the end, for each task",
            "neighbours": "share of paths whose two best aligned tasks follow each other",
        }
        found = {"kept": kept, "used": used, "neighbours": neighbours(values)}
        parts.append(xarray.Dataset({name: each.assign_attrs(described(words[name])) for name, each in found.items()}))
    found = xarray.concat(parts, "tasks_per_path").assign_coords(tasks_per_path=everything.shown.values / paths)
    names = {"relative_length": "path_length", "order": "path_order"}
    return found.rename({old: new for old, new in names.items() if old in found.dims})


def of_pairs(stores: Mapping[str, Store]) -> dict[str, xarray.DataArray]:
    """Mean and error of `kept` for all numbers of paths that are not those of tasks."""
    found: list[tuple[int, int, np.ndarray, np.ndarray]] = []
    for name in (*(f"paths-{paths}" for paths in PATHS), *(f"further-{paths}" for paths in FURTHER)):
        store = stores[f"open2-{name}"]
        paths, kept = store.sweep.experiment.network.paths, with_paths(store).kept
        kept = kept.sel(path_length=LENGTH) if "path_length" in kept.dims else kept
        for per_path in kept.tasks_per_path.values:
            if per_path != 1:
                runs = by_run(kept.sel(tasks_per_path=per_path), "path_order")
                found.append((round(paths * per_path), paths, *mean_and_error(runs)))
    tasks, of_paths, means, errors = zip(*sorted(found, key=lambda each: each[:2]), strict=True)
    named = {
        "pair_tasks": (("pair",), tasks, "number of tasks"),
        "pair_paths": (("pair",), of_paths, "number of paths"),
        "pair_kept": (("pair", "path_order"), means, "share of tasks or paths, whichever are fewer, with each other"),
        "pair_error": (("pair", "path_order"), errors, "standard error of that share"),
    }
    return {
        name: xarray.DataArray(np.nan_to_num(values), dims=dims, attrs=described(about))
        for name, (dims, values, about) in named.items()
    }


def draw(data: xarray.Dataset) -> Figure:
    """Time, blocks and gates; orders, paths, costs and overlap."""
    figure = new_figure(PAGE, 6.9)
    grid = figure.subplots(3, 3)
    for axes, panel in zip(grid.flat, IN_ORDER, strict=True):
        panel(axes, data)
    letters(grid.flat, PANELS)
    return figure


def claims(data: xarray.Dataset) -> list[Claim]:
    """How time, blocks and gates scale with the number of tasks, and what paths, orders and overlap do."""
    return [*of_scaling(data), *of_orders(data), *of_paths(data), *of_controls(data)]


def claim(name: str, sentence: str, expected: tuple[float | None, float | None, str], *measured: Any) -> Claim:
    """A claim of ours; `measured` are values of runs and, unless it is their mean, a statistic."""
    return Claim(sentence, SOURCE, Range(*expected), over_seeds(*measured), KNOWN.get(name, "holds"), origin="ours")


def of_scaling(data: xarray.Dataset) -> list[Claim]:
    """Powers of M, where the law of time fails, and what breaks first."""
    slope, factor = law(data)
    share = data.share.sel(order="in turn")
    gates, blocks = share.sel(relative_length=LENGTH), share.sel(ratio=RATIO)
    alone = ((gates, "ratio"), (blocks, "relative_length"))
    large = [by_run(each.sel(tasks=[LARGE]), "tasks", dim) for each, dim in alone]
    ratios, of_blocks = data.sizes["ratio"], ("tasks", "relative_length")

    def times(each: np.ndarray) -> float:
        return power(TASKS, [half_time(each[:, place], tasks) for place, tasks in enumerate(TASKS)])[0]

    def of_law(each: np.ndarray) -> float:
        time = half_time(each, MOST)
        # At the end of the run, or at its start, no time was measured.
        return time / (factor * MOST**slope) if TINY < time < TIME * MOST else 0.0

    def of_limits(points: np.ndarray, limits: Limits, runs: np.ndarray) -> tuple[np.ndarray, Callable[[Any], float]]:
        # Where all are at the ends of the grid no limit was found.
        inside = any(points[0] < each < points[-1] for each in limits(data, runs))
        return runs, lambda each: power(TASKS, limits(data, each))[0] if inside else np.nan

    def margins(each: np.ndarray) -> float:
        (slow,), (short,) = slowest_of(data, each[..., :ratios]), shortest_of(data, each[..., ratios:])
        return float(np.log2(slow / RATIO * short / LENGTH))

    return [
        claim(
            "time",
            "the time until half of the tasks have a path of their own grows as M to the power, "
            f"M = 2 to {LARGE}, P = M",
            (0.8, 1.2, "1 if each pair grows in its own blocks alone; a fifth is a factor of 1.5 over these M"),
            by_run(data.course.sel(order="in turn"), "tasks", "save"),
            times,
        ),
        claim(
            "most",
            f"the law holds to M = {MOST}: measured time over the law's",
            (0.67, 1.5, "1.5 either way, as a power that is off by a fifth would be over the same range"),
            by_run(data.course_most, "save"),
            of_law,
        ),
        claim(
            "blocks",
            f"the shortest blocks with which half of the tasks have a path at the end, τ_c = {SHORTENED:g} τ_w, "
            "go as M to the power",
            (-0.6, -0.05, "growth with 1 - 1/M of the norm asks for a length 2 to 1.4 times as long with 2 as with 16"),
            *of_limits(data.relative_length.values, shortest_of, by_run(share.sel(ratio=SHORTENED), *of_blocks)),
        ),
        claim(
            "gates",
            f"the largest τ_c/τ_w with which half of the tasks have a path at the end, τ_B = {LENGTH:g} τ_w, "
            "goes as M to the power",
            (-0.3, 0.3, "0 if M disturbances of 1/M add up; .3 is a factor of 1.9 over these M, a cell of the grid"),
            *of_limits(data.ratio.values, slowest_of, by_run(gates, "tasks", "ratio")),
        ),
        claim(
            "first",
            f"gates break first, M = {LARGE}: log2 of how much slower they may be, less that of how much shorter "
            "blocks may",
            (None, 0.0, "below 0 the gates are nearer to their limit, by whatever"),
            np.concatenate(large, axis=-1),
            margins,
        ),
    ]


def of_orders(data: xarray.Dataset) -> list[Claim]:
    """Random order against tasks in turn, and whether rare tasks are lost."""
    return [
        claim(
            "random",
            f"in random order half of {LARGE} tasks take longer than in turn, by a factor",
            (1.1, 2.0, "half of all are drawn after M log 2 blocks and not M/2, 1.39; some growth is lost besides"),
            by_run(data.course.sel(tasks=LARGE, order=["in turn", "random"]), "order", "save"),
            lambda each: half_time(each[:, 1], LARGE) / half_time(each[:, 0], LARGE),
        ),
        claim(
            "rare",
            f"by Zipf's law rare tasks are lost: share with a path of the frequent half of {LARGE} tasks, less that of "
            "the rare half",
            (0.1, None, "a tenth: less is not said to be a difference"),
            by_run(data.halves.sel(tasks=LARGE), "half") @ np.array([1.0, -1.0]),
        ),
    ]


def of_paths(data: xarray.Dataset) -> list[Claim]:
    """What twice and half as many paths as tasks do, and what it costs."""
    turn = data[["kept", "neighbours"]].sel(path_length=LENGTH, path_order="in turn")
    more, fewer = (turn.isel(tasks_per_path=place) for place in (0, -1))
    return [
        claim(
            "more",
            "twice as many paths as tasks: share of tasks, in turn, with a path of their own, 8 and 16 paths",
            (0.95, None, "a path for nearly every task: one of sixteen may miss"),
            by_run(more.kept.mean("paths")),
        ),
        claim(
            "fewer",
            "half as many paths as tasks thrash: share of paths, tasks in turn, that keep a task, 8 and 16 paths",
            (None, 0.5, "fewer than half, as a cache that replaces the least recent entry keeps none"),
            by_run(fewer.kept.mean("paths")),
        ),
        claim(
            "neighbours",
            "paths are shared by tasks that follow each other, 16 paths for 32 tasks in turn: how often, over chance",
            (2.0, None, "chance is 2 of 31; twice that is not chance"),
            by_run(fewer.neighbours.sel(paths=PATHS[-1])) * (2 * PATHS[-1] - 1) / 2,
        ),
        claim(
            "cost",
            "specialized networks cost a teacher a task, whatever M: largest difference of ‖W‖² for each task between "
            f"numbers of tasks from 4 to {LARGE}, P = M",
            (None, 0.25, "a quarter of a teacher: paths without a task hold something too"),
            by_run(data.cost.sel(tasks=[each for each in TASKS if each >= 4]), "tasks"),
            lambda each: float(np.ptp(each.mean(axis=0))),
        ),
    ]


def of_controls(data: xarray.Dataset) -> list[Claim]:
    """Teachers that cannot be orthogonal, and finite batches."""
    beside = by_run(beside_overlap(data).mean("relative_length"))
    independent = data.overlapping.sel(path_ratio=RATIO).mean("path_length")
    few, fewest = (beside - by_run(independent.sel(inputs=inputs)) for inputs in FEW_INPUTS)
    cell = {"tasks": 4, "order": "in turn", "ratio": RATIO, "relative_length": data.batch_length.values}
    whole = by_run(data.share.sel(**cell), "relative_length")
    times = [OVERLAPPING * OUTPUTS // inputs for inputs in FEW_INPUTS]
    tenth = "a tenth: less is not said to be a difference"
    return [
        claim(
            "beyond",
            f"more rows than inputs do not matter, M d_out = {times[0]} d_in, M = {OVERLAPPING}: share with orthogonal "
            "teachers less that with independent ones",
            (-0.1, 0.1, tenth),
            few,
        ),
        claim(
            "crowded",
            f"more tasks than entries of a map do, M d_out = {times[1]} d_in: the same difference",
            (0.1, None, tenth),
            fewest,
        ),
        claim(
            "batches",
            "finite batches change nothing, M = 4: share with the population less that with ten examples for each "
            "input",
            (-0.1, 0.1, tenth),
            (whole - by_run(data.batches, "batch_length")).mean(axis=1),
        ),
    ]


def caption(data: xarray.Dataset, claims: list[Claim]) -> str:
    """What is seen in the nine panels, with settings and verdicts."""

    def mean(values: xarray.DataArray) -> str:
        return f"{float(values.mean()):.2g}"

    def listed(values: Sequence[float]) -> str:
        return ", ".join(f"{each:.2g}" for each in values)

    def of_ratio(ratio: float) -> xarray.Dataset:
        return data.isel(pair=data.pair_paths.values == ratio * data.pair_tasks.values, path_order=0)

    def pairs(ratio: float) -> list[float]:
        return of_ratio(ratio).pair_kept.values.tolist()

    def told(ratio: float) -> str:
        return ", ".join(f"{each:g}" for each in of_ratio(ratio).pair_tasks.values)

    def added(group: str) -> list[float]:
        return data.added_share.sel(added_group=group).values.tolist()

    early, late = law(data)[0], law(data, late_tasks())[0]
    first, second = (mean(data.course_most.sel(save=round(cycles * LENGTH))) for cycles in (1, 2))
    some = (2, 4, 8, 16, MOST)
    relative = [half_time(by_run(in_turn(data, "course", each), "save"), each) / each for each in some]
    gates = by_run(data.share.sel(order="in turn", relative_length=LENGTH), "tasks", "ratio")
    blocks = by_run(data.share.sel(order="in turn", ratio=SHORTENED), "tasks", "relative_length")
    kept = data.kept.sel(path_length=LENGTH)
    turn, random = (kept.sel(path_order=order) for order in ("in turn", "random"))
    few, fewest = (data.sel(inputs=each, path_ratio=RATIO) for each in FEW_INPUTS)
    without = data.nearest.sel(tasks=LARGE)
    return written(
        "Open question 2. Many tasks: time, blocks, gates and paths",
        "M tasks and P paths. A task has a path of its own where a path is the best aligned with it, by .9 or more. "
        "For all M and shapes Σ s² of a teacher, over the outputs that the loss is averaged over, is 1: the gates' "
        "speed is in proportion to it (Figure A2), and would change with the shape. Constraints are taken implicitly "
        "(`Proximal`), since the penalty on the norm of many gates is stiff. Times are in units of τ_w, and a run "
        f"lasts {TIME} τ_w for each task. Unless said otherwise tasks come in turn, P = M, τ_B = {LENGTH:g} τ_w and "
        f"τ_c = {RATIO:g} τ_w. **A** Share of tasks with a path of their own over time. **B** Time until half of them "
        f"have one, in three orders; open: {MANY} and {MOST} tasks; grey: powers fitted to tasks in turn, to "
        f"{TASKS[0]} to {LARGE} (dotted) and to {LATE} to {MOST}. **C**, **D** The share at the end against the length "
        "of blocks and the time constant of the gates, symbols as in A. **E** The shortest blocks and the slowest "
        "gates with which half of the tasks have a path at the end, read off the mean share between points of the "
        "grid. **F** The share at the end by order, in Zipf's of the frequent and of the rare half of the tasks. "
        "**G** The share of tasks or paths, whichever are fewer, that have each other. **H** Squared norm of all "
        "weights over that of a teacher, and paths in use (half of a teacher's norm or more), each over the number of "
        "tasks; dotted: one. **I** Independent teachers, too many to be orthogonal. Means over "
        f"{data.sizes['seed']} seeds ({data.sizes['many_seed']} of {MANY} tasks, {data.sizes['most_seed']} of {MOST}), "
        "bars are standard errors.\n\n"
        f"That time is in proportion to M was expected, and is wrong: up to {LARGE} tasks it grows as M to the power "
        f"{early:.2g}, which does not hold for more. Half of the tasks have a path after {listed(relative)} M τ_w for "
        f"M = {', '.join(map(str, some))}. Half of two tasks is the first one that is shown; from {LATE} tasks on the "
        f"power is {late:.2g}. A cycle of all blocks takes {LENGTH:g} M τ_w, and paths that are gained in the first "
        f"one are lost again before it ends: {first} of {MOST} tasks have one after the first cycle, {second} after "
        "the second. Random order, expected to be slower, has no such dip, and is not slower.\n\n"
        f"Blocks need not be longer with more tasks: the shortest are {listed(shortest_of(data, blocks))} τ_w at "
        f"τ_c = {SHORTENED:g} τ_w, for M = {', '.join(map(str, TASKS))}. Gates must be faster, "
        f"{listed(slowest_of(data, gates))} τ_w, which was not expected and is unexplained. With as many paths as "
        f"tasks some tasks have none of their own, and of {LARGE} these few have an alignment of "
        f"{mean(without.where(without < OWN))} with the nearest: paths hold them mixed. With twice as "
        f"many the share with one is "
        f"{mean(turn.isel(tasks_per_path=0))}. With half as many all paths are in use, and "
        f"{mean(turn.isel(tasks_per_path=-1))} of them keep a task where tasks come in turn, "
        f"{mean(random.isel(tasks_per_path=-1))} in random order. Of {MANY} and {MOST} tasks in Zipf's order, added "
        f"afterwards as their random order was, the frequent half has a path for {listed(added('frequent'))} of its "
        f"tasks, and the rare half for {listed(added('rare'))}. Other numbers than 8 and 16 paths were added "
        f"afterwards: with twice as many paths {listed(pairs(2.0))} of {told(2.0)} tasks have their own, and of half "
        f"as many {listed(pairs(0.5))} keep one of {told(0.5)} tasks.\n\n"
        "Independent teachers fare worse already where tasks are fewer than the entries of a map, which was not "
        f"expected: {mean(few.overlapping)} of the tasks have a path of their own, and {mean(few.overlapping_any)} "
        f"one of .9 at all. With more tasks than entries these are {mean(fewest.overlapping)} and "
        f"{mean(fewest.overlapping_any)}: there tasks share paths.",
        list(np.atleast_1d(data.settings)),
        claims,
    )
