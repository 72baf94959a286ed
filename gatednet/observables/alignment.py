"""Alignment of paths with teachers, and what is derived from it (paper, section 2 and appendix on metrics)."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
from jax import Array

from gatednet.arrays.matching import assignment, cosines
from gatednet.arrays.rows import summed
from gatednet.observables.observable import Observable
from gatednet.observables.snapshot import Snapshot, norm

# Teachers that differ by less than this in their mean cosine are the same to the rounding of single precision.
INDISTINCT = 1e-4


def alignment(snapshot: Snapshot) -> Array:
    """Cosine between a row of a teacher and the same row of a path, mean over rows, (tasks, paths, runs)."""
    snapshot = snapshot.by_rows
    return mean_cosine(snapshot.full_teachers[:, None], snapshot.paths.weights[None])


def row_cosines(teachers: Array, weights: Array) -> Array:
    """Cosines of the rows of maps, (..., outputs, inputs, runs) each, with leading axes that broadcast."""
    scale = jnp.sqrt(summed(teachers * teachers, -2)) * jnp.sqrt(summed(weights * weights, -2))
    # A row of zeros has no direction; its cosine counts as 0.
    return summed(teachers * weights, -2) / jnp.where(scale > 0, scale, 1.0)


def mean_cosine(teachers: Array, weights: Array) -> Array:
    """The mean cosine of the rows of maps, as `row_cosines`, over their outputs."""
    rows = row_cosines(teachers, weights)
    return summed(rows, -2) / rows.shape[-2]


def unit_alignment(snapshot: Snapshot) -> Array:
    """Cosine between every row of a teacher and every unit, (tasks, outputs, units, runs)."""
    teachers = snapshot.full_teachers
    units = snapshot.own_layers[0]
    return cosines(teachers.reshape(-1, *teachers.shape[2:]), units).reshape(*teachers.shape[:2], *units.shape[::2])


def map_alignment(snapshot: Snapshot) -> Array:
    """Cosine between a row of the effective map and the same row of the target, mean over rows, (runs,)."""
    snapshot = snapshot.by_rows
    return mean_cosine(snapshot.target, snapshot.effective_map)


def silent_alignment(snapshot: Snapshot) -> Array:
    """Cosine between the Gram matrices, over inputs, of each teacher and each path, (tasks, paths, runs)."""

    def grams(maps: Array) -> Array:
        return jnp.einsum("moir,mojr->mijr", maps, maps)

    teachers, paths = grams(snapshot.full_teachers)[:, None], grams(snapshot.paths.weights)[None]
    scale = norm(teachers, (2, 3)) * norm(paths, (2, 3))
    return jnp.sum(teachers * paths, axis=(2, 3)) / jnp.where(scale > 0, scale, 1.0)


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


def relative_specialization(snapshot: Snapshot) -> Array:
    """Specialization over that of the same pairs if every matched path were its teacher, (runs,).

    Matched paths cannot be told apart further than their teachers: with a cosine ρ between rows of different teachers
    `specialization` ends at 1 - ρ, and this at 1. Paths that no task is matched to are left out, since what they hold
    says nothing about the others. NaN where the teachers of all pairs are the same: there is nothing to specialize for.
    """
    score = alignment(snapshot)
    matched = _matched(score)
    tasks, pairs = len(score), min(score.shape[:2])
    # A matched path with each of the tasks that it is not matched to.
    crossed = matched.sum(axis=0) - matched

    def contrast(score: Array) -> Array:
        within = jnp.sum(score * matched, axis=(0, 1)) / pairs
        return within - jnp.sum(score * crossed, axis=(0, 1)) / max(pairs * (tasks - 1), 1)

    teachers = snapshot.by_rows.full_teachers
    overlap = mean_cosine(teachers[:, None], teachers[None])
    # Sums and no matrix products, which accelerators round to fewer digits.
    largest = contrast(jnp.sum(overlap[:, :, None] * matched[None], axis=1))
    distinct = largest > INDISTINCT
    return jnp.where(distinct, contrast(score) / jnp.where(distinct, largest, 1.0), jnp.nan)


# What is measured of paths and teachers, and of that all that is made of cosines.
_of_maps = functools.partial(Observable, lifted="rows", of="maps")
_cosine = functools.partial(_of_maps, bounds=(0.0, 1.0))

OBSERVABLES = (
    _cosine(
        "alignment",
        "cosine between rows of a teacher and of a path, mean over rows",
        alignment,
        dims=("task", "path"),
        written_out=True,
    ),
    _cosine(
        "unit_alignment",
        "cosine between a row of a teacher and the weights of a unit, units in the network's own order",
        unit_alignment,
        dims=("task", "output", "unit"),
        lifted=True,
    ),
    _of_maps("matching", "path matched to a task, -1 where none is", matching, dims=("task",)),
    _cosine("total_alignment", "mean row cosine of teachers and their matched paths", total_alignment),
    _cosine(
        "specialization",
        "mean alignment of matched minus that of unmatched pairs, mean of the last tenth of the saves",
        specialization,
        when="end",
    ),
    _cosine(
        "relative_specialization",
        "specialization of the matched paths over that of their teachers in their place, mean of the last tenth of the "
        "saves; NaN where the teachers are the same",
        relative_specialization,
        when="end",
    ),
    _cosine(
        "map_alignment", "cosine between rows of the effective map and of the target, mean over rows", map_alignment
    ),
    _cosine(
        "silent_alignment",
        "cosine between the Gram matrices over inputs of a teacher and of a path, whatever their norms: alignment is "
        "silent where it comes before the weights grow (Atanasov et al. 2022)",
        silent_alignment,
        dims=("task", "path"),
        lifted=True,
    ),
)
