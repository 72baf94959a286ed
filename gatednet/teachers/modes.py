"""Teachers put together from singular values and random singular vectors."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import jax
import jax.numpy as jnp
from jax import Array

from gatednet.arrays.lq import orthonormal
from gatednet.networks.base import Network
from gatednet.random.threefry import normal
from gatednet.settings import SettingError

# Whether singular vectors are those of each teacher, orthogonal to those of the others, or the same for all.
SIDES = ("separate", "shared")


@runtime_checkable
class OfModes(Protocol):
    """Teachers that say whose their singular vectors are: one of `SIDES` on either side."""

    tasks: int
    left: str
    right: str


def check_modes(what: str, teachers: OfModes, count: int, network: Network) -> None:
    """Raise `SettingError` where there is no room for `count` orthogonal singular vectors of each teacher."""
    for side, vectors, dimensions in (("left", teachers.left, "outputs"), ("right", teachers.right, "inputs")):
        needed = count * (teachers.tasks if vectors == "separate" else 1)
        there = getattr(network, dimensions)
        if needed > there:
            raise SettingError(
                f"{what}: {needed} orthogonal {side} singular vectors do not exist in network.{dimensions} = {there} "
                f"dimensions, allowed are at most {there}"
            )


def overlap_of_modes(teachers: OfModes) -> float | None:
    """The mean cosine of the same row of any two teachers of given singular vectors; None where it is random."""
    if teachers.right == "separate":
        return 0.0  # rows are sums of right vectors, and those of different teachers are orthogonal
    return 1.0 if teachers.left == "shared" else None


def of_modes(key: Array, teachers: OfModes, network: Network, values: Array) -> Array:
    """Teachers of given singular values, with random singular vectors, (tasks, outputs, inputs)."""
    count, tasks = len(values), teachers.tasks

    def vectors(key: Array, dimensions: int, how: str) -> Array:
        sets = tasks if how == "separate" else 1
        drawn = rotation(key, dimensions, sets * count).reshape(sets, count, dimensions)
        return jnp.broadcast_to(drawn, (tasks, count, dimensions))

    left = vectors(jax.random.fold_in(key, 1), network.outputs, teachers.left)
    right = vectors(key, network.inputs, teachers.right)
    return jnp.einsum("k,mka,mkb->mab", values, left, right)


def rotation(key: Array, dimensions: int, count: int) -> Array:
    """The first `count` rows of a uniformly random rotation or reflection, (count, dimensions), orthonormal.

    They are the orthonormal factor of a Gaussian matrix (Mezzadri, Notices of the AMS 54, 2007, 592-604).
    """
    return orthonormal(normal(key, (dimensions, dimensions)).T[:count])
