"""Singular values of the paths, and the paths in the coordinates of the teachers (paper, section 4 and appendix)."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array

from gatednet.observables.observable import Observable, register
from gatednet.observables.snapshot import Snapshot

# A singular value counts for the rank from this part of the largest one on.
RANK_TOLERANCE = 0.01


def singular_values(snapshot: Snapshot) -> Array:
    """Singular values of each path, the largest first, (paths, modes, runs); modes = min(outputs, inputs)."""
    values = jnp.linalg.svd(jnp.moveaxis(snapshot.paths.weights, -1, 0), compute_uv=False)
    return jnp.moveaxis(values, 0, -1)


def teacher_modes(snapshot: Snapshot) -> Array:
    """uᵀ W v of each path W, on the singular vectors u and v of each teacher, (tasks, paths, modes, runs)."""
    left, _, right = jnp.linalg.svd(jnp.moveaxis(snapshot.full_teachers, -1, 0), full_matrices=False)
    return jnp.einsum("rmoa,poir,rmai->mpar", left, snapshot.paths.weights, right)


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


register(
    Observable(
        "singular_values",
        "singular values of a path, the largest first",
        singular_values,
        dims=("path", "mode"),
        lifted=True,
    ),
    Observable(
        "teacher_modes",
        "weights of a path on each pair of singular vectors of a teacher",
        teacher_modes,
        dims=("task", "path", "mode"),
        lifted=True,
    ),
    Observable(
        "teacher_component",
        "multiple of a teacher that is in a path",
        teacher_component,
        dims=("task", "path"),
        # Products of maps are the same in all orthonormal coordinates, but paths of two layers are found by rows.
        lifted=True,
    ),
    Observable(
        "total_weight",
        "multiple of a teacher that is in all paths together",
        lambda snapshot: teacher_component(snapshot).sum(axis=1),
        dims=("task",),
        lifted=True,
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
