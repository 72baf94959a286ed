"""Paths in the order of the tasks that they were learnt for."""

from __future__ import annotations

import numpy as np
import scipy.optimize


def path_order(score: np.ndarray) -> np.ndarray:
    """The paths of each run in the order of their tasks, (..., paths).

    `score` is (..., tasks, paths). Paths are matched to tasks so that the summed score is largest, none twice; paths
    without a task come last. Scores that are no numbers count as 0.
    """
    score = np.nan_to_num(score)
    *runs, _, paths = score.shape
    order = np.empty((*runs, paths), np.int64)
    for run in np.ndindex(*runs):
        # The assignment lists tasks in increasing order, so that the paths are in the order of their tasks.
        _, matched = scipy.optimize.linear_sum_assignment(score[run], maximize=True)
        order[run] = [*matched, *sorted(set(range(paths)) - set(matched))]
    return order


def in_order(values: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Values (..., more, paths) with the paths of each run in an order (..., paths)."""
    between = values.ndim - order.ndim
    return np.take_along_axis(values, order.reshape(*order.shape[:-1], *(1,) * between, order.shape[-1]), axis=-1)


def released_order(score: np.ndarray) -> np.ndarray:
    """The paths of each run in the order that the authors' released code puts them in, (..., paths).

    `score` is (..., tasks, paths), the mean alignment over a run, of as many tasks as paths. Path by path, a path that
    another task than its own number suits best changes places with that number. Where one task suits both of two paths
    best, they are exchanged whatever the other task says: it can be the wrong way round.
    """
    best = np.nan_to_num(score).argmax(axis=-2)
    paths = np.arange(score.shape[-1])
    order = np.broadcast_to(paths, best.shape).copy()
    for path in paths:
        other = best[..., path]
        moved = other != path
        order[..., path] = np.where(moved, other, order[..., path])
        order = np.where(moved[..., None] & (paths == other[..., None]), path, order)
    return order
