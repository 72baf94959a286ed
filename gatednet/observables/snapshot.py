"""What an observable is shown of a lane of runs at a save."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float, Int

from gatednet.arrays.rows import join, summed
from gatednet.arrays.state import State
from gatednet.dynamics.dynamics import Dynamics
from gatednet.dynamics.reduction import Basis, lift
from gatednet.networks.base import LinearNetwork
from gatednet.settings import SettingError


class Snapshot(eqx.Module):
    """A lane of runs between two steps. All arrays have the runs as last axis.

    `state` and `teachers` are in the coordinates of `dynamics.network`, with its outputs and inputs; `paths`, `layers`
    and `full_teachers` are in the original ones, with the rows and columns of the experiment's maps. `step` is the
    number of steps taken, and `everything` what shows the expected loss: None, or all examples to test with. `ahead`
    takes the step that comes next, for `velocity` and `batch_loss`.
    """

    dynamics: Dynamics
    state: State
    teachers: Float[Array, "tasks outputs inputs runs"]
    task_weights: Float[Array, "tasks runs"] | Float[Array, "tasks outputs runs"]
    basis: Basis | None
    loss: Float[Array, " runs"]
    step: Int[Array, ""]
    everything: Any
    ahead: Callable[[], tuple[State, Array]]

    @property
    def velocity(self) -> State:
        """The rate of change of the parameters in the step that comes next."""
        return self.ahead()[0]

    @property
    def batch_loss(self) -> Float[Array, " runs"]:
        """The loss on the batch of the step that comes next."""
        return self.ahead()[1]

    def size_of(self, dim: str) -> int | None:
        """The size of a dimension of what is saved, in the original coordinates; None for one that is not known."""
        network = self.dynamics.experiment.network
        known = {
            "task": self.teachers.shape[0],
            "path": network.paths_of(self.teachers.shape[0]),
            "unit": network.units,
            "output": network.outputs,
            "input": network.inputs,
            "mode": min(network.outputs, network.inputs),
            "runs": self.teachers.shape[-1],
        }
        return known.get(dim)

    def lifted(self, maps: Float[Array, "*maps outputs inputs runs"]) -> Float[Array, "*maps rows columns runs"]:
        """Maps in the original coordinates."""
        return lift(self.dynamics.network, maps, None if self.basis is None else self.basis.maps)

    @property
    def by_rows(self) -> Snapshot:
        """The same with maps whose rows have other, in reduced runs fewer, columns.

        Inner products of the same row of several maps are those of the original coordinates, and all that is made of
        them; for observables with `lifted = "rows"`.
        """
        return self if self.basis is None else dataclasses.replace(self, basis=self.basis.by_rows)

    @property
    def full_teachers(self) -> Float[Array, "tasks rows columns runs"]:
        """The teachers in the original coordinates."""
        return self.lifted(self.teachers)

    @property
    def full_state(self) -> State:
        """The parameters in the original coordinates."""
        return self.state if self.basis is None else self.state.changed(weights=self.lifted(self.state.weights))

    @property
    def paths(self) -> State:
        """The network as one of paths with gates; see `Network.as_paths`."""
        return self.dynamics.network.as_paths(self.full_state, self.full_teachers)

    @property
    def layers(self) -> tuple[Float[Array, "units columns runs"], Float[Array, "rows units runs"]]:
        """The network as one of two layers; see `Network.as_layers`."""
        return self.dynamics.network.as_layers(self.full_state, self.full_teachers)

    @property
    def own_layers(self) -> tuple[Float[Array, "units columns runs"], Float[Array, "rows units runs"]]:
        """The same with the units in the order that they have in the network; see `Network.layers`."""
        return self.dynamics.network.layers(self.full_state)

    @property
    def effective_map(self) -> Float[Array, "rows columns runs"]:
        """The map that the network computes, in the original coordinates."""
        dynamics = self.dynamics
        if not isinstance(dynamics.network, LinearNetwork):
            raise SettingError(f"network {type(dynamics.network).__name__} computes no linear map, which is observed")
        blocks = dynamics.network.effective_map(dynamics.rows(self.state))
        return self.lifted(join(blocks, self.teachers.shape[1:]))

    @property
    def outputs(self) -> Float[Array, "runs outputs examples"]:
        """The outputs for all examples to test with."""
        dynamics = self.dynamics
        return dynamics.network.classify(dynamics.rows(self.state), self.everything)

    @property
    def target(self) -> Float[Array, "rows columns runs"]:
        """The map that the curriculum asks for, in the original coordinates."""
        return self.lifted(self.dynamics.target(self.teachers, self.task_weights))


def norm(values: Array, axes: tuple[int, ...]) -> Array:
    """The Euclidean norm over some axes."""
    return jnp.sqrt(summed(values * values, *axes))
