"""What an observable is shown of a lane of runs at a save."""

from __future__ import annotations

import equinox as eqx
import jax.numpy as jnp
from jax import Array

from gatednet.dynamics import Dynamics
from gatednet.reduction import lift
from gatednet.rows import State, join


class Snapshot(eqx.Module):
    """A lane of runs between two steps. All arrays have the runs as last axis.

    `state` and `teachers` are in the coordinates of `dynamics.network`; `full_weights` and `full_teachers` give them
    in the original ones. `velocity` is the rate of change of the parameters in the step that comes next, and
    `batch_loss` the loss on the batch of that step.
    """

    dynamics: Dynamics
    state: State
    teachers: Array
    task_weights: Array
    basis: Array | None
    velocity: State
    loss: Array
    batch_loss: Array

    def lifted(self, maps: Array) -> Array:
        """Maps (..., outputs, inputs, runs) in the original coordinates."""
        return lift(self.dynamics.network, maps, self.basis)

    @property
    def full_weights(self) -> Array:
        """The weights in the original coordinates, (paths, outputs, inputs, runs)."""
        return self.lifted(self.state.weights)

    @property
    def full_teachers(self) -> Array:
        """The teachers in the original coordinates, (tasks, outputs, inputs, runs)."""
        return self.lifted(self.teachers)

    @property
    def effective_map(self) -> Array:
        """The map that the network computes, in the original coordinates, (outputs, inputs, runs)."""
        dynamics = self.dynamics
        blocks = dynamics.network.effective_map(dynamics.rows(self.state))
        return self.lifted(join(blocks, self.teachers.shape[1:]))


def norm(values: Array, axes: tuple[int, ...]) -> Array:
    """The Euclidean norm over some axes."""
    return jnp.sqrt(jnp.sum(values * values, axis=axes))
