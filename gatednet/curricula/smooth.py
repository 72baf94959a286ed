"""Tasks that change gradually."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Int, Shaped, UInt32

from gatednet.arrays.counts import remainder
from gatednet.curricula.base import InOrder, Schedule
from gatednet.settings import Nested, Number, Whole, field


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

    @property
    def isotropic(self) -> bool:
        return True

    def summary(self) -> str:
        return self.summary_with_blocks()

    def task_weights(
        self, schedule: Schedule, step: Int[Array, ""], key: UInt32[Array, " 2 *runs"], shape: tuple[int, int]
    ) -> Shaped[Array, " tasks *columns"]:
        order = self.tasks_in_order(shape[0])
        places = len(order)
        # Blocks since the start of the present round.
        passed = remainder(self.block(schedule, step), places)
        passed = passed + self.step_in_block(schedule, step) / schedule.block_steps
        middle = jnp.arange(places)[:, None] + 0.5
        apart = jnp.abs(passed - middle)
        apart = jnp.minimum(apart, places - apart)
        # cos(π x) in a form that is exactly 0 half way, where the root below is infinitely steep.
        wave = jnp.sin(jnp.pi * (0.5 - jnp.minimum(apart, 1.0)))
        # A single task has nothing to give way to.
        shown = 0.5 * (1.0 + jnp.sign(wave) * jnp.abs(jnp.sin(0.5 * jnp.pi * wave)) ** (1.0 / self.hardness))
        shown = shown / shown.sum(axis=0)
        return jax.nn.one_hot(order, shape[0], axis=0) @ shown
