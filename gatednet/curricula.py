"""Curricula: which task is asked for at which step."""

from __future__ import annotations

import abc
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from gatednet.settings import Nested, Number, Setting, SettingError, Whole, field

# A block that outlasts every run is as long as this, in steps: ends of blocks are counted in 32 bits.
LONGEST_BLOCK = 2**30


class Schedule(eqx.Module):
    """A curriculum counted in steps: block lengths rounded in double precision, before anything is traced.

    Arrays have the shape () for a run and (runs,) in a lane, and are integers.
    """

    block_steps: Array | np.ndarray


class Curriculum(Setting):
    """The sequence of tasks that a network is shown, as weights over the teachers for every step."""

    @property
    @abc.abstractmethod
    def isotropic(self) -> bool:
        """Whether the target is always a combination of whole teachers, and so stays in their span."""

    @abc.abstractmethod
    def check(self, tasks: int, dt: float) -> None:
        """Raise `SettingError` where this curriculum does not go with this number of tasks or this step."""

    @abc.abstractmethod
    def schedule(self, dt: Any) -> Schedule:
        """The curriculum in steps; fields of `self` and `dt` may be NumPy arrays over runs."""

    @abc.abstractmethod
    def task_weights(self, schedule: Schedule, step: Array, tasks: int) -> Array:
        """The weight of each teacher in the target at a step, (tasks, runs)."""

    @abc.abstractmethod
    def next_change(self, schedule: Schedule, step: Array) -> Array:
        """The first later step at which the weights may differ, for the earliest run of the lane, ()."""

    def block(self, schedule: Schedule, step: Array) -> Array:
        """The number of the block that a step lies in, counted from 0, (runs,)."""
        return step // schedule.block_steps

    def step_in_block(self, schedule: Schedule, step: Array) -> Array:
        """How many steps of its block came before a step, (runs,)."""
        return step % schedule.block_steps


class Blocked(Curriculum):
    """Tasks in blocks of equal length, in the order given, again and again (paper, section 2)."""

    block_length: float = field(1.0, Number(0.0, low_allowed=False), "time that a block lasts", "time")
    order: tuple = field((), Nested(Whole(0), 1), "tasks in the order of their blocks; empty: all, in turn")

    @property
    def isotropic(self) -> bool:
        return True

    def check(self, tasks: int, dt: float) -> None:
        unknown = [task for task in self.order if task >= tasks]
        if unknown:
            raise SettingError(f"Blocked.order names task {unknown[0]}, allowed are 0 to {tasks - 1}")
        if dt > self.block_length:
            raise SettingError(f"dt is {dt!r}, allowed is at most the block length, {self.block_length!r}")

    def schedule(self, dt: Any) -> Schedule:
        steps = np.asarray(self.block_length, np.float64) / np.asarray(dt, np.float64)
        return Schedule(np.asarray(np.clip(np.rint(steps), 1, LONGEST_BLOCK), np.int32))

    def task_weights(self, schedule: Schedule, step: Array, tasks: int) -> Array:
        order = jnp.asarray(self.order or range(tasks), jnp.int32)
        task = order[self.block(schedule, step) % len(order)]
        return jax.nn.one_hot(task, tasks, axis=0)

    def next_change(self, schedule: Schedule, step: Array) -> Array:
        return jnp.min((self.block(schedule, step) + 1) * schedule.block_steps)
