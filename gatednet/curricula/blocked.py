"""Tasks in blocks (paper, section 2)."""

from __future__ import annotations

import jax
from jax import Array
from jaxtyping import Int, Shaped, UInt32

from gatednet.curricula.base import InOrder, Schedule, rounding_field
from gatednet.settings import Nested, Number, Whole, field


class Blocked(InOrder):
    """Tasks in blocks of equal length, in the order given, again and again (paper, section 2)."""

    block_length: float = field(1.0, Number(0.0, low_allowed=False), "time that a block lasts", "time")
    order: tuple = field((), Nested(Whole(0), 1), "tasks in the order of their blocks; empty: all, in turn")
    rounding: str = rounding_field()

    @property
    def isotropic(self) -> bool:
        return True

    def summary(self) -> str:
        return self.summary_with_blocks()

    def targets_by_block(self, tasks: int, blocks: int) -> list[int]:
        order = self.order or range(tasks)
        return [order[block % len(order)] for block in range(blocks)]

    def task_weights(
        self, schedule: Schedule, step: Int[Array, ""], key: UInt32[Array, " 2 *runs"], shape: tuple[int, int]
    ) -> Shaped[Array, " tasks *columns"]:
        return jax.nn.one_hot(self.task_of(self.block(schedule, step), shape[0]), shape[0], axis=0)

    def next_change(self, schedule: Schedule, step: Int[Array, ""]) -> Int[Array, ""]:
        return self.next_block(schedule, step)
