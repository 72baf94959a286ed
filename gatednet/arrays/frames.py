"""Frames: orthonormal bases of the few dimensions in which the weights of a network ever move.

Each kind of frame says how maps are written in coordinates, and how maps in coordinates are brought back. Maps have the
shape (outputs, inputs), a basis (outputs, inputs, dimensions), or (1, inputs, dimensions) where one serves all outputs.
"""

from __future__ import annotations

import abc

import jax.numpy as jnp
from jax import Array

from gatednet.arrays.lq import lq
from gatednet.arrays.rows import add


class Frame(abc.ABC):
    """A way to choose coordinates. `targets_by_row` says whether a target may have rows of different teachers."""

    targets_by_row: bool

    @abc.abstractmethod
    def shape(self, weights: tuple[int, ...], teachers: tuple[int, ...]) -> tuple[int, int]:
        """The outputs and inputs of maps in coordinates; `weights` and `teachers` are shapes (number, rows, inputs)."""

    @abc.abstractmethod
    def coordinates(self, weights: Array, teachers: Array) -> tuple[Array, Array, Array]:
        """Weights and teachers, (number, rows, inputs) each, in coordinates, and the basis."""

    def lift(self, maps: Array, basis: Array) -> Array:
        """Maps (..., outputs, inputs, runs) in coordinates, in the original ones; `basis` has the runs last."""
        pairs = zip(jnp.unstack(basis, axis=2), jnp.unstack(maps, axis=-2), strict=True)
        return add(vectors * shares[..., None, :] for vectors, shares in pairs)

    def of_rows(self, basis: Array) -> Array:
        """A basis that lifts maps to shorter rows, where there are any.

        The rows of an output keep their inner products with each other, and those of different outputs do not.
        """
        return basis


class WholeMaps(Frame):
    """One basis of whole maps: a map in coordinates is a column, with one input."""

    targets_by_row = False

    def shape(self, weights: tuple[int, ...], teachers: tuple[int, ...]) -> tuple[int, int]:
        return min(weights[0] + teachers[0], weights[1] * weights[2]), 1

    def coordinates(self, weights: Array, teachers: Array) -> tuple[Array, Array, Array]:
        maps = jnp.concatenate([weights, teachers])
        coordinates, basis = lq(maps.reshape(len(maps), -1))
        columns = coordinates[:, :, None]
        return columns[: len(weights)], columns[len(weights) :], basis.T.reshape(*weights.shape[1:], -1)

    def of_rows(self, basis: Array) -> Array:
        # The rows of an output span no more dimensions than there are in the frame: in coordinates of its own they are
        # shorter.
        return jnp.swapaxes(lq(jnp.swapaxes(basis, -1, -2))[0], -1, -2)

    def lift(self, maps: Array, basis: Array) -> Array:
        # Coordinates are in the place of the outputs, the same for the whole map.
        return super().lift(jnp.swapaxes(maps, -3, -2), basis)


class RowsApart(Frame):
    """A basis of rows for each output: a row in coordinates is shorter, and outputs stay what they are."""

    targets_by_row = True

    def shape(self, weights: tuple[int, ...], teachers: tuple[int, ...]) -> tuple[int, int]:
        return weights[1], min(weights[0] + teachers[0], weights[2])

    def coordinates(self, weights: Array, teachers: Array) -> tuple[Array, Array, Array]:
        maps = jnp.concatenate([weights, teachers])
        coordinates, basis = lq(maps.transpose(1, 0, 2))
        rows = coordinates.transpose(1, 0, 2)
        return rows[: len(weights)], rows[len(weights) :], basis.transpose(0, 2, 1)


class RowsTogether(Frame):
    """One basis of rows for all units and outputs: inputs are fewer, and all else stays what it is."""

    targets_by_row = True

    def shape(self, weights: tuple[int, ...], teachers: tuple[int, ...]) -> tuple[int, int]:
        return teachers[1], min(weights[0] * weights[1] + teachers[0] * teachers[1], weights[2])

    def coordinates(self, weights: Array, teachers: Array) -> tuple[Array, Array, Array]:
        inputs = weights.shape[2]
        rows = jnp.concatenate([weights.reshape(-1, inputs), teachers.reshape(-1, inputs)])
        short, basis = lq(rows)
        count = weights.shape[0] * weights.shape[1]
        return (
            short[:count].reshape(*weights.shape[:2], -1),
            short[count:].reshape(*teachers.shape[:2], -1),
            basis.T[None],
        )
