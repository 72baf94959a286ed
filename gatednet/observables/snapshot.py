"""What an observable is shown of a lane of runs at a save."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import Array

from gatednet.arrays.rows import join
from gatednet.arrays.state import State
from gatednet.dynamics.dynamics import Dynamics
from gatednet.dynamics.reduction import lift


class Snapshot(eqx.Module):
    """A lane of runs between two steps. All arrays have the runs as last axis.

    `state` and `teachers` are in the coordinates of `dynamics.network`; `paths`, `layers` and `full_teachers` are in
    the original ones. `step` is the number of steps taken, and `everything` what shows the expected loss: None, or all
    examples to test with. `ahead` takes the step that comes next, for `velocity` and `batch_loss`.
    """

    dynamics: Dynamics
    state: State
    teachers: Array
    task_weights: Array
    basis: Array | None
    loss: Array
    step: Array
    everything: Any
    ahead: Callable[[], tuple[State, Array]]

    @property
    def velocity(self) -> State:
        """The rate of change of the parameters in the step that comes next."""
        return self.ahead()[0]

    @property
    def batch_loss(self) -> Array:
        """The loss on the batch of the step that comes next, (runs,)."""
        return self.ahead()[1]

    def size_of(self, dim: str) -> int | None:
        """The size of a dimension of what is saved, in the original coordinates; None for one that is not known."""
        network = self.dynamics.experiment.network
        known: dict[str, Callable[[], int]] = {
            "task": lambda: self.teachers.shape[0],
            # As the network shows them, which may take long to trace.
            "path": lambda: jax.eval_shape(lambda: self.paths.weights).shape[0],
            "unit": lambda: jax.eval_shape(lambda: self.own_layers[0]).shape[0],
            "output": lambda: network.outputs,
            "input": lambda: network.inputs,
            "mode": lambda: min(network.outputs, network.inputs),
            "runs": lambda: self.teachers.shape[-1],
        }
        return known[dim]() if dim in known else None

    def lifted(self, maps: Array) -> Array:
        """Maps (..., outputs, inputs, runs) in the original coordinates."""
        return lift(self.dynamics.network, maps, self.basis)

    @property
    def full_teachers(self) -> Array:
        """The teachers in the original coordinates, (tasks, outputs, inputs, runs)."""
        return self.lifted(self.teachers)

    @property
    def full_state(self) -> State:
        """The parameters in the original coordinates."""
        return State(self.lifted(self.state.weights), self.state.gates)

    @property
    def paths(self) -> State:
        """The network as one of paths with gates; see `Network.as_paths`."""
        return self.dynamics.network.as_paths(self.full_state, self.full_teachers)

    @property
    def layers(self) -> tuple[Array, Array]:
        """The network as one of two layers, (units, inputs, runs) and (outputs, units, runs); see `as_layers`."""
        return self.dynamics.network.as_layers(self.full_state, self.full_teachers)

    @property
    def own_layers(self) -> tuple[Array, Array]:
        """The same with the units in the order that they have in the network; see `Network.layers`."""
        return self.dynamics.network.layers(self.full_state)

    @property
    def effective_map(self) -> Array:
        """The map that the network computes, in the original coordinates, (outputs, inputs, runs)."""
        dynamics = self.dynamics
        blocks = dynamics.network.effective_map(dynamics.rows(self.state))
        return self.lifted(join(blocks, self.teachers.shape[1:]))

    @property
    def target(self) -> Array:
        """The map that is asked for, in the original coordinates, (outputs, inputs, runs)."""
        return self.lifted(join(self.dynamics.target(self.teachers, self.task_weights), self.teachers.shape[1:]))


def norm(values: Array, axes: tuple[int, ...]) -> Array:
    """The Euclidean norm over some axes."""
    return jnp.sqrt(jnp.sum(values * values, axis=axes))
