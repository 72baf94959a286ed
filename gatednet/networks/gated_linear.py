"""The gated linear network (paper, equation 1)."""

from __future__ import annotations

import dataclasses

import jax.numpy as jnp
from jax import Array

from gatednet.arrays.frames import Frame, RowsApart, WholeMaps
from gatednet.arrays.product import gated
from gatednet.arrays.rows import (
    LARGEST_SMALL_MAP,
    LARGEST_UNROLLED,
    MOST_MAPS,
    Blocks,
    Cut,
    Rows,
    add,
    join,
    split,
    spread,
)
from gatednet.arrays.state import State
from gatednet.networks.base import Group, LinearNetwork
from gatednet.settings import Choice, Whole, field


class GatedLinear(LinearNetwork):
    """The gated linear network, y = sum over paths p of c^p W^p x (paper, equation 1).

    With `gates = "path"` a path has one gate for all its outputs, gates (paths,); with `"neuron"` one for each output,
    y_i = sum over p of c^p_i (W^p x)_i, gates (paths, outputs). The weights are (paths, outputs, inputs).
    """

    paths: int = field(2, Whole(1), "number of paths")
    inputs: int = field(20, Whole(1), "dimension of the inputs")
    outputs: int = field(10, Whole(1), "dimension of the outputs")
    gates: str = field("path", Choice(("path", "neuron")), "whether a path, or each output of it, has a gate")

    @property
    def groups(self) -> dict[str, Group]:
        gates = (self.paths,) if self.gates == "path" else (self.paths, self.outputs)
        return {
            "weights": Group((self.paths, self.outputs, self.inputs), "weights", self.inputs),
            "gates": Group(gates, "gates"),
        }

    @property
    def units(self) -> int:
        return self.paths * self.outputs

    def paths_of(self, tasks: int) -> int:
        return self.paths

    @property
    def overflows_first(self) -> str:
        # Their slope is a product of two quantities that grow.
        return "gates"

    @property
    def frame(self) -> Frame:
        return WholeMaps() if self.gates == "path" else RowsApart()

    def summary(self) -> str:
        return f"{self.paths} paths with {self.gates} gates, d_in = {self.inputs}, d_out = {self.outputs}"

    def cut(self, exact: bool) -> Cut:
        if exact and self.parameters <= LARGEST_UNROLLED:
            return Cut.ENTRIES
        large = self.outputs * self.inputs > LARGEST_SMALL_MAP or not exact
        return Cut.MAPS if large and self.paths <= MOST_MAPS else Cut.STACK

    def with_maps(self, outputs: int, inputs: int) -> GatedLinear:
        return dataclasses.replace(self, outputs=outputs, inputs=inputs)

    def split(self, state: State, cut: Cut) -> Rows:
        if cut is Cut.STACK:
            return Rows(((state.weights,),), ((state.gates,),))
        whole = cut is Cut.MAPS
        weights = tuple(split(path, whole) for path in jnp.unstack(state.weights))
        gates = jnp.unstack(state.gates)
        return Rows(weights, tuple((gate,) if self.gates == "path" or whole else jnp.unstack(gate) for gate in gates))

    def join(self, rows: Rows) -> State:
        first = rows.weights[0][0]
        runs = first.shape[-1]
        if first.ndim == 4:
            return State(first, rows.gates[0][0])
        if first.ndim == 1:  # a single stack of all cells is one fusion; a stack of stacks is one for each path
            cells = [cell for path in rows.weights for cell in path]
            weights = jnp.stack(cells).reshape(self.paths, self.outputs, self.inputs, runs)
        else:
            weights = jnp.stack([join(path, (self.outputs, self.inputs, runs)) for path in rows.weights])
        gates = jnp.stack(rows.blocks("gates")).reshape(*self.groups["gates"].shape, runs)
        return State(weights, gates)

    def effective_map(self, rows: Rows) -> Blocks:
        if rows.weights[0][0].ndim == 4:
            return (gated(rows.gates[0][0], rows.weights[0][0]),)
        gates = [self._gate_of_blocks(gates, weights) for gates, weights in zip(rows.gates, rows.weights, strict=True)]
        return tuple(
            add(gate[block] * weights[block] for gate, weights in zip(gates, rows.weights, strict=True))
            for block in range(len(rows.weights[0]))
        )

    def _gate_of_blocks(self, gates: Blocks, weights: Blocks) -> Blocks:
        """The gate that multiplies each block of one path."""
        whole = weights[0].ndim == 3
        if self.gates == "path":
            # Broadcast once, so that the derivative is one sum over the map and not one for each use.
            gate = spread(gates[0], (self.outputs, self.inputs)) if whole else gates[0]
            return (gate,) * len(weights)
        if whole:
            return (jnp.swapaxes(spread(gates[0], (self.inputs,)), 0, 1),)
        return tuple(gates[block // self.inputs] for block in range(len(weights)))

    def as_paths(self, state: State, teachers: Array) -> State:
        return state

    def layers(self, state: State) -> tuple[Array, Array]:
        _, outputs, inputs, runs = state.weights.shape
        gates = state.gates if self.gates == "neuron" else state.gates[:, None]
        # Output i is fed by the i-th unit of each path, through the gate.
        readout = jnp.eye(outputs, dtype=gates.dtype)[:, None, :, None] * gates
        return state.weights.reshape(-1, inputs, runs), readout.reshape(outputs, -1, runs)
