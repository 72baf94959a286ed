"""Phases of targets, one after the other."""

from __future__ import annotations

import itertools

import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Int, Shaped, UInt32

from gatednet.arrays.rows import add
from gatednet.curricula.base import Curriculum, Schedule, rounding_field
from gatednet.curricula.targets import Target
from gatednet.settings import Number, Parts, Setting, SettingError, Whole, field
from gatednet.times import MOST_STEPS


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

    Targets are tasks, sums of tasks, or rows of several tasks; see `gatednet.curricula.targets`.
    """

    block_length: float = field(1.0, Number(0.0, low_allowed=False), "time that a block lasts", "time")
    phases: tuple = field((), Parts(Phase), "phases, one after the other")
    rounding: str = rounding_field()

    @property
    def isotropic(self) -> bool:
        return all(target.whole for target in self.targets)

    @property
    def targets(self) -> tuple[Target, ...]:
        """The targets of all phases, in order."""
        return tuple(target for phase in self.phases for target in phase.targets)

    def targets_of(self, blocks: int) -> list[Target]:
        """The targets of the first blocks of a run."""
        shown = itertools.chain.from_iterable(
            itertools.islice(itertools.cycle(phase.targets), phase.blocks or blocks) for phase in self.phases
        )
        return list(itertools.islice(shown, blocks))

    def targets_by_block(self, tasks: int, blocks: int) -> list[int]:
        """Targets are counted in the order in which they are first shown."""
        shown = self.targets_of(blocks)
        numbers = {target: number for number, target in enumerate(dict.fromkeys(shown))}
        return [numbers[target] for target in shown]

    def summary(self) -> str:
        return self.summary_with_blocks()

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

    def check_outputs(self, outputs: int) -> None:
        for target in self.targets:
            target.check_outputs(outputs)

    def task_weights(
        self, schedule: Schedule, step: Int[Array, ""], key: UInt32[Array, " 2 *runs"], shape: tuple[int, int]
    ) -> Shaped[Array, " tasks *columns"]:
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

    def next_change(self, schedule: Schedule, step: Int[Array, ""]) -> Int[Array, ""]:
        return self.next_block(schedule, step)
