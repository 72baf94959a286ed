"""`Curriculum`: which target is asked for at which step."""

from __future__ import annotations

import abc
from collections.abc import Mapping
from typing import Any, ClassVar

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax import Array

from gatednet.declarations import Declaration
from gatednet.settings import Setting, SettingError
from gatednet.times import steps_of


class Schedule(eqx.Module):
    """What happens when, counted in steps: times rounded in double precision, before anything is traced.

    `block_steps` is the length of a block, `release` the first step without penalties, as `Objective.ends` has it: None
    where all last. Arrays have the shape () for a run and (runs,) in a lane, and are integers.
    """

    block_steps: Array | np.ndarray
    release: Any = None


class Curriculum(Setting):
    """The sequence of targets that a network is shown, as weights over the teachers for every step."""

    DECLARATIONS: ClassVar[Mapping[str, Declaration]] = {
        "isotropic": Declaration(("task_weights",)),
        "next_change": Declaration(("task_weights", "schedule", "block", "step_in_block")),
        "summary": Declaration(("task_weights",), Setting.summary),
    }

    @property
    @abc.abstractmethod
    def block_length(self) -> float:
        """Time that a block lasts."""

    @property
    def isotropic(self) -> bool:
        """Whether the target is always a combination of whole teachers: not unless a kind says so."""
        return False

    @abc.abstractmethod
    def check_tasks(self, tasks: int) -> None:
        """Raise `SettingError` where this curriculum does not go with this number of tasks."""

    @abc.abstractmethod
    def task_weights(self, schedule: Schedule, step: Array, key: Array, shape: tuple[int, int]) -> Array:
        """The weight of each teacher in the target at a step.

        `key` holds the two words of the key of the data of each run, (2, runs), `shape` is (tasks, outputs). Returns
        (tasks, runs), or (tasks, outputs, runs) where outputs differ.
        """

    def next_change(self, schedule: Schedule, step: Array) -> Array:
        """The first later step at which the weights may differ, for the earliest run of the lane, ().

        It is the next step unless a kind says that weights last longer, which saves time.
        """
        del schedule
        return step + 1

    def check(self, tasks: int, dt: float) -> None:
        """Raise `SettingError` where this curriculum does not go with this number of tasks or this step."""
        self.check_tasks(tasks)
        if dt > self.block_length:
            raise SettingError(f"dt is {dt!r}, allowed is at most the block length, {self.block_length!r}")

    def summary_with_blocks(self) -> str:
        """The kind of the curriculum and the length of its blocks, which is all that captions say of those shipped."""
        return f"{type(self).__name__.lower()} with block length {self.block_length:g}"

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

    def check_tasks(self, tasks: int) -> None:
        unknown = [task for task in self.order if task >= tasks]
        if unknown:
            raise SettingError(f"{type(self).__name__}.order names task {unknown[0]}, allowed are 0 to {tasks - 1}")

    def tasks_in_order(self, tasks: int) -> Array:
        """The order, written out."""
        return jnp.asarray(self.order or range(tasks), jnp.int32)
