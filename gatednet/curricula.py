"""Curricula: which target is asked for at which step."""

from __future__ import annotations

import abc
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from gatednet.random import threefry
from gatednet.rows import add
from gatednet.settings import Nested, Number, Parts, Setting, SettingError, Whole, field
from gatednet.targets import Target
from gatednet.times import MOST_STEPS, steps_of

# The counter of the words that choose tasks: no draw of inputs comes so far.
_CHOICES = np.uint32(2**32 - 1)


class Schedule(eqx.Module):
    """What happens when, counted in steps: times rounded in double precision, before anything is traced.

    `block_steps` is the length of a block, `release` the first step without penalties, None where they last. Arrays
    have the shape () for a run and (runs,) in a lane, and are integers.
    """

    block_steps: Array | np.ndarray
    release: Array | np.ndarray | None = None


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


class Blocked(InOrder):
    """Tasks in blocks of equal length, in the order given, again and again (paper, section 2)."""

    block_length: float = field(1.0, Number(0.0, low_allowed=False), "time that a block lasts", "time")
    order: tuple = field((), Nested(Whole(0), 1), "tasks in the order of their blocks; empty: all, in turn")

    def task_weights(self, schedule: Schedule, step: Array, key: Array, shape: tuple[int, int]) -> Array:
        del key
        order = self.tasks_in_order(shape[0])
        task = order[self.block(schedule, step) % len(order)]
        return jax.nn.one_hot(task, shape[0], axis=0)

    def next_change(self, schedule: Schedule, step: Array) -> Array:
        return self.next_block(schedule, step)


class Smooth(InOrder):
    """Tasks in turn that give way to each other gradually.

    In the middle of its block a task is shown alone; at the distance x from there it has the weight ½ (1 + sgn(u)
    |sin(π u / 2)|^(1/hardness)) with u = cos(π x / block length), up to x = one block length, where it has given way.
    Weights add up to 1. Large values of `hardness` come close to blocks, as in the authors' released code, which blocks
    are made of in this way with the hardness 100; small ones show mixtures nearly all the time.
    """

    block_length: float = field(1.0, Number(0.0, low_allowed=False), "time from one task's middle to the next", "time")
    hardness: float = field(1.0, Number(0.0, low_allowed=False), "how abruptly a task gives way to the next")
    order: tuple = field((), Nested(Whole(0), 1), "tasks in the order of their blocks; empty: all, in turn")

    def task_weights(self, schedule: Schedule, step: Array, key: Array, shape: tuple[int, int]) -> Array:
        del key
        order = self.tasks_in_order(shape[0])
        places = len(order)
        # Blocks since the start of the present round.
        passed = self.block(schedule, step) % places + self.step_in_block(schedule, step) / schedule.block_steps
        middle = jnp.arange(places)[:, None] + 0.5
        apart = jnp.abs(passed - middle)
        apart = jnp.minimum(apart, places - apart)
        # cos(π x) in a form that is exactly 0 half way, where the root below is infinitely steep.
        wave = jnp.sin(jnp.pi * (0.5 - jnp.minimum(apart, 1.0)))
        # A single task has nothing to give way to.
        shown = 0.5 * (1.0 + jnp.sign(wave) * jnp.abs(jnp.sin(0.5 * jnp.pi * wave)) ** (1.0 / self.hardness))
        shown = shown / shown.sum(axis=0)
        return jax.nn.one_hot(order, shape[0], axis=0) @ shown

    def next_change(self, schedule: Schedule, step: Array) -> Array:
        return step + 1


class Interleaved(Curriculum):
    """A task at every step, at random and each as likely as any other: the control without blocks.

    Steps are still counted in blocks, for observables that are kept of each.
    """

    block_length: float = field(1.0, Number(0.0, low_allowed=False), "time that is counted as a block", "time")

    @property
    def isotropic(self) -> bool:
        return True

    def check_tasks(self, tasks: int) -> None:
        del tasks

    def task_weights(self, schedule: Schedule, step: Array, key: Array, shape: tuple[int, int]) -> Array:
        del schedule
        word, _ = threefry(key, jnp.broadcast_to(step, (1,)), jnp.broadcast_to(_CHOICES, (1,)))
        # The upper half of the word times the number of tasks: no product leaves 32 bits.
        task = ((word >> 16) * np.uint32(shape[0])) >> 16
        return jax.nn.one_hot(task.astype(jnp.int32), shape[0], axis=0)

    def next_change(self, schedule: Schedule, step: Array) -> Array:
        return step + 1


class Phase(Setting):
    """Some targets in turn, for a number of blocks."""

    targets: tuple = field((), Parts(Target), "targets in the order of their blocks")
    blocks: int = field(
        0,
        Whole(0, MOST_STEPS, "steps are counted in 32 bits"),
        "blocks of the phase; the last one lasts to the end of the run, and may have 0",
    )


class Phases(Curriculum):
    """Blocks of equal length in phases: first some targets in turn, then others (paper, section 5 and Figure 3).

    Targets are tasks, sums of tasks, or rows of several tasks; see `gatednet.targets`.
    """

    block_length: float = field(1.0, Number(0.0, low_allowed=False), "time that a block lasts", "time")
    phases: tuple = field((), Parts(Phase), "phases, one after the other")

    @property
    def isotropic(self) -> bool:
        return all(target.whole for target in self.targets)

    @property
    def targets(self) -> tuple[Target, ...]:
        """The targets of all phases, in order."""
        return tuple(target for phase in self.phases for target in phase.targets)

    def check_tasks(self, tasks: int) -> None:
        if not self.phases:
            raise SettingError("Phases.phases is empty, allowed are one or more phases")
        for place, phase in enumerate(self.phases):
            if not phase.targets:
                raise SettingError(f"Phases.phases.{place}.targets is empty, allowed are one or more targets")
            if not phase.blocks and place < len(self.phases) - 1:
                raise SettingError(f"Phases.phases.{place}.blocks is 0, allowed in the last phase only")
            for target in phase.targets:
                target.check(tasks)

    def task_weights(self, schedule: Schedule, step: Array, key: Array, shape: tuple[int, int]) -> Array:
        del key
        block = self.block(schedule, step)
        # Where each phase begins, in blocks and in the list of all targets.
        first_block = np.minimum(np.cumsum([0, *(phase.blocks for phase in self.phases[:-1])]), MOST_STEPS)
        sizes = [len(phase.targets) for phase in self.phases]
        first_target = np.cumsum([0, *sizes[:-1]])
        phase = jnp.sum(block >= first_block[1:, None], axis=0) if len(sizes) > 1 else jnp.zeros_like(block)
        place = jnp.asarray(first_target)[phase] + (block - jnp.asarray(first_block)[phase]) % jnp.asarray(sizes)[phase]
        shown = [target.weights(*shape) for target in self.targets]
        if not self.isotropic:
            shown = [weights if weights.ndim == 3 else weights[:, None] for weights in shown]
        # A select for each target, and no gather: runs stay where they are.
        return add(jnp.where(place == number, weights, 0.0) for number, weights in enumerate(shown))

    def next_change(self, schedule: Schedule, step: Array) -> Array:
        return self.next_block(schedule, step)
