"""`Recorder`: when an observable is recorded, and what is kept of its values."""

from __future__ import annotations

import abc
import dataclasses
from typing import Any, Literal

import numpy as np
from jax import Array
from jaxtyping import Int, Shaped

from gatednet.arrays.block_clock import BlockClock
from gatednet.curricula.base import Schedule
from gatednet.dynamics.dynamics import Dynamics

# What the function of an observable takes, and when: a `Moment` at every step, a `Snapshot` at every save, the same
# with the values of all saves handed over together, or the `History` of a run, once, after its last step.
Shown = Literal["step", "save", "all saves", "history"]
# What a recorder keeps: arrays, in any nesting.
Kept = Any
# The dimension, values and attributes of a coordinate.
Coordinate = tuple[str, np.ndarray, dict[str, str]]


@dataclasses.dataclass(frozen=True)
class Span:
    """The length of a run: its steps, the steps between saves, and the blocks it begins, 0 where nothing needs them."""

    steps: int
    every: int
    blocks: int = 0

    @property
    def saves(self) -> int:
        """The number of saves, those of the start and the end included."""
        return self.steps // self.every + 1


@dataclasses.dataclass(frozen=True, eq=False)
class Course:
    """What is known of a lane before its first step: its law of motion, schedule, length, runs and number type."""

    dynamics: Dynamics
    schedule: Schedule
    span: Span
    runs: int
    dtype: Any

    def clock(self, step: Int[Array, "*steps"]) -> Clock:
        """The time at a step, or at several steps of each run, (..., runs)."""
        curriculum, schedule = self.dynamics.experiment.curriculum, self.schedule
        block = curriculum.block(schedule, step)
        steps = curriculum.steps_of_block(schedule, block)
        return Clock(self, step, BlockClock(block, curriculum.step_in_block(schedule, step), steps))


@dataclasses.dataclass(frozen=True, eq=False)
class Clock:
    """The time in a run: `step`s taken, and where each run is `in_block`.

    One clock serves all recorders of a step: the same division, written for each of them, would be made for each.
    """

    course: Course
    step: Int[Array, "*steps"]
    in_block: BlockClock


@dataclasses.dataclass(frozen=True, eq=False)
class Ending:
    """How the runs of a lane ended.

    `begun` counts the steps that each run began with finite parameters, `taken` those that it also ended with them.
    """

    begun: Int[Array, " runs"]
    taken: Int[Array, " runs"]


class Recorder(abc.ABC):
    """When an observable is recorded, and what is kept of its values: `start`, `see` each value, `finish`.

    A subclass says of itself:

    - `shown`: what the observable's function takes, and so when `see` is called. "step": a `Moment`, at every step.
      "save": a `Snapshot`, at every save. "all saves": the same, but `see` is called once, with the values of all
      saves, (saves, ..., runs). "history": a `History`, once, after the last step.
    - `dims`: the dimensions that it puts before those of the observable.
    - `scalars_only`: whether it takes scalar values only, (runs,), and makes the observable's dimensions itself.
    - `by_blocks`: whether it has an entry for each block, so that block lengths have a part in what is compiled.
    - `frequency`: how often there is a value, in words.
    - `at_last_save`: whether the last save alone gives a value at the end of a run, whatever came before.
    - `fewest_saves`: how many saves a run needs for its last value to be meaningful; None where the experiment says.

    Recorders are immutable and hashable: use `dataclasses.dataclass(frozen=True)` where they have fields.
    Values at saves are NaN, or -1 for whole numbers, from where a run is no longer finite; those at steps are as they
    are, and `finish` marks what a run did not reach. A fault is found at the first trace.
    """

    shown: Shown
    frequency: str = "as its recorder says"
    dims: tuple[str, ...] = ()
    scalars_only: bool = False
    by_blocks: bool = False
    at_last_save: bool = False
    fewest_saves: int | None = 1

    def sizes(self, span: Span, dims: tuple[str, ...]) -> dict[str, int]:
        """The size of each dimension that it makes in the results of a run of this length.

        `dims` are those of the observable, of which it makes some where it takes scalars only.
        """
        return {}

    def coordinates(self, span: Span, dims: tuple[str, ...]) -> dict[str, Coordinate]:
        """Coordinates of these dimensions by name, where there are any."""
        return {}

    def start(self, course: Course, shape: tuple[int, ...]) -> Kept:
        """What is kept before the first value; `shape` is that of a value, the runs last.

        Called where `see` is called at every step or save; what is shown all at once is seen with None kept.
        """
        del course, shape

    def see(self, kept: Kept, value: Shaped[Array, "*value"], clock: Clock) -> Kept:
        """What is kept after a value, (..., runs). By default the value."""
        return value

    def enter(self, kept: Kept, clock: Clock) -> Kept:
        """The part of `kept` that `see` needs from `clock` on, until a run of the lane switches or is saved.

        Steps are faster, the less they carry.
        """
        return kept

    def leave(self, kept: Kept, current: Kept, clock: Clock) -> Kept:
        """What is kept after such a stretch of steps: the inverse of `enter`, which was called with the same clock."""
        return current

    @abc.abstractmethod
    def finish(self, kept: Kept, course: Course, ending: Ending) -> Shaped[Array, "*result"]:
        """The result, (*sizes, ..., runs): NaN where a run did not come so far with finite parameters."""
