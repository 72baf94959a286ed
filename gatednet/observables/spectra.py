"""Singular values of the paths, and the paths in the coordinates of the teachers (paper, section 4 and appendix)."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array

from gatednet.observables.observable import Observable
from gatednet.observables.snapshot import Snapshot

# A singular value counts for the rank from this part of the largest one on.
RANK_TOLERANCE = 0.01


def singular_values(snapshot: Snapshot) -> Array:
    """Singular values of each path, the largest first, (paths, modes, runs); modes = min(outputs, inputs)."""
    return _singular_values(snapshot.paths.weights)


def _singular_values(maps: Array) -> Array:
    return jnp.moveaxis(jnp.linalg.svd(jnp.moveaxis(maps, -1, 0), compute_uv=False), 0, -1)


def teacher_modes(snapshot: Snapshot) -> Array:
    """Singular values of Uᵀ W^p V, (tasks, paths, modes, runs), where U and V hold the singular vectors of a teacher.

    Singular vectors of equal singular values are only defined up to a rotation, which these do not depend on.
    """
    left, values, right = jnp.linalg.svd(jnp.moveaxis(snapshot.full_teachers, -1, 0), full_matrices=False)
    # What belongs to a singular value of zero is no part of the teacher.
    there = values > RANK_TOLERANCE * values[..., :1]
    left, right = left * there[..., None, :], right * there[..., None]
    within = jnp.einsum("rmoa,poir,rmbi->mpabr", left, snapshot.paths.weights, right)
    return _singular_values(within)


def teacher_component(snapshot: Snapshot) -> Array:
    """The multiple of each teacher that is in each path, ⟨W^p, W*_m⟩ / ‖W*_m‖², (tasks, paths, runs)."""
    teachers = snapshot.full_teachers
    squares = jnp.sum(teachers**2, axis=(1, 2))
    dot = jnp.einsum("moir,poir->mpr", teachers, snapshot.paths.weights)
    return dot / jnp.where(squares > 0, squares, 1.0)[:, None]


def rank(snapshot: Snapshot) -> Array:
    """The number of singular values of each path that are not small beside the largest one, (paths, runs)."""
    values = singular_values(snapshot)
    return jnp.sum(values > RANK_TOLERANCE * values[:, :1], axis=1).astype(values.dtype)


def participation_ratio(snapshot: Snapshot) -> Array:
    """(Σ s²)² / Σ s⁴ over the singular values of each path, (paths, runs); 0 for a path of zeros."""
    squares = singular_values(snapshot) ** 2
    fourth = jnp.sum(squares**2, axis=1)
    return jnp.sum(squares, axis=1) ** 2 / jnp.where(fourth > 0, fourth, 1.0)


OBSERVABLES = (
    Observable(
        "singular_values",
        "singular values of a path, the largest first",
        singular_values,
        dims=("path", "mode"),
        lifted=True,
    ),
    Observable(
        "teacher_modes",
        "singular values of a path between the singular vectors of a teacher",
        teacher_modes,
        dims=("task", "path", "mode"),
        lifted=True,
        of="maps",
    ),
    Observable(
        "teacher_component",
        "multiple of a teacher that is in a path",
        teacher_component,
        dims=("task", "path"),
        of="maps",
    ),
    Observable(
        "total_weight",
        "multiple of a teacher that is in all paths together",
        lambda snapshot: teacher_component(snapshot).sum(axis=1),
        dims=("task",),
        of="maps",
    ),
    Observable(
        "rank",
        f"number of singular values of a path above {RANK_TOLERANCE} of the largest",
        rank,
        dims=("path",),
        lifted=True,
    ),
    Observable(
        "participation_ratio",
        "participation ratio of the squared singular values of a path",
        participation_ratio,
        dims=("path",),
        lifted=True,
    ),
)
