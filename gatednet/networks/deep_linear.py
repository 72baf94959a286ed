"""The linear network of two layers (paper, section 6)."""

from __future__ import annotations

import dataclasses

import jax.numpy as jnp
from jax import Array

from gatednet.arrays.frames import Frame, RowsTogether
from gatednet.arrays.matching import assignment, cosines
from gatednet.arrays.rows import Blocks, Cut, Rows
from gatednet.arrays.state import State
from gatednet.networks.base import Group, LinearNetwork
from gatednet.settings import Whole, field


class DeepLinear(LinearNetwork):
    """The fully connected linear network of two layers, y = W2 W1 x (paper, section 6 and Figure 6).

    The second layer plays the part of the gates: it has their time constant, and the penalties are on all its entries.
    The weights are (1, hidden, inputs), the gates (outputs, hidden).
    """

    inputs: int = field(20, Whole(1), "dimension of the inputs")
    hidden: int = field(20, Whole(1), "number of hidden units")
    outputs: int = field(10, Whole(1), "dimension of the outputs")

    @property
    def groups(self) -> dict[str, Group]:
        return {
            "weights": Group((1, self.hidden, self.inputs), "weights", self.inputs),
            "gates": Group((self.outputs, self.hidden), "gates", self.hidden),
        }

    @property
    def units(self) -> int:
        return self.hidden

    def paths_of(self, tasks: int) -> int:
        return tasks

    @property
    def paths_by_teachers(self) -> bool:
        return True

    @property
    def overflows_first(self) -> str:
        return "gates"

    @property
    def frame(self) -> Frame:
        return RowsTogether()

    def summary(self) -> str:
        return f"two layers, d_in = {self.inputs}, d_out = {self.outputs}, {self.hidden} hidden units"

    def cut(self, exact: bool) -> Cut:
        return Cut.MAPS

    def with_maps(self, outputs: int, inputs: int) -> DeepLinear:
        return dataclasses.replace(self, outputs=outputs, inputs=inputs)

    def split(self, state: State, cut: Cut) -> Rows:
        return Rows(((state.weights[0],),), ((state.gates,),))

    def join(self, rows: Rows) -> State:
        return State(rows.weights[0][0][None], rows.gates[0][0])

    def effective_map(self, rows: Rows) -> Blocks:
        # Not `product`: its terms would be fused into what the map is used for, and the map computed again and again.
        return (jnp.einsum("ohr,hir->oir", rows.gates[0][0], rows.weights[0][0]),)

    def as_paths(self, state: State, teachers: Array) -> State:
        """Path p has as rows the hidden units that are matched to the rows of teacher p, and zeros where there is none.

        All rows of all teachers are matched to hidden units by largest summed cosine, none twice; the gate of output i
        on path p is the entry of the second layer from the unit matched to row i of teacher p.
        """
        tasks, outputs, inputs, runs = teachers.shape
        found = self._matched(state, teachers)
        unit = jnp.maximum(found, 0)
        weights = jnp.take_along_axis(state.weights[0], unit[:, None], axis=0)
        row = jnp.arange(tasks * outputs) % outputs
        gates = jnp.take_along_axis(state.gates[row], unit[:, None], axis=1)[:, 0]
        there = found >= 0
        return State(
            jnp.where(there[:, None], weights, 0.0).reshape(tasks, outputs, inputs, runs),
            jnp.where(there, gates, 0.0).reshape(tasks, outputs, runs),
        )

    def layers(self, state: State) -> tuple[Array, Array]:
        return state.weights[0], state.gates

    def as_layers(self, state: State, teachers: Array) -> tuple[Array, Array]:
        """Units in the order of the rows that they are matched to; those without a match come last."""
        found = self._matched(state, teachers)
        rows = found.shape[0]
        unit = jnp.arange(self.hidden)[:, None]
        place = jnp.argmax(found[:, None] == unit, axis=0)
        matched = jnp.any(found[:, None] == unit, axis=0)
        order = jnp.argsort(jnp.where(matched, place, rows + unit), axis=0)
        return (
            jnp.take_along_axis(state.weights[0], order[:, None], axis=0),
            jnp.take_along_axis(state.gates, order[None], axis=1),
        )

    def _matched(self, state: State, teachers: Array) -> Array:
        """The hidden unit matched to each row of the stacked teachers, -1 where there is none, (rows, runs)."""
        rows = teachers.reshape(-1, *teachers.shape[2:])
        return assignment(cosines(rows, state.weights[0]))
