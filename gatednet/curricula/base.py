"""`Curriculum`: which target comes at which step."""

from __future__ import annotations

import abc
from collections.abc import Mapping
from typing import Any, ClassVar

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Int, Shaped, UInt32

from gatednet.arrays.counts import quotient, remainder
from gatednet.declarations import Declaration
from gatednet.settings import Choice, Setting, SettingError, field
from gatednet.times import MOST_STEPS, ROUNDINGS, steps_of

Steps = Int[Array | np.ndarray, "*others"]


def _counted(steps: Any) -> Array | None:
    """Steps in 32 bits, which those of the loop have in either precision."""
    return None if steps is None else jnp.asarray(steps, jnp.int32)


class Schedule(eqx.Module):
    """What happens when, counted in steps: times rounded in double precision, before anything is traced.

    `block_steps` is the length of a block, `release` the first step without penalties, as `Objective.ends` has it: None
    where all last. Arrays have the shape () for a run, (runs,) in a lane, and that of the values of a grid. Where
    blocks differ, `block_steps` is the least length, and `starts` has the first step of each block, increasing from 0,
    for at least the blocks that a run begins.
    """

    block_steps: Int[Array | np.ndarray, "*cells"]
    release: Steps | tuple[Steps | None, ...] | None = None
    starts: Int[Array, "blocks runs"] | None = eqx.field(default=None, converter=_counted)


def rounding_field() -> Any:
    """The field of curricula that say how the length of a block comes to whole steps, see `steps_of`."""
    meaning = "how the block length comes to whole steps: the nearest number, or as block_length // dt in floats"
    return field("nearest", Choice(ROUNDINGS), meaning, optional=True)


class Curriculum(Setting):
    """The sequence of targets that a network is shown, as weights over the teachers for every step."""

    DECLARATIONS: ClassVar[Mapping[str, Declaration]] = {
        "isotropic": Declaration(("task_weights",)),
        "next_change": Declaration(("task_weights", "schedule", "block", "step_in_block")),
        "varies": Declaration(("draw",), property(lambda curriculum: True)),
        "targets_by_block": Declaration(("task_weights", "schedule", "draw", "block")),
        "summary": Declaration(("task_weights", "draw"), Setting.summary),
    }

    @property
    @abc.abstractmethod
    def block_length(self) -> float:
        """Time that a block lasts, at least."""

    @property
    def rounding(self) -> str:
        """How the length of a block comes to whole steps: one of `ROUNDINGS`, the nearest unless a kind says so."""
        return "nearest"

    @property
    def isotropic(self) -> bool:
        """Whether the target is always a combination of whole teachers: not unless a kind says so."""
        return False

    @abc.abstractmethod
    def check_tasks(self, tasks: int) -> None:
        """Raise `SettingError` where this curriculum does not go with this number of tasks."""

    def check_outputs(self, outputs: int) -> None:
        """Raise `SettingError` where this curriculum does not go with this number of outputs."""
        del outputs

    @abc.abstractmethod
    def task_weights(
        self, schedule: Schedule, step: Int[Array, ""], key: UInt32[Array, " 2 *runs"], shape: tuple[int, int]
    ) -> Shaped[Array, " tasks *columns"]:
        """The weight of each teacher in the target at a step.

        `key` holds the two words of the key of the data of each run, (2, runs), `shape` is (tasks, outputs). Returns
        (tasks, runs), or (tasks, outputs, runs) where outputs differ.
        """

    def next_change(self, schedule: Schedule, step: Int[Array, ""]) -> Int[Array, ""]:
        """The first later step at which the weights may differ, for the earliest run of the lane, ().

        It is the next step unless a kind says that weights last longer, which saves time.
        """
        return step + 1

    def targets_by_block(self, tasks: int, blocks: int) -> list[int]:
        """A number for the target of each of the first blocks of a run, equal for equal targets.

        Empty where blocks differ between runs or show no single target, and where a kind says nothing.
        """
        return []

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
        return Schedule(steps_of(self.block_length, dt, rounding=self.rounding))

    @property
    def varies(self) -> bool:
        """Whether blocks differ in length: where a kind has its own `draw`, unless it says otherwise."""
        return False

    def draw(self, schedule: Schedule, key: UInt32[Array, "2 runs"], blocks: int) -> Schedule:
        """The schedule of a lane, with what is random about it: `starts`, where blocks differ in length.

        `key` holds the two words of the key of the data of each run; `blocks` is the largest number of blocks that a
        run begins. This is done once, before the first step.
        """
        return schedule

    def block(self, schedule: Schedule, step: Int[Array, "*steps"]) -> Int[Array, " ..."]:
        """The number of the block that a step lies in, counted from 0, (..., runs)."""
        if schedule.starts is None:
            return quotient(step, schedule.block_steps)
        begun = schedule.starts <= jnp.atleast_1d(step)[..., None, :]
        return jnp.sum(begun, axis=-2, dtype=jnp.int32) - 1

    def first_step(self, schedule: Schedule, block: Int[Array, "*blocks"]) -> Int[Array, " ..."]:
        """The first step of a block, (..., runs); a step that no run reaches where there is no such block."""
        if schedule.starts is None:
            return jnp.minimum(block, MOST_STEPS // schedule.block_steps) * schedule.block_steps
        starts = jnp.concatenate([schedule.starts, jnp.full_like(schedule.starts[:1], MOST_STEPS)])
        place = jnp.broadcast_to(block, (*jnp.shape(block)[:-1], starts.shape[-1])).reshape(-1, starts.shape[-1])
        return jnp.take_along_axis(starts, place, axis=0, mode="clip").reshape(*jnp.shape(block)[:-1], -1)

    def step_in_block(self, schedule: Schedule, step: Int[Array, "*steps"]) -> Int[Array, " ..."]:
        """How many steps of its block came before a step, (..., runs)."""
        if schedule.starts is None:
            return remainder(step, schedule.block_steps)
        return step - self.first_step(schedule, self.block(schedule, step))

    def steps_of_block(self, schedule: Schedule, block: Int[Array, "*blocks"]) -> Int[Array, " ..."]:
        """The length of a block, (..., runs)."""
        if schedule.starts is None:
            return jnp.asarray(schedule.block_steps)
        return self.first_step(schedule, block + 1) - self.first_step(schedule, block)

    def next_block(self, schedule: Schedule, step: Int[Array, ""]) -> Int[Array, ""]:
        """The first step of the next block, for the earliest run of the lane, ()."""
        if schedule.starts is None:
            return jnp.min((self.block(schedule, step) + 1) * schedule.block_steps)
        return jnp.min(jnp.where(schedule.starts > step, schedule.starts, MOST_STEPS))


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

    def tasks_in_order(self, tasks: int) -> Array | np.ndarray:
        """The order, written out."""
        return np.asarray(self.order or range(tasks), np.int32)

    def task_of(self, block: Int[Array, "*blocks"], tasks: int) -> Int[Array, "*blocks"]:
        """The task of a block, counted from 0."""
        order = self.tasks_in_order(tasks)
        place = remainder(block, len(order))
        # Tasks in turn need no table.
        in_turn = isinstance(order, np.ndarray) and np.array_equal(order, np.arange(len(order)))
        return place if in_turn else jnp.asarray(order)[place]
