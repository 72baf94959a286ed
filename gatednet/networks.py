"""Networks: their parameters, and the linear map that they compute from them (paper, section 2)."""

from __future__ import annotations

import abc

import jax.numpy as jnp

from gatednet.rows import Blocks, Rows, State, add, join, split
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

    @abc.abstractmethod
    def split(self, state: State, whole: bool) -> Rows:
        """The parameters of a lane as blocks."""

    @abc.abstractmethod
    def join(self, rows: Rows) -> State:
        """The inverse of `split`."""

    @abc.abstractmethod
    def effective_map(self, rows: Rows) -> Blocks:
        """The linear map that the network computes, in the blocks of `rows.split`."""


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

    def split(self, state: State, whole: bool) -> Rows:
        weights = tuple(split(state.weights[path], whole) for path in range(self.paths))
        if self.gates == "path":
            return Rows(weights, tuple((state.gates[path],) for path in range(self.paths)))
        if whole:
            return Rows(weights, tuple((state.gates[path],) for path in range(self.paths)))
        return Rows(
            weights,
            tuple(tuple(state.gates[path, output] for output in range(self.outputs)) for path in range(self.paths)),
        )

    def join(self, rows: Rows) -> State:
        runs = rows.weights[0][0].shape[-1]
        one = rows.weights[0][0].ndim == 1
        if one:  # a single stack of all cells is one fusion; a stack of stacks is one for each path
            cells = [cell for path in rows.weights for cell in path]
            weights = jnp.stack(cells).reshape(*self.weight_shape, runs)
        else:
            weights = jnp.stack([join(path, (self.outputs, self.inputs, runs)) for path in rows.weights])
        gates = jnp.stack([gate for path in rows.gates for gate in path]).reshape(*self.gate_shape, runs)
        return State(weights, gates)

    def effective_map(self, rows: Rows) -> Blocks:
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
