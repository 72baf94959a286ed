"""Tasks that have a path of their own, and from where on half of them have one."""

from __future__ import annotations

import numpy as np
import xarray

from gatednet.figures.toolkit.power import TINY
from gatednet.sweeps.store.store import Store

# A task has a path of its own from this alignment on; no path has it with two orthogonal teachers.
OWN = 0.9
HALF = 0.5


def alignments(store: Store) -> xarray.DataArray:
    """Alignment of all runs, (..., seed, step, task, path)."""
    return store.dataset().alignment.transpose(..., "seed", "step", "task", "path").reset_coords(drop=True).load()


def owned(alignment: xarray.DataArray) -> xarray.DataArray:
    """The share of tasks that have a path of their own: one that is the best aligned with them, and enough so.

    A path that is so for several tasks counts once.
    """
    best = (alignment >= OWN) & (alignment == alignment.max("path"))
    return best.any("task").sum("path") / alignment.sizes["task"]


def neighbours(alignment: xarray.DataArray) -> xarray.DataArray:
    """The share of paths whose two best aligned tasks follow each other where tasks come in turn."""
    values = alignment.transpose(..., "path", "task")
    order = np.argsort(-values.values, axis=-1, kind="stable")
    apart = np.abs(order[..., 0] - order[..., 1])
    follow = (apart == 1) | (apart == values.sizes["task"] - 1)
    return values.isel(task=0, path=0, drop=True).copy(data=follow.mean(axis=-1).astype(np.float32))


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
    """The first of increasing points at which the mean share over runs (runs, points) is one half or more.

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
    """The last of increasing points at which the mean share is one half or more: `shortest` from the other end."""
    return 1 / shortest(1 / points[::-1], runs[:, ::-1])


def by_run(values: xarray.DataArray, *dims: str) -> np.ndarray:
    """Values of each run: the dimension of the seeds first, which has its name at its end, then others."""
    (seed,) = (dim for dim in values.dims if str(dim).endswith("seed"))
    return values.transpose(seed, *(dims or (...,))).values.astype(np.float64)
