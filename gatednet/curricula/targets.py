"""Targets: what a curriculum asks for, as weights over the teachers (paper, section 5 on task composition)."""

from __future__ import annotations

import abc
import math
from collections.abc import Mapping
from typing import ClassVar

import jax.numpy as jnp
import numpy as np
from jax import Array

from gatednet.arrays.nested import stacked
from gatednet.declarations import Declaration
from gatednet.settings import Nested, Number, Setting, SettingError, Whole, field


class Target(Setting):
    """A linear map that is put together from the teachers."""

    DECLARATIONS: ClassVar[Mapping[str, Declaration]] = {"whole": Declaration(("weights",))}

    @property
    @abc.abstractmethod
    def named(self) -> tuple[int, ...]:
        """The tasks that take part."""

    @property
    def whole(self) -> bool:
        """Whether it is a combination of whole teachers, the same for all outputs: not unless a kind says so."""
        return False

    @abc.abstractmethod
    def weights(self, tasks: int, outputs: int) -> Array:
        """The weight of each teacher, (tasks, runs or 1), or in each output, (tasks, outputs, runs or 1)."""

    def check(self, tasks: int) -> None:
        """Raise `SettingError` where no task, or a task that does not exist, takes part."""
        kind = type(self).__name__
        if not self.named:
            raise SettingError(f"{kind} names no task, allowed are one or more of 0 to {tasks - 1}")
        unknown = [task for task in self.named if task >= tasks]
        if unknown:
            raise SettingError(f"{kind} names task {unknown[0]}, allowed are 0 to {tasks - 1}")

    def check_outputs(self, outputs: int) -> None:
        """Raise `SettingError` where it is not a target of so many outputs."""
        del outputs


class Task(Target):
    """One of the teachers."""

    task: int = field(0, Whole(0), "which teacher")

    @property
    def named(self) -> tuple[int, ...]:
        return (self.task,)

    @property
    def whole(self) -> bool:
        return True

    def weights(self, tasks: int, outputs: int) -> Array:
        return jnp.asarray(np.arange(tasks)[:, None] == self.task, float)


class Sum(Target):
    """A weighted sum of teachers: the first has the weight `mixing`, the others share what is left of 1 equally."""

    tasks: tuple = field((0, 1), Nested(Whole(0), 1), "teachers that are summed")
    mixing: float = field(0.5, Number(), "weight of the first teacher")

    @property
    def named(self) -> tuple[int, ...]:
        return self.tasks

    @property
    def whole(self) -> bool:
        return True

    def weights(self, tasks: int, outputs: int) -> Array:
        first, *others = (np.arange(tasks)[:, None] == task for task in self.tasks)
        rest = sum(others, np.zeros((tasks, 1))) / max(len(others), 1)
        return first * jnp.asarray(self.mixing) + rest * (1.0 - jnp.asarray(self.mixing))


class RowsInTurn(Target):
    """Rows of several teachers in turn: output i is that of the i-th of them, counted round and round."""

    tasks: tuple = field((0, 1), Nested(Whole(0), 1), "teachers whose rows take turns")

    @property
    def named(self) -> tuple[int, ...]:
        return self.tasks

    @property
    def whole(self) -> bool:
        return False

    def weights(self, tasks: int, outputs: int) -> Array:
        turn = np.resize(self.tasks, outputs)
        return jnp.asarray(np.arange(tasks)[:, None, None] == turn[:, None], float)


class ChosenRows(Target):
    """Each row from a teacher of its own: output i is that of teacher `tasks[i]`.

    Teachers are named by numbers that can be swept without compiling again. One between two whole numbers is a mixture
    of the two teachers: .25 is ¾ of teacher 0 and ¼ of teacher 1.
    """

    tasks: tuple = field((), Nested(Number(0.0), 1), "teacher of each row, for all outputs; between two: a mixture")

    @property
    def named(self) -> tuple[int, ...]:
        return tuple(rounded(task) for task in self.tasks for rounded in (math.floor, math.ceil))

    def check_outputs(self, outputs: int) -> None:
        if len(self.tasks) != outputs:
            raise SettingError(f"ChosenRows names teachers for {len(self.tasks)} rows, allowed is {outputs}")

    def weights(self, tasks: int, outputs: int) -> Array:
        teachers = jnp.arange(float(tasks))[:, None, None]
        return jnp.maximum(0.0, 1.0 - jnp.abs(teachers - stacked(self.tasks).reshape(outputs, -1)))


class Mixture(Target):
    """A sum of all teachers, each with a weight of its own."""

    shares: tuple = field((), Nested(Number(), 1), "weight of each teacher in the sum")

    @property
    def named(self) -> tuple[int, ...]:
        return tuple(range(len(self.shares)))

    @property
    def whole(self) -> bool:
        return True

    def check(self, tasks: int) -> None:
        if len(self.shares) != tasks:
            raise SettingError(f"Mixture has {len(self.shares)} weights, allowed is {tasks}, one for each task")

    def weights(self, tasks: int, outputs: int) -> Array:
        return stacked(self.shares).reshape(tasks, -1)


def parts(tasks: int) -> tuple[Task, ...]:
    """Every task alone, in turn."""
    return tuple(Task(task) for task in range(tasks))


def neighbours(tasks: int) -> tuple[tuple[int, int], ...]:
    """Pairs of tasks that follow each other round a circle, starting with the last and the first."""
    return tuple(((task - 1) % tasks, task) for task in range(tasks))


def pairs(tasks: int) -> tuple[tuple[int, int], ...]:
    """All pairs of different tasks."""
    return tuple((first, second) for second in range(tasks) for first in range(second))


def sums(which: tuple[tuple[int, ...], ...], mixing: float = 0.5) -> tuple[Sum, ...]:
    """The sum of the teachers in each group, such as those of `neighbours` or `pairs`."""
    return tuple(Sum(each, mixing) for each in which)


def rows_in_turn(which: tuple[tuple[int, ...], ...]) -> tuple[RowsInTurn, ...]:
    """Rows in turn of the teachers in each group."""
    return tuple(RowsInTurn(each) for each in which)
