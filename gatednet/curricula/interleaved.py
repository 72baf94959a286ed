"""A task at random at every step."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Int, Shaped, UInt32

from gatednet.curricula.base import Curriculum, Schedule
from gatednet.random.threefry import threefry
from gatednet.settings import Number, field

# The counter of the words that choose tasks: no draw of inputs comes so far.
_CHOICES = np.uint32(2**32 - 1)


class Interleaved(Curriculum):
    """A task at every step, at random and each as likely as any other: the control without blocks.

    Steps are still counted in blocks, for observables that are kept of each.
    """

    block_length: float = field(1.0, Number(0.0, low_allowed=False), "time that is counted as a block", "time")

    @property
    def isotropic(self) -> bool:
        return True

    def summary(self) -> str:
        return self.summary_with_blocks()

    def check_tasks(self, tasks: int) -> None:
        del tasks

    def task_weights(
        self, schedule: Schedule, step: Int[Array, ""], key: UInt32[Array, " 2 *runs"], shape: tuple[int, int]
    ) -> Shaped[Array, " tasks *columns"]:
        word, _ = threefry(key, jnp.broadcast_to(step, (1,)), jnp.broadcast_to(_CHOICES, (1,)))
        # The upper half of the word times the number of tasks: no product leaves 32 bits.
        task = ((word >> 16) * np.uint32(shape[0])) >> 16
        return jax.nn.one_hot(task.astype(jnp.int32), shape[0], axis=0)
