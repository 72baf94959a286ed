"""Panels against numbers of tasks and paths: time, blocks and gates, orders, costs and overlap."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray
from matplotlib.axes import Axes

from gatednet.figures.toolkit.own_paths import by_run, half_time, shortest, slowest
from gatednet.figures.toolkit.panels import Line, legend_above
from gatednet.figures.toolkit.power import power
from gatednet.figures.toolkit.statistics import mean_and_error
from gatednet.sweeps.catalog.open2 import FEW_INPUTS, INPUTS, MANY, MOST, OUTPUTS, OVERLAPPING, PATHS, TASKS, TIME

# The cell that numbers of tasks are compared in: length of blocks, and time constant of the gates, in units of τ_w.
LENGTH, RATIO = 4.0, 0.1
# The ratio at which blocks are shortened, of which both sides of the limit are in the grid for all numbers of tasks.
SHORTENED = 0.2
# The largest number of tasks with all orders, whose claims have all seeds; from how many on the late law is fitted.
LARGE, LATE = TASKS[-1], 6
# Dark for few tasks and light for many, so that their order is seen in grey; markers tell them apart too.
SHADES: dict[int, Line] = {
    2: {"color": "#1b0c42", "marker": "o"},
    4: {"color": "#5c167f", "marker": "s"},
    8: {"color": "#9c2e7f", "marker": "^"},
    16: {"color": "#d8456c", "marker": "v"},
    32: {"color": "#f8765c", "marker": "D"},
    64: {"color": "#e8a04c", "marker": "P"},
}
OF_ORDERS: dict[str, Line] = {
    "in turn": {"color": "#005a9c", "marker": "o", "linestyle": "-"},
    "random": {"color": "#e69f00", "marker": "s", "linestyle": (0, (4, 1.2))},
    "Zipf": {"color": "#b04020", "marker": "^", "linestyle": (0, (1, 1))},
}
# Of 32 and 64 tasks: orders that were added, and what they show, Zipf's of the frequent and of the rare half.
ADDED_ORDERS = ("random", "Zipf")
ADDED_GROUPS = {"random": OF_ORDERS["random"], "frequent": OF_ORDERS["Zipf"], "rare": OF_ORDERS["Zipf"]}
OPEN: Line = {"markerfacecolor": "white"}
MARKED: Line = {"markersize": 3.2, "linewidth": 1.0}
SHARE = "final share with own path"


def in_cell(values: xarray.DataArray) -> xarray.DataArray:
    """Values in the cell that is compared."""
    cell = {"relative_length": LENGTH, "ratio": RATIO}
    return values.sel({name: value for name, value in cell.items() if name in values.dims}, drop=True)


def in_turn(data: xarray.Dataset, name: str, tasks: int) -> xarray.DataArray:
    """A variable for a number of tasks that come in turn."""
    if tasks in TASKS:
        return data[name].sel(tasks=tasks, order="in turn")
    return data[f"{name}_{'many' if tasks == MANY else 'most'}"]


def beside_overlap(data: xarray.Dataset) -> xarray.DataArray:
    """The final share with orthogonal teachers in the cells that have others too."""
    cell = {"tasks": OVERLAPPING, "order": "in turn", "ratio": RATIO}
    return data.share.sel(**cell, relative_length=data.path_length.values)


def late_tasks() -> tuple[int, ...]:
    """The numbers of tasks of the law that leaves out the fewest."""
    return (*(each for each in TASKS if each >= LATE), MANY, MOST)


def law(data: xarray.Dataset, numbers: Sequence[int] = TASKS) -> tuple[float, float]:
    """Exponent and factor of the time until half of the tasks have a path, as a power of their number."""
    return power(numbers, [half_time(by_run(in_turn(data, "course", each), "save"), each) for each in numbers])


def shortest_of(data: xarray.Dataset, each: np.ndarray) -> list[float]:
    """The shortest blocks for all numbers of tasks, from (runs, tasks, lengths)."""
    return [shortest(data.relative_length.values, each[:, place]) for place in range(each.shape[1])]


def slowest_of(data: xarray.Dataset, each: np.ndarray) -> list[float]:
    """The slowest gates for all numbers of tasks, from (runs, tasks, ratios)."""
    return [slowest(data.ratio.values, each[:, place]) for place in range(each.shape[1])]


def curve(axes: Axes, x: Any, runs: np.ndarray, label: str, **line: Any) -> None:
    """Means over runs (runs, points) with their errors."""
    mean, error = mean_and_error(runs)
    axes.errorbar(x, mean, np.nan_to_num(error), label=label, **{**MARKED, **line})


def ticks(axes: Axes, across: Sequence[float] = (), up: Sequence[float] = ()) -> None:
    """Logarithmic axes with these ticks; a share where nothing is said of the vertical one."""
    if across:
        axes.set(xscale="log", xlim=(across[0] / 1.15, across[-1] * 1.15))
        axes.set_xticks(across, [f"{each:g}" for each in across])
    if up:
        axes.set_yscale("log")
        axes.set_yticks(up, [f"{each:g}" for each in up])
    else:
        axes.set_ylim(-0.06, 1.1)
    axes.minorticks_off()


def over_time(axes: Axes, data: xarray.Dataset) -> None:
    """The share in the cell that is compared, over the time for each task."""
    for tasks, line in SHADES.items():
        curve(axes, data.save, by_run(in_turn(data, "course", tasks), "save"), str(tasks), markevery=4, **line)
    axes.set(xlabel="time / (M τ$_w$)", ylabel="share with own path", xlim=(-0.5, TIME + 0.5))
    ticks(axes)
    legend_above(axes, ncols=3, title="M = P", fontsize=6, title_fontsize=6)


def times(axes: Axes, data: xarray.Dataset) -> None:
    """Time until half of the tasks have a path, and the laws."""
    for order, line in OF_ORDERS.items():
        found = [half_time(by_run(data.course.sel(tasks=each, order=order), "save"), each) for each in TASKS]
        axes.plot(TASKS, found, label=order, markersize=3.2, **line)
    found = [half_time(by_run(in_turn(data, "course", each), "save"), each) for each in (MANY, MOST)]
    axes.plot((MANY, MOST), found, "o", color=OF_ORDERS["in turn"]["color"], markersize=4, **OPEN)
    for order in ADDED_ORDERS:
        line = {**OF_ORDERS[order], "linestyle": "none", "markerfacecolor": "none"}
        axes.plot(data.added_tasks, data.added_time.sel(added_order=order), markersize=4, **line)
    for numbers, line in ((TASKS, ":"), (late_tasks(), "-")):
        slope, factor = law(data, numbers)
        ends = np.array([numbers[0], MOST])
        label = f"M$^{{{slope:.2g}}}$, from {numbers[0]} on"
        axes.plot(ends, factor * ends**slope, color="0.5", linewidth=0.7, linestyle=line, zorder=0, label=label)
    axes.set(xlabel="tasks M (= P)", ylabel="time to half of the tasks / τ$_w$")
    ticks(axes, (2, 4, 8, 16, 32, 64), (1, 10, 100, 1000))
    legend_above(axes, ncols=2, fontsize=6)


def against_lengths(axes: Axes, data: xarray.Dataset) -> None:
    """The final share against the length of blocks, gates as fast as in the cell that is compared."""
    for tasks, line in SHADES.items():
        share = in_turn(data, "share", tasks)
        share = share.sel(ratio=RATIO) if "ratio" in share.dims else share
        (along,) = (dim for dim in share.dims if str(dim).endswith("length"))
        curve(axes, share[along], by_run(share, str(along)), str(tasks), **line)
    axes.set(xlabel="length of blocks  τ$_B$ / τ$_w$", ylabel=SHARE, title=f"τ$_c$ = {RATIO:g} τ$_w$")
    ticks(axes, tuple(data.relative_length.values))


def against_ratios(axes: Axes, data: xarray.Dataset) -> None:
    """The final share against the time constant of the gates."""
    for tasks, line in list(SHADES.items())[:-1]:
        share = in_turn(data, "share", tasks)
        (along,) = (dim for dim in share.dims if str(dim).endswith("length"))
        curve(axes, share.ratio, by_run(share.sel({along: LENGTH}), "ratio"), str(tasks), **line)
    axes.set(xlabel="gates  τ$_c$ / τ$_w$", ylabel=SHARE, title=f"τ$_B$ = {LENGTH:g} τ$_w$")
    ticks(axes, (0.1, 0.2, 0.4, 0.8))


def limits(axes: Axes, data: xarray.Dataset) -> None:
    """The shortest blocks and the slowest gates with which half of the tasks have a path at the end."""
    marks: dict[float, Line] = {RATIO: {"marker": "o"}, SHORTENED: {"marker": "s", "linestyle": (0, (4, 1.2))}}
    for ratio, mark in marks.items():
        runs = by_run(data.share.sel(order="in turn", ratio=ratio), "tasks", "relative_length")
        label = f"shortest τ$_B$, τ$_c$ = {ratio:g} τ$_w$"
        axes.plot(TASKS, shortest_of(data, runs), label=label, color="#005a9c", markersize=3.2, **mark)
    runs = by_run(data.share.sel(order="in turn", relative_length=LENGTH), "tasks", "ratio")
    line = {"color": "#e69f00", "marker": "^", "linestyle": (0, (1, 1)), "markersize": 3.8}
    axes.plot(TASKS, slowest_of(data, runs), label=f"slowest τ$_c$, τ$_B$ = {LENGTH:g} τ$_w$", **line)
    axes.set(xlabel="tasks M (= P)", ylabel="limit / τ$_w$")
    ticks(axes, (2, 4, 8, 16), (0.25, 0.5, 1, 2, 4))
    legend_above(axes, ncols=1, fontsize=6)


def against_orders(axes: Axes, data: xarray.Dataset) -> None:
    """The final share in three orders, and of the frequent and the rare half of Zipf's."""
    share = in_cell(data.share)
    for order in ("in turn", "random"):
        curve(axes, TASKS, by_run(share.sel(order=order), "tasks"), order, **OF_ORDERS[order])
    for half, filled in (("frequent", {}), ("rare", OPEN)):
        line = {**OF_ORDERS["Zipf"], **filled}
        curve(axes, TASKS, by_run(data.halves.sel(half=half), "tasks"), f"Zipf, {half} half", **line)
    # Further apart than the others, and of fewer seeds: not joined to them.
    for tasks in (MANY, MOST):
        last = by_run(in_turn(data, "course", tasks).isel(save=-1))[:, None]
        curve(axes, [tasks], last, "", **OF_ORDERS["in turn"])
    for group, line in ADDED_GROUPS.items():
        alone = {**line, "linestyle": "none", **(OPEN if group == "rare" else {}), **MARKED}
        of_group = data.sel(added_group=group)
        axes.errorbar(data.added_tasks, of_group.added_share, of_group.added_error, **alone)
    axes.set(xlabel="tasks M (= P)", ylabel=SHARE)
    ticks(axes, (2, 4, 8, 16, 32, 64))
    legend_above(axes, ncols=2, fontsize=6)


def against_paths(axes: Axes, data: xarray.Dataset) -> None:
    """How many of the tasks, or of the paths where these are fewer, have each other."""
    tasks = (*TASKS, MANY, MOST)
    runs = [by_run(in_turn(data, "course", each).isel(save=-1)) for each in tasks]
    means, errors = zip(*(mean_and_error(each) for each in runs), strict=True)
    axes.errorbar(tasks, means, np.nan_to_num(errors), label="P = M", **SHADES[8], **MARKED)
    for ratio, name, line in ((2.0, "2M", SHADES[2]), (0.5, "M/2", SHADES[32])):
        pairs = data.isel(pair=data.pair_paths.values == ratio * data.pair_tasks.values)
        for order, filled in (("in turn", {}), ("random", OPEN)):
            of_order = pairs.sel(path_order=order)
            drawn = {**line, "linestyle": OF_ORDERS[order]["linestyle"], **filled, **MARKED}
            axes.errorbar(
                pairs.pair_tasks,
                of_order.pair_kept,
                of_order.pair_error,
                label=f"{name}, random" if filled else f"P = {name}",
                **drawn,
            )
    axes.set(xlabel="tasks M", ylabel="share of min(P, M) kept")
    ticks(axes, (2, 4, 8, 16, 32, 64))
    legend_above(axes, ncols=2, fontsize=6)


def costs(axes: Axes, data: xarray.Dataset) -> None:
    """Squared norm of the weights for each task, and paths in use."""
    curve(axes, TASKS, by_run(data.cost, "tasks"), "‖W‖$^2$ for each task, P = M", color="#005a9c", marker="o")
    for paths in PATHS:
        used = data.used.sel(paths=paths, path_order="in turn", path_length=LENGTH)
        label = f"paths in use for each task, P = {paths}"
        line = {**SHADES[paths], "linestyle": (0, (4, 1.2))}
        curve(axes, paths * data.tasks_per_path, by_run(used, "tasks_per_path"), label, **line)
    axes.axhline(1.0, color="0.6", linewidth=0.8, linestyle=":")
    axes.set(xlabel="tasks M", ylabel="number, or teachers")
    ticks(axes, (2, 4, 8, 16, 32))
    axes.set_ylim(0, max(1.05 * axes.dataLim.ymax, 1.25))
    legend_above(axes, ncols=1, fontsize=6)


def overlaps(axes: Axes, data: xarray.Dataset) -> None:
    """The final share with independent teachers of few inputs beside that with orthogonal ones."""
    lengths = data.path_length.values
    beside = by_run(beside_overlap(data), "relative_length")
    curve(axes, lengths, beside, f"orthogonal, d$_{{in}}$ = {INPUTS}", color="0.3", marker="o")
    for inputs, mark in zip(FEW_INPUTS, (OF_ORDERS["in turn"], OF_ORDERS["random"]), strict=True):
        share = data.overlapping.sel(inputs=inputs, path_ratio=RATIO)
        label = f"independent, M d$_{{out}}$ = {OVERLAPPING * OUTPUTS // inputs} d$_{{in}}$"
        line = {"linestyle": (0, (4, 1.2)), "color": mark["color"], "marker": {8: "s", 2: "^"}[inputs]}
        curve(axes, lengths, by_run(share, "path_length"), label, **line)
    axes.set(xlabel="length of blocks  τ$_B$ / τ$_w$", ylabel=SHARE)
    ticks(axes, tuple(lengths))
    legend_above(axes, ncols=1, fontsize=6)


# The panels of the figure, from the first letter on.
IN_ORDER = (over_time, times, against_lengths, against_ratios, limits, against_orders, against_paths, costs, overlaps)
