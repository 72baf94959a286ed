"""Starts in the space of the teachers."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array
from jaxtyping import Float, PRNGKeyArray

from gatednet.arrays.nested import shape_of, stacked
from gatednet.arrays.state import State
from gatednet.networks.base import Network
from gatednet.settings import Choice, Nested, Number, SettingError, field
from gatednet.starts.base import InitialState


class InTeacherSpace(InitialState):
    """Paths that are combinations of the teachers from the start, W^p = sum over m of mixture[p][m] W*_m.

    Learning then never leaves the teachers' singular vectors, as in the paper's two-dimensional model.
    """

    mixture: tuple = field((), Nested(Number(), 2), "multiples of the teachers in each path, paths × tasks")
    gates: float = field(0.5, Number(), "initial value of every gate")
    shared: bool = field(False, Choice((False,)), "teachers that are shared make the start so")

    @property
    def of_maps(self) -> bool:
        return True

    def check(self, network: Network) -> None:
        paths = network.paths_of(0)
        if not paths:
            raise SettingError(f"InTeacherSpace needs paths, and {type(network).__name__} has none")
        shape = shape_of(self.mixture)
        if shape is None or len(shape) != 2 or shape[0] != paths:
            raise SettingError(f"InTeacherSpace.mixture has the shape {shape}, allowed is ({paths}, number of tasks)")

    def check_tasks(self, tasks: int) -> None:
        if any(len(each) != tasks for each in self.mixture):
            raise SettingError(
                f"InTeacherSpace.mixture has {len(self.mixture[0])} multiples for each path, allowed is {tasks}, one "
                "for each task"
            )

    def draw(self, key: PRNGKeyArray, network: Network, teachers: Float[Array, "tasks outputs columns"]) -> State:
        mixture = stacked(self.mixture).reshape(network.paths_of(len(teachers)), len(teachers))
        weights = jnp.tensordot(mixture, teachers, axes=1)
        return State(weights, jnp.broadcast_to(jnp.asarray(self.gates, weights.dtype), network.groups["gates"].shape))
