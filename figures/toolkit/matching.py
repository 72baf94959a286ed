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


def tasks_of_paths(score: np.ndarray) -> np.ndarray:
    """The task that each path is the most aligned with, (..., paths), from scores (..., tasks, paths)."""
    return np.nan_to_num(score).argmax(axis=-2)


def released_order(score: np.ndarray) -> np.ndarray:
    """Paths as the authors' released code sorts them, (..., paths): the path in each place.

    `score` is (..., tasks, paths), the mean over a run. Path by path, one that is the most aligned with the task of
    another place changes places with the path that was there at first. So two paths can go to one task, and even where
    each path has a task of its own, three that follow each other in a circle end with one of them twice.
    """
    tasks, paths = score.shape[-2:]
    best, places = tasks_of_paths(score), np.arange(paths)
    order = np.broadcast_to(places, best.shape).copy()
    for path in places[:tasks]:
        other = best[..., path]
        moved = other != path
        order[..., path] = np.where(moved, other, order[..., path])
        order = np.where(moved[..., None] & (places == other[..., None]), path, order)
    return order


def in_order(values: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Values (..., more, paths) with the paths of each run in an order (..., paths)."""
    between = values.ndim - order.ndim
    return np.take_along_axis(values, order.reshape(*order.shape[:-1], *(1,) * between, order.shape[-1]), axis=-1)
