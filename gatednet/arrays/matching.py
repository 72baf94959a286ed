"""Assignments: which path, or which unit, was learnt for which task (paper, appendix on metrics)."""

from __future__ import annotations

import itertools
import math

import jax
import jax.numpy as jnp
from jax import Array

# Up to this many candidates all assignments are compared; above, the Hungarian algorithm finds the best one.
_MOST_COMPARED = 24


def assignment(score: Array) -> Array:
    """The column matched to each row, so that the summed score is largest, (rows, runs), -1 where a row has none.

    `score` is (rows, columns, runs), such as tasks and paths. No column is matched twice; min(rows, columns) rows are
    matched.
    """
    # A choice has no slope, and the algorithm below is a loop that reverse mode does not take.
    score = jax.lax.stop_gradient(score)
    rows, columns, runs = score.shape
    few, many = sorted((rows, columns))
    if math.perm(many, few) > _MOST_COMPARED:
        return hungarian(score)
    if rows <= columns:
        candidates = list(itertools.permutations(range(columns), rows))
    else:
        candidates = [
            tuple(order.index(row) if row in order else -1 for row in range(rows))
            for order in itertools.permutations(range(rows), columns)
        ]
    sums = jnp.stack(
        [
            sum((score[row, column] for row, column in enumerate(each) if column >= 0), jnp.zeros(runs))
            for each in candidates
        ]
    )
    return jnp.asarray(candidates, jnp.int32)[jnp.argmax(sums, axis=0)].T


def hungarian(score: Array) -> Array:
    """The same as `assignment`, by the algorithm of Kuhn and Munkres, run by run."""
    # Few have so many paths, and all would wait for its import.
    import optax

    def one_run(matrix: Array) -> Array:
        rows, columns = optax.assignment.hungarian_algorithm(-matrix)
        return jnp.full(matrix.shape[0], -1, jnp.int32).at[rows].set(columns.astype(jnp.int32))

    return jax.vmap(one_run, in_axes=-1, out_axes=-1)(score)


def cosines(left: Array, right: Array) -> Array:
    """The cosine of every row of one matrix with every row of another: (m, d, runs), (n, d, runs) → (m, n, runs).

    A row of zeros has no direction; its cosines count as 0.
    """
    dot = jnp.einsum("mdr,ndr->mnr", left, right)
    scale = norms(left)[:, None] * norms(right)[None]
    return dot / jnp.where(scale > 0, scale, 1.0)


def norms(rows: Array) -> Array:
    """The Euclidean norm of every row, (n, d, runs) → (n, runs)."""
    return jnp.sqrt(jnp.sum(rows * rows, axis=1))
