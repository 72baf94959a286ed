"""The state that a run starts from."""

from __future__ import annotations

import abc
import math
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from gatednet.networks import Network
from gatednet.random import normal
from gatednet.rows import State
from gatednet.settings import Choice, Nested, Number, Setting, SettingError, field


class InitialState(Setting):
    """How the weights and gates of a run are chosen before its first step."""

    @property
    @abc.abstractmethod
    def shared(self) -> bool:
        """Whether all seeds start from the same state."""

    @property
    def of_maps(self) -> bool:
        """Whether it is made of teachers that are maps from inputs to outputs."""
        return False

    @abc.abstractmethod
    def check(self, network: Network) -> None:
        """Raise `SettingError` where no such start of this network exists."""

    def check_tasks(self, tasks: int) -> None:
        """Raise `SettingError` where no such start exists for so many tasks."""
        del tasks

    @abc.abstractmethod
    def draw(self, key: Array, network: Network, teachers: Array) -> State:
        """The initial state of one run, whose teachers are (tasks, outputs, inputs)."""


class Initial(InitialState):
    """Independent Gaussian weights and equal gates (paper, appendix on simulation details).

    With two layers, both are Gaussian: the gates are the second layer, and have no initial value of their own.
    """

    weight_scale: float = field(
        0.01, Number(0.0), "standard deviation of the initial weights, times the root of the number of inputs"
    )
    gates: float = field(0.5, Number(), "initial value of every gate")
    shared: bool = field(False, Choice((False, True)), "whether all seeds start from the same weights")

    def check(self, network: Network) -> None:
        del network

    def draw(self, key: Array, network: Network, teachers: Array) -> State:
        del teachers
        deviation = self.weight_scale / math.sqrt(network.inputs)
        weights = deviation * normal(key, network.weight_shape)
        if network.gates_are_weights:
            fan_in = network.gate_shape[-1]
            second = normal(jax.random.fold_in(key, 1), network.gate_shape)
            return State(weights, self.weight_scale / math.sqrt(fan_in) * second)
        return State(weights, jnp.broadcast_to(jnp.asarray(self.gates, weights.dtype), network.gate_shape))


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
        if network.gates_are_weights:
            raise SettingError(f"InTeacherSpace needs paths, and {type(network).__name__} has none")
        shape, paths = shape_of(self.mixture), network.weight_shape[0]
        if shape is None or len(shape) != 2 or shape[0] != paths:
            raise SettingError(f"InTeacherSpace.mixture has the shape {shape}, allowed is ({paths}, number of tasks)")

    def check_tasks(self, tasks: int) -> None:
        if any(len(each) != tasks for each in self.mixture):
            raise SettingError(
                f"InTeacherSpace.mixture has {len(self.mixture[0])} multiples for each path, allowed is {tasks}, one "
                "for each task"
            )

    def draw(self, key: Array, network: Network, teachers: Array) -> State:
        del key
        mixture = stacked(self.mixture).reshape(network.weight_shape[0], len(teachers))
        weights = jnp.tensordot(mixture, teachers, axes=1)
        return State(weights, jnp.broadcast_to(jnp.asarray(self.gates, weights.dtype), network.gate_shape))


class ChosenInitial(InitialState):
    """Weights and gates given in full, the same for every seed: for two-dimensional models and restarts."""

    weights: tuple = field((), Nested(Number(), 3), "initial weights, paths × outputs × inputs")
    gates: tuple = field(
        (), Nested(Number(), 1), "initial gates: paths, or paths × outputs, or, with two layers, outputs × hidden units"
    )
    shared: bool = field(True, Choice((True,)), "a chosen state is the same for all seeds")

    def check(self, network: Network) -> None:
        count = math.prod(network.gate_shape)
        if shape_of(self.weights) != network.weight_shape:
            raise SettingError(
                f"ChosenInitial.weights has the shape {shape_of(self.weights)}, allowed is {network.weight_shape}"
            )
        if len(self.gates) != count:
            raise SettingError(f"ChosenInitial.gates has {len(self.gates)} values, allowed is {count}")

    def draw(self, key: Array, network: Network, teachers: Array) -> State:
        del key, teachers
        weights = stacked(self.weights).reshape(network.weight_shape)
        return State(weights, stacked(self.gates).reshape(network.gate_shape))


def stacked(values: tuple) -> Array:
    """All numbers of nested tuples, as one flat array; the numbers may be traced."""
    return jnp.stack([jnp.asarray(leaf, float) for leaf in jax.tree.leaves(values)])


def shape_of(values: Any) -> tuple[int, ...] | None:
    """The shape of nested tuples, None where they are ragged."""
    if not isinstance(values, tuple):
        return ()
    shapes = {shape_of(value) for value in values}
    if len(shapes) != 1 or None in shapes:
        return None if values else (0,)
    (inner,) = shapes
    return None if inner is None else (len(values), *inner)
