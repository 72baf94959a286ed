"""Figure A9: longer blocks make a deeper effective loss with specialized minima, by the theory of short blocks."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import scipy.integrate
import xarray
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from gatednet.figures.toolkit.caption import caption as written
from gatednet.figures.toolkit.claim import Claim, Range
from gatednet.figures.toolkit.describe import described
from gatednet.figures.toolkit.panels import PAGE, SHADE, cut_off, legend_above, letter, new_figure
from gatednet.figures.toolkit.specialization import COLOURS
from gatednet.figures.toolkit.statistics import exact
from gatednet.sweeps.store.store import Store
from gatednet.theory import block_length as theory

# A closed form, without runs.
SWEEPS: tuple[str, ...] = ()
PANELS = "ABCDE"
# Settings of the published curves: time constants, and w̄ and |ε|² at the start of a block.
WEIGHTS, GATES, START, SQUARED_ERROR = 5.0, 0.05, 0.8, 0.5
TIMES = (0.5, 1.5, 3.5, 5.5)
# Tasks take turns at 1, 3, 5, …: the run begins in the middle of a block.
FIRST_SWITCH, BETWEEN_SWITCHES = 1.0, 2.0
# Length of a block in the proxy losses, and distance of both paths from even at time 0.
BLOCK, APART = 1.0, 0.1
LENGTHS = np.geomspace(0.01, 10.0, 5)
# Depth of the published minimum for the longest blocks.
PUBLISHED_DEPTH = -7.2
POINTS = 2101


def constant() -> float:
    """C of the published curves, 1.6."""
    return theory.growth_constant(START, SQUARED_ERROR, GATES, WEIGHTS)


def compute(stores: Mapping[str, Store]) -> xarray.Dataset:
    """Proxy losses over the plane of one coordinate, "along", at some times, and the effective loss.

    `linear`, `quadratic` and `proxy`, the sum with the wall, are (time, along), `paths` (time, path) where both paths
    have come to by descent, `effective` (block_length, along).
    """
    del stores
    along = np.linspace(-1.05, 1.05, POINTS)
    signs = [sign_at(time) for time in TIMES]
    linear = np.stack([theory.linear_proxy(along, WEIGHTS, sign) for sign in signs])
    quadratic = np.stack([theory.quadratic_proxy(along, constant(), BLOCK) for _ in TIMES])
    effective = np.stack([theory.effective_loss(along, constant(), length) for length in LENGTHS])
    return xarray.Dataset(
        {
            "linear": (("time", "along"), linear, described("linear part of the proxy loss")),
            "quadratic": (("time", "along"), quadratic, described("specializing part of the proxy loss")),
            "proxy": (("time", "along"), linear + quadratic + theory.wall(along), described("proxy loss")),
            "paths": (("time", "path"), descent(), described("place of a path, its weight minus ½")),
            "effective": (("block_length", "along"), effective, described("effective loss of w̄")),
        },
        {
            "along": ("along", along, described("weight minus ½, or w̄")),
            "time": ("time", np.array(TIMES), described("time", "time")),
            "task": ("time", ["A" if sign > 0 else "B" for sign in signs], described("task on show")),
            "block_length": ("block_length", LENGTHS, described("length of a block", "time")),
        },
        {
            "settings": f"τ_w = {WEIGHTS:g}, τ_c = {GATES:g}, w̄₀ = {START:g}, |ε|² = {SQUARED_ERROR:g}, "
            f"C = {constant():g}"
        },
    )


def sign_at(time: float) -> int:
    """1 while task A is on show, -1 while task B is."""
    return 1 if np.floor((time - FIRST_SWITCH) / BETWEEN_SWITCHES) % 2 else -1


def descent() -> np.ndarray:
    """Where both paths are at the times shown, (time, path): τ_w dw/dt = -∂/∂w of the proxy loss of the moment."""

    def slope(time: float, place: np.ndarray) -> np.ndarray:
        ahead, behind = place + 1e-6, place - 1e-6
        return -(proxy(ahead, time) - proxy(behind, time)) / 2e-6 / WEIGHTS

    found = scipy.integrate.solve_ivp(slope, (0.0, TIMES[-1]), [APART, -APART], t_eval=TIMES, max_step=0.02)
    return found.y.T


def proxy(along: np.ndarray, time: float) -> np.ndarray:
    """The proxy loss at a time: what pulls to the task on show, what specializes, and the wall."""
    pull = theory.linear_proxy(along, WEIGHTS, sign_at(time))
    return pull + theory.quadratic_proxy(along, constant(), BLOCK) + theory.wall(along)


def draw(data: xarray.Dataset) -> Figure:
    """The proxy losses at four times, and the effective loss for all lengths of blocks."""
    figure = new_figure(PAGE, 3.6)
    grid = figure.add_gridspec(2, 4, width_ratios=(1, 1, 2.1, 0.08))
    small = [figure.add_subplot(grid[divmod(place, 2)]) for place in range(4)]
    for place, (axes, name) in enumerate(zip(small, PANELS, strict=False)):
        proxy_losses(axes, data.isel(time=place))
        letter(axes, name)
    figure.legend(*small[0].get_legend_handles_labels(), loc="outside lower left", ncols=4)
    large, bar = figure.add_subplot(grid[:, 2]), figure.add_subplot(grid[:, 3])
    effective_losses(large, bar, data)
    letter(large, PANELS[-1])
    legend_above(large)
    return figure


def proxy_losses(axes: Axes, data: xarray.Dataset) -> None:
    """The proxy loss of one moment, its two parts, and both paths on it; shaded for task B, as blocks are."""
    along = data.along.values
    axes.plot(along, data.linear, color="0.5", linestyle=":", label="linear")
    axes.plot(along, data.quadratic, color="0.5", linestyle="--", linewidth=0.9, label="quadratic")
    axes.plot(along, data.proxy, color="black", label="total")
    heights = np.interp(data.paths.values, along, data.proxy.values)
    axes.plot(data.paths, heights, "o", color="black", markersize=3.5, label="paths")
    distance_of(axes, data.paths.values)
    if data.task.item() == "B":
        axes.set_facecolor(SHADE)
    axes.set(xlabel="w$^1$ − ½, w$^2$ − ½", ylabel="loss", ylim=(-0.75, 0.7), xticks=(-1, 0, 1), yticks=(-0.5, 0, 0.5))
    cut_off(axes)
    axes.set_title(f"t = {data.time.item():g}, task {data.task.item()}")


def distance_of(axes: Axes, paths: np.ndarray) -> None:
    """A bracket above both paths, whose width is w̄."""
    low, high = sorted(paths.tolist())
    bracket = {"arrowstyle": "|-|", "mutation_scale": 2.5, "linewidth": 0.9, "shrinkA": 0, "shrinkB": 0}
    place = axes.get_xaxis_transform()
    axes.annotate("", (low, 0.76), (high, 0.76), xycoords=place, textcoords=place, arrowprops=bracket)
    axes.text(0.5 * (low + high), 0.8, "w̄", transform=place, ha="center", va="bottom")


def effective_losses(axes: Axes, bar: Axes, data: xarray.Dataset) -> None:
    """The effective loss for each length of blocks, its minima as dots; dotted, that to the first order."""
    along, lengths = data.along.values, data.block_length.values
    norm = LogNorm(lengths.min(), lengths.max())
    for length in lengths:
        loss, colour = data.effective.sel(block_length=length), COLOURS(norm(length))
        axes.plot(along, loss, color=colour)
        place, depth = minimum(along, loss.values)
        axes.plot([-place, place], [depth, depth], "o", color=colour, markersize=3)
    axes.plot(along, theory.first_order_loss(along), color="black", linestyle=":", label="first order")
    axes.plot([], [], "o", color="0.4", markersize=3, label="minima")
    axes.axvline(0, color="0.6", linewidth=0.6, zorder=0)
    axes.set(xlabel="w̄", ylabel="effective loss", ylim=(-8, 4.6), xticks=(-1, -0.5, 0, 0.5, 1))
    axes.figure.colorbar(ScalarMappable(norm, COLOURS), cax=bar, label="block length τ$_B$")


def minimum(along: np.ndarray, loss: np.ndarray) -> tuple[float, float]:
    """How far from 0 a loss is lowest, and how low it is."""
    lowest = int(np.argmin(loss))
    return abs(float(along[lowest])), float(loss[lowest])


def claims(data: xarray.Dataset) -> list[Claim]:
    """The published minimum with the longest blocks; its other features follow from the same formula."""
    place, depth = minimum(data.along.values, data.effective.isel(block_length=-1).values)
    return [
        Claim(
            "with the longest blocks, τ_B = 10, paths are specialized where the effective loss is lowest, |w̄| = .95",
            "Figure A9, effective loss",
            Range(0.93, 0.97, "read off the published picture, whose curves have points .02 apart"),
            exact(place),
            origin="picture",
        ),
        Claim(
            f"there it falls to {PUBLISHED_DEPTH:g}",
            "Figure A9, effective loss",
            Range(
                round(PUBLISHED_DEPTH - 0.1, 3),
                round(PUBLISHED_DEPTH + 0.1, 3),
                "read off the published picture, to about a hundredth of its scale",
            ),
            exact(depth),
            origin="picture",
        ),
    ]


def caption(data: xarray.Dataset, claims: list[Claim]) -> str:
    """What is seen in the five panels, with settings and verdicts."""
    places = ", ".join(f"{minimum(data.along.values, loss)[0]:.2f}" for loss in data.effective.values)
    lengths = ", ".join(f"{length:.2g}" for length in data.block_length.values)
    return written(
        "Figure A9. Why longer blocks specialize faster",
        "**A**-**D** Proxy losses of one coordinate at four times, with blocks of both tasks in turn (shaded: B): the "
        "linear part that pulls to the task on show, -± w/τ_w, the quadratic one that specializes, -¼ τ_B C |w|^(3/2) "
        "with τ_B = 1, and their sum with a wall at |w| = 1. Dots: both paths, which descend from ±.1 at t = 0; the "
        "bracket is their distance, w̄. The wall is cut off above. **E** The effective loss of w̄ in a block of each "
        f"task, where what pulls to either task cancels, for τ_B = {lengths}; its minima (dots) are at |w̄| = {places}. "
        "Dotted: the loss to the first order, without what the gates do, 4w̄² for any τ_B; it is lowest where both "
        "paths are equal.",
        [str(data.settings)],
        claims,
    )
