"""Sums of orthogonal teachers of equal length, and maps over the simplex of three weights: a triangle of hexagons."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.colors import Normalize


def corners(weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where weights (points, 3) that add up to 1 lie: in a triangle with sides of 1, the third corner on top."""
    return weights[:, 1] + 0.5 * weights[:, 2], np.sqrt(0.75) * weights[:, 2]


def lengths(weights: np.ndarray) -> np.ndarray:
    """Squared lengths of the weights of sums, (points, tasks): those of the targets over that of a teacher."""
    return np.square(weights).sum(axis=-1)


def distance(weights: np.ndarray) -> np.ndarray:
    """The loss right after a switch from the last teacher over that with all gates off, for weights (points, tasks)."""
    return lengths(weights - np.eye(weights.shape[-1])[-1]) / lengths(weights)


def simplex_map(
    axes: Axes, weights: np.ndarray, values: np.ndarray, norm: Normalize, *, divisions: int, names: str
) -> PolyCollection:
    """A hexagon for each point of a grid with so many steps along a side; `names` are those of the corners.

    `weights` is (points, 3), `values` (points,).
    """
    x, y = corners(weights)
    angles = np.pi / 6 + np.pi / 3 * np.arange(6)
    cell = np.stack([np.cos(angles), np.sin(angles)], axis=1) / (np.sqrt(3) * divisions)
    cells = np.stack([x, y], axis=1)[:, None] + cell
    drawn = PolyCollection(list(cells), array=values, cmap="cividis", norm=norm, edgecolors="white", linewidths=0.3)
    axes.add_collection(drawn)
    places = ((-0.1, 0.0, "right", "center"), (1.1, 0.0, "left", "center"), (0.5, 0.97, "center", "bottom"))
    for name, (across, up, horizontal, vertical) in zip(names, places, strict=True):
        axes.text(across, up, name, ha=horizontal, va=vertical)
    axes.set(xlim=(-0.2, 1.2), ylim=(-0.1, 1.08), aspect="equal")
    axes.set_axis_off()
    return drawn
