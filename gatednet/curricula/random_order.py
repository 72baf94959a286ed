"""Tasks in blocks whose order is drawn for each run, all tasks alike or some of them rare."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float, Int, Shaped, UInt32

from gatednet.curricula.base import Curriculum, Schedule, rounding_field
from gatednet.random.threefry import threefry
from gatednet.settings import Number, field

# The counter of the words that choose the task of a block: no draw of inputs comes so far.
_ORDER = np.uint32(2**32 - 4)


class RandomOrder(Curriculum):
    """Blocks of equal length, each of a task drawn for the run, independent of those before.

    Task m, counted from 1, is drawn with a probability in proportion to m^-skew (Zipf's law). With `randomness` below 1
    only so many of the blocks are drawn, and the others show the task whose turn it is, as `Blocked` does. A draw may
    repeat the task of the block before. Everything but the order of blocks is as in `Blocked`, and all of it can be
    swept without compiling again.
    """

    block_length: float = field(1.0, Number(0.0, low_allowed=False), "time that a block lasts", "time")
    randomness: float = field(1.0, Number(0.0, 1.0), "share of blocks whose task is drawn; 0: all in turn")
    skew: float = field(0.0, Number(0.0), "exponent of Zipf's law of the tasks that are drawn; 0: all alike")
    shown: float = field(
        np.inf, Number(1.0, infinite=True), "number of tasks that are ever shown, the first ones; inf: all"
    )
    rounding: str = rounding_field()

    @property
    def isotropic(self) -> bool:
        return True

    def summary(self) -> str:
        skewed = f", Zipf's exponent {self.skew:g}" if self.skew else ""
        drawn = f"{self.randomness:g} of the blocks drawn{skewed}" if self.randomness else "blocked, in turn,"
        return f"{drawn} with block length {self.block_length:g}"

    def check_tasks(self, tasks: int) -> None:
        del tasks

    def task_weights(
        self, schedule: Schedule, step: Int[Array, ""], key: UInt32[Array, " 2 *runs"], shape: tuple[int, int]
    ) -> Shaped[Array, " tasks *columns"]:
        tasks = shape[0]
        block = self.block(schedule, step)
        shown = jnp.clip(jnp.floor(self.shown), 1, tasks).astype(jnp.int32)
        whether, which = (_uniform(words) for words in threefry(key, jnp.broadcast_to(_ORDER, (1,)), block))
        # In single precision whatever that of the simulation, so that runs in either have one order.
        place = jnp.arange(tasks)[:, None]
        skew = jnp.asarray(self.skew, jnp.float32)
        share = jnp.where(place < shown, jnp.exp(-skew * jnp.log((place + 1).astype(jnp.float32))), 0.0)
        below = jnp.cumsum(share, axis=0)
        drawn = jnp.minimum(jnp.sum(below <= which * below[-1], axis=0), shown - 1)
        task = jnp.where(whether < jnp.asarray(self.randomness, jnp.float32), drawn, block % shown)
        return jax.nn.one_hot(task, tasks, axis=0)

    def next_change(self, schedule: Schedule, step: Int[Array, ""]) -> Int[Array, ""]:
        return self.next_block(schedule, step)


def _uniform(words: UInt32[Array, " runs"]) -> Float[Array, " runs"]:
    """Random words as numbers from 0 to below 1."""
    return (words >> 8).astype(jnp.float32) * np.float32(2.0**-24)
