"""`Curriculum`: which target is asked for at which step."""

from __future__ import annotations

import abc
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Int

from gatednet.settings import Setting, SettingError
from gatednet.times import steps_of


class Schedule(eqx.Module):
    """What happens when, counted in steps: times rounded in double precision, before anything is traced.

    `block_steps` is the length of a block, `release` the first step without penalties, None where they last. Arrays
    have the shape () for a run, (runs,) in a lane, and that of the values of a grid.
    """

    block_steps: Int[Array | np.ndarray, "*cells"]
    release: Int[Array | np.ndarray, "*others"] | None = None


class Curriculum(Setting):
    """The sequence of targets that a network is shown, as weights over the teachers for every step."""

    @property
    @abc.abstractmethod
    def block_length(self) -> float:
        """Time that a block lasts."""

    @property
    @abc.abstractmethod
    def isotropic(self) -> bool:
        """Whether the target is always a combination of whole teachers, and so stays in their span."""

    @abc.abstractmethod
    def check_tasks(self, tasks: int) -> None:
        """Raise `SettingError` where this curriculum does not go with this number of tasks."""

    @abc.abstractmethod
    def task_weights(self, schedule: Schedule, step: Array, key: Array, shape: tuple[int, int]) -> Array:
        """The weight of each teacher in the target at a step.

        `key` holds the two words of the key of the data of each run, (2, runs), `shape` is (tasks, outputs). Returns
        (tasks, runs), or (tasks, outputs, runs) where outputs differ.
        """

    @abc.abstractmethod
    def next_change(self, schedule: Schedule, step: Array) -> Array:
        """The first later step at which the weights may differ, for the earliest run of the lane, ()."""

    def check(self, tasks: int, dt: float) -> None:
        """Raise `SettingError` where this curriculum does not go with this number of tasks or this step."""
        self.check_tasks(tasks)
        if dt > self.block_length:
            raise SettingError(f"dt is {dt!r}, allowed is at most the block length, {self.block_length!r}")

    def schedule(self, dt: Any) -> Schedule:
        """The curriculum in steps; fields of `self` and `dt` may be NumPy arrays over runs."""
        return Schedule(steps_of(self.block_length, dt))

    def block(self, schedule: Schedule, step: Array) -> Array:
        """The number of the block that a step lies in, counted from 0, (runs,)."""
        return step // schedule.block_steps

    def step_in_block(self, schedule: Schedule, step: Array) -> Array:
        """How many steps of its block came before a step, (runs,)."""
        return step % schedule.block_steps

    def next_block(self, schedule: Schedule, step: Array) -> Array:
        """The first step of the next block, for the earliest run of the lane, ()."""
        return jnp.min((self.block(schedule, step) + 1) * schedule.block_steps)


class InOrder(Curriculum):
    """Tasks that come in an order again and again."""

    @property
    @abc.abstractmethod
    def order(self) -> tuple:
        """Tasks in the order of their blocks; empty: all, in turn."""

    @property
    def isotropic(self) -> bool:
        return True

    def check_tasks(self, tasks: int) -> None:
        unknown = [task for task in self.order if task >= tasks]
        if unknown:
            raise SettingError(f"{type(self).__name__}.order names task {unknown[0]}, allowed are 0 to {tasks - 1}")

    def tasks_in_order(self, tasks: int) -> Array:
        """The order, written out."""
        return jnp.asarray(self.order or range(tasks), jnp.int32)
