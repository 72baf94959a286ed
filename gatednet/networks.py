"""Networks: their parameters, and the linear map that they compute from them (paper, section 2)."""

from __future__ import annotations

import abc
import dataclasses
import math

import jax.numpy as jnp
from jax import Array

from gatednet.frames import Frame, RowsApart, RowsTogether, WholeMaps
from gatednet.matching import assignment, cosines
from gatednet.rows import (
    LARGEST_SMALL_MAP,
    LARGEST_UNROLLED,
    MOST_MAPS,
    Blocks,
    Cut,
    Rows,
    State,
    add,
    gated,
    join,
    split,
)
from gatednet.settings import Choice, Setting, Whole, field


class Network(Setting):
    """A network that computes a linear map of shape (`outputs`, `inputs`) from weights and gates."""

    @property
    @abc.abstractmethod
    def inputs(self) -> int:
        """The dimension of the inputs."""

    @property
    @abc.abstractmethod
    def outputs(self) -> int:
        """The dimension of the outputs."""

    @property
    @abc.abstractmethod
    def weight_shape(self) -> tuple[int, ...]:
        """The shape of the weights of one run."""

    @property
    @abc.abstractmethod
    def gate_shape(self) -> tuple[int, ...]:
        """The shape of the gates of one run."""

    @property
    @abc.abstractmethod
    def frame(self) -> Frame:
        """In which coordinates the weights stay few."""

    @abc.abstractmethod
    def cut(self, exact: bool) -> Cut:
        """How its parameters are cut into blocks; inputs that are not `exact` mix the columns of maps."""

    @property
    def gates_are_weights(self) -> bool:
        """Whether what plays the part of the gates is a layer of weights, and so starts as one."""
        return False

    @abc.abstractmethod
    def with_maps(self, outputs: int, inputs: int) -> Network:
        """The same network for maps of another shape."""

    @abc.abstractmethod
    def split(self, state: State, cut: Cut) -> Rows:
        """The parameters of a lane as blocks."""

    @abc.abstractmethod
    def join(self, rows: Rows) -> State:
        """The inverse of `split`."""

    @abc.abstractmethod
    def effective_map(self, rows: Rows) -> Blocks:
        """The linear map that the network computes, in the blocks of `rows.split`."""

    @abc.abstractmethod
    def as_paths(self, state: State, teachers: Array) -> State:
        """The network seen as one of paths with gates.

        `teachers` are (tasks, outputs, inputs, runs). Returns weights (paths, outputs, inputs, runs) and gates (paths,
        runs) or (paths, outputs, runs).
        """

    @abc.abstractmethod
    def layers(self, state: State) -> tuple[Array, Array]:
        """The network seen as one of two layers: (units, inputs, runs) and (outputs, units, runs).

        Units come in the network's own order; where it has paths, path by path, and in a path output by output.
        """

    def as_layers(self, state: State, teachers: Array) -> tuple[Array, Array]:
        """The same with the units path by path, and in a path output by output.

        `teachers` are (tasks, outputs, inputs, runs).
        """
        del teachers
        return self.layers(state)


class GatedLinear(Network):
    """The gated linear network, y = sum over paths p of c^p W^p x (paper, equation 1).

    With `gates = "path"` a path has one gate for all its outputs, gates (paths,); with `"neuron"` one for each output,
    y_i = sum over p of c^p_i (W^p x)_i, gates (paths, outputs). The weights are (paths, outputs, inputs).
    """

    paths: int = field(2, Whole(1), "number of paths")
    inputs: int = field(20, Whole(1), "dimension of the inputs")
    outputs: int = field(10, Whole(1), "dimension of the outputs")
    gates: str = field("path", Choice(("path", "neuron")), "whether a path, or each output of it, has a gate")

    @property
    def weight_shape(self) -> tuple[int, ...]:
        return (self.paths, self.outputs, self.inputs)

    @property
    def gate_shape(self) -> tuple[int, ...]:
        return (self.paths,) if self.gates == "path" else (self.paths, self.outputs)

    @property
    def frame(self) -> Frame:
        return WholeMaps() if self.gates == "path" else RowsApart()

    def cut(self, exact: bool) -> Cut:
        if exact and math.prod(self.weight_shape) + math.prod(self.gate_shape) <= LARGEST_UNROLLED:
            return Cut.ENTRIES
        large = self.outputs * self.inputs > LARGEST_SMALL_MAP or not exact
        return Cut.MAPS if large and self.paths <= MOST_MAPS else Cut.STACK

    def with_maps(self, outputs: int, inputs: int) -> GatedLinear:
        return dataclasses.replace(self, outputs=outputs, inputs=inputs)

    def split(self, state: State, cut: Cut) -> Rows:
        if cut is Cut.STACK:
            return Rows(((state.weights,),), ((state.gates,),))
        whole = cut is Cut.MAPS
        weights = tuple(split(state.weights[path], whole) for path in range(self.paths))
        if self.gates == "path" or whole:
            return Rows(weights, tuple((state.gates[path],) for path in range(self.paths)))
        return Rows(
            weights,
            tuple(tuple(state.gates[path, output] for output in range(self.outputs)) for path in range(self.paths)),
        )

    def join(self, rows: Rows) -> State:
        first = rows.weights[0][0]
        runs = first.shape[-1]
        if first.ndim == 4:
            return State(first, rows.gates[0][0])
        if first.ndim == 1:  # a single stack of all cells is one fusion; a stack of stacks is one for each path
            cells = [cell for path in rows.weights for cell in path]
            weights = jnp.stack(cells).reshape(*self.weight_shape, runs)
        else:
            weights = jnp.stack([join(path, (self.outputs, self.inputs, runs)) for path in rows.weights])
        gates = jnp.stack([gate for path in rows.gates for gate in path]).reshape(*self.gate_shape, runs)
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
            # Broadcast once, so that the derivative is one reduction over the map and not one for each use.
            gate = jnp.broadcast_to(gates[0], weights[0].shape) if whole else gates[0]
            return (gate,) * len(weights)
        if whole:
            return (jnp.broadcast_to(gates[0][:, None], weights[0].shape),)
        return tuple(gates[block // self.inputs] for block in range(len(weights)))

    def as_paths(self, state: State, teachers: Array) -> State:
        del teachers
        return state

    def layers(self, state: State) -> tuple[Array, Array]:
        _, outputs, inputs, runs = state.weights.shape
        gates = state.gates if self.gates == "neuron" else state.gates[:, None]
        # Output i is fed by the i-th unit of each path, through the gate.
        readout = jnp.eye(outputs, dtype=gates.dtype)[:, None, :, None] * gates
        return state.weights.reshape(-1, inputs, runs), readout.reshape(outputs, -1, runs)


class DeepLinear(Network):
    """The fully connected linear network of two layers, y = W2 W1 x (paper, section 6 and Figure 6).

    The second layer plays the part of the gates: it has their time constant, and the penalties are on all its entries.
    The weights are (1, hidden, inputs), the gates (outputs, hidden).
    """

    inputs: int = field(20, Whole(1), "dimension of the inputs")
    hidden: int = field(20, Whole(1), "number of hidden units")
    outputs: int = field(10, Whole(1), "dimension of the outputs")

    @property
    def weight_shape(self) -> tuple[int, ...]:
        return (1, self.hidden, self.inputs)

    @property
    def gate_shape(self) -> tuple[int, ...]:
        return (self.outputs, self.hidden)

    @property
    def gates_are_weights(self) -> bool:
        return True

    @property
    def frame(self) -> Frame:
        return RowsTogether()

    def cut(self, exact: bool) -> Cut:
        del exact
        return Cut.MAPS

    def with_maps(self, outputs: int, inputs: int) -> DeepLinear:
        return dataclasses.replace(self, outputs=outputs, inputs=inputs)

    def split(self, state: State, cut: Cut) -> Rows:
        del cut
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
