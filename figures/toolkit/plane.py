"""Panels in the plane of the two-dimensional model: its outputs, and the weights of its paths.

Datasets are those of `gatednet.figures.toolkit.geometry`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection

from gatednet.figures.toolkit.panels import REGIMES, TASKS

# What belongs to the two tasks, in order: the unit vectors.
TARGETS = np.eye(2)
# Range of both coordinates of a panel.
EXTENT = (-0.25, 1.35)
# Width of the shading along a trail where its gate is 1, in points.
_SHADING = 11.0


def outputs(axes: Axes, data: xarray.Dataset) -> None:
    """The outputs after a switch from the first target to the second, with the error at the switch."""
    start, end = TARGETS
    error(axes, start, end)
    for regime, line in REGIMES.items():
        trail(axes, data.switch_output.sel(regime=regime).values, label=regime, **line)
    stars = {"marker": "*", "linestyle": "none", "markersize": 11, "markerfacecolor": "none", "clip_on": False}
    axes.plot(*start, markeredgecolor="0.6", **stars)
    axes.plot(*end, markeredgecolor="black", label="targets", **stars)
    frame(axes, "y")
    axes.legend(loc="upper right", fontsize=6)


def weights_of_switch(axes: Axes, data: xarray.Dataset) -> None:
    """Both paths after a switch, beside each other, shaded by their gates, with the loss in an inset."""
    teachers(axes)
    for path, line in enumerate(TASKS[:2]):
        weights = data.switch_weights.isel(path=path).values + np.array([0.06, 0.0]) * (2 * path - 1)
        trail(axes, weights, data.switch_gates.isel(path=path).values, arrows=(0.4,), **line)
    frame(axes, "w^p")
    inset = axes.inset_axes((0.66, 0.68, 0.34, 0.32))
    inset.plot(data.switch_time.values, data.switch_loss.values, color="black", linewidth=0.9)
    inset.set(xlim=(0, None), ylim=(0, 1.05), xticks=(), yticks=())
    inset.set_xlabel("t", labelpad=1)
    inset.set_ylabel("L", labelpad=4, rotation=0)


def gradient_map(axes: Axes, data: xarray.Dataset) -> None:
    """What drives the gate of a path at each place in the plane, as colours with their scale, and as contours."""
    across, up = data.weight_1.values, data.weight_2.values
    heights = data.gate_gradient.transpose("weight_2", "weight_1").values
    image = axes.pcolormesh(across, up, heights, cmap="PuOr", vmin=-1.5, vmax=1.5, shading="gouraud", rasterized=True)
    levels = np.arange(-1.0, 1.1, 0.5)
    lines = axes.contour(across, up, heights, levels=levels, colors="black", linewidths=0.5, linestyles="-")
    # Each line is labelled where it crosses the other diagonal.
    places = [(0.7 - 0.5 * level, 0.7 + 0.5 * level) for level in levels]
    axes.clabel(lines, fontsize=6, fmt=lambda level: f"{level:g}".replace("-", "−"), manual=places)
    teachers(axes)
    frame(axes, "w^p")
    bar = axes.figure.colorbar(image, ax=axes, label="−∂L/∂c$^p$", ticks=(-1, 0, 1), fraction=0.05, pad=0.02, aspect=18)
    bar.ax.tick_params(pad=1)


def weights_of_blocks(axes: Axes, data: xarray.Dataset) -> None:
    """Both paths for either length of blocks, and the trajectories of pathways that share a single target."""
    teachers(axes)
    shortest = float(data.block_length.min())
    for length in data.block_length.values:
        for path, line in enumerate(TASKS[:2]):
            weights = data.blocks_weights.sel(block_length=length).isel(path=path).values
            short = {"linewidth": 1.0, "linestyle": ":"} if length == shortest else {"linewidth": 1.2, "linestyle": "-"}
            label = f"τ$_B$ = {length:g}" if path == 0 else None
            trail(axes, weights, label=label, **{**line, **short})
    for path in range(data.sizes["path"]):
        along = data.pathways.isel(path=path).values
        axes.plot(*along.T, color="0.35", linewidth=0.7, label="Shi et al." if path == 0 else None)
    frame(axes, "w^p")
    axes.legend(loc="upper right", fontsize=6)


def frame(axes: Axes, name: str) -> None:
    """A square panel of the plane, with the coordinates of `name`, in the language of formulas."""
    axes.set(xlim=EXTENT, ylim=EXTENT, xticks=(0, 1), yticks=(0, 1), aspect="equal", adjustable="box")
    axes.set_xlabel(f"${name}_1$", labelpad=1)
    axes.set_ylabel(f"${name}_2$", labelpad=1)


def teachers(axes: Axes) -> None:
    """The teachers as thin arrows from the origin."""
    for target in TARGETS:
        arrow(axes, np.zeros(2), target, "0.6", zorder=1)


def arrow(axes: Axes, start: np.ndarray, end: np.ndarray, colour: str, zorder: float) -> None:
    """A thin arrow from one point to another."""
    (x, y), (from_x, from_y) = end.tolist(), start.tolist()
    look = {"arrowstyle": "-|>", "color": colour, "linewidth": 0.8, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", (x, y), (from_x, from_y), arrowprops=look, zorder=zorder)


def error(axes: Axes, start: np.ndarray, end: np.ndarray) -> None:
    """The error as a broad arrow from the output to its target."""
    (x, y), (across, up) = start.tolist(), (end - start).tolist()
    size = {"width": 0.16, "head_width": 0.3, "head_length": 0.25, "length_includes_head": True}
    axes.arrow(x, y, across, up, color="0.88", zorder=0, **size)
    # Beside the middle of the arrow.
    axes.text(x + 0.5 * across + 0.13, y + 0.5 * up + 0.13, "ε", color="0.5", fontsize=11, ha="center", va="center")


def trail(
    axes: Axes, points: np.ndarray, gate: np.ndarray | None = None, *, arrows: tuple[float, ...] = (), **line: Any
) -> None:
    """The trail of points (steps, 2), with its end marked, and arrowheads at fractions of its length.

    `gate`, (steps,), is shown as a shading along the trail, none for 0 and darkest for 1.
    """
    colour = line["color"]
    if gate is not None:
        segments = np.stack([points[:-1], points[1:]], axis=1)
        strength = np.clip(0.5 * (gate[:-1] + gate[1:]), 0.0, 1.0)
        axes.add_collection(
            LineCollection(
                list(segments),
                colors=[(0.0, 0.0, 0.0, 0.4 * each) for each in strength],
                linewidths=_SHADING,
                capstyle="butt",
                zorder=2,
            )
        )
    axes.plot(points[:, 0], points[:, 1], zorder=3, **line)
    axes.plot(*points[-1], "o", color=colour, markersize=3, zorder=4)
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    for fraction in arrows:
        at = fraction * along[-1]
        start, end = (
            np.array([np.interp(where, along, points[:, side]) for side in (0, 1)])
            for where in (at, at + 0.02 * along[-1])
        )
        arrow(axes, start, end, colour, zorder=4)
