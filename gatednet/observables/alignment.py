"""Alignment of paths with teachers, and what is derived from it (paper, section 2 and appendix on metrics)."""

from __future__ import annotations

import itertools
import math

import jax
import jax.numpy as jnp
import optax
from jax import Array

from gatednet.observables.observable import Observable
from gatednet.observables.snapshot import Snapshot, norm

# Up to this many candidates all assignments are compared; above, Hungarian's algorithm finds the best one.
_MOST_COMPARED = 24


def alignment(snapshot: Snapshot) -> Array:
    """Cosine between a row of a teacher and the same row of a path, mean over rows, (tasks, paths, runs)."""
    teachers, weights = snapshot.full_teachers[:, None], snapshot.full_weights[None]
    scale = norm(teachers, (3,)) * norm(weights, (3,))
    # A row of zeros has no direction; its cosine counts as 0.
    cosine = jnp.sum(teachers * weights, axis=3) / jnp.where(scale > 0, scale, 1.0)
    return cosine.mean(axis=2)


def assignment(score: Array) -> Array:
    """The path matched to each task, so that the summed score is largest, (tasks, runs), -1 where a task has none.

    `score` is (tasks, paths, runs). No path is matched twice; min(tasks, paths) tasks are matched.
    """
    tasks, paths, runs = score.shape
    few, many = sorted((tasks, paths))
    if math.perm(many, few) > _MOST_COMPARED:
        return _hungarian(score)
    if tasks <= paths:
        candidates = list(itertools.permutations(range(paths), tasks))
    else:
        candidates = [
            tuple(order.index(task) if task in order else -1 for task in range(tasks))
            for order in itertools.permutations(range(tasks), paths)
        ]
    sums = jnp.stack(
        [
            sum((score[task, path] for task, path in enumerate(each) if path >= 0), jnp.zeros(runs))
            for each in candidates
        ]
    )
    return jnp.asarray(candidates, jnp.int32)[jnp.argmax(sums, axis=0)].T


def _hungarian(score: Array) -> Array:
    def one_run(matrix: Array) -> Array:
        rows, columns = optax.assignment.hungarian_algorithm(-matrix)
        return jnp.full(matrix.shape[0], -1, jnp.int32).at[rows].set(columns.astype(jnp.int32))

    return jax.vmap(one_run, in_axes=-1, out_axes=-1)(score)


def matching(snapshot: Snapshot) -> Array:
    """The path matched to each task, (tasks, runs)."""
    return assignment(alignment(snapshot))


def _matched(score: Array) -> Array:
    """Whether a task and a path are matched, as 0 or 1, (tasks, paths, runs)."""
    return jax.nn.one_hot(assignment(score), score.shape[1], axis=1, dtype=score.dtype)


def total_alignment(snapshot: Snapshot) -> Array:
    """Mean alignment of the matched pairs: the mean row cosine of teachers and matched paths, each stacked, (runs,)."""
    score = alignment(snapshot)
    return jnp.sum(score * _matched(score), axis=(0, 1)) / min(score.shape[:2])


def specialization(snapshot: Snapshot) -> Array:
    """Mean alignment of matched minus that of unmatched pairs, (runs,); nothing is taken off where all are matched."""
    score = alignment(snapshot)
    matched = _matched(score)
    tasks, paths, _ = score.shape
    pairs = min(tasks, paths)
    unmatched = jnp.sum(score * (1 - matched), axis=(0, 1)) / max(tasks * paths - pairs, 1)
    return jnp.sum(score * matched, axis=(0, 1)) / pairs - unmatched


OBSERVABLES = (
    Observable(
        "alignment",
        "cosine between rows of a teacher and of a path, mean over rows",
        alignment,
        dims=("task", "path"),
        lifted=True,
    ),
    Observable("matching", "path matched to a task, -1 where none is", matching, dims=("task",), lifted=True),
    Observable("total_alignment", "mean row cosine of teachers and their matched paths", total_alignment, lifted=True),
    Observable(
        "specialization",
        "mean alignment of matched minus that of unmatched pairs, mean of the last tenth of the saves",
        specialization,
        when="end",
        lifted=True,
    ),
)
