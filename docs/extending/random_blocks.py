"""A curriculum: blocks of random length, another sequence for every seed."""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, UInt32

from gatednet import Blocked
from gatednet.curricula.base import Schedule
from gatednet.random.threefry import threefry
from gatednet.settings import Number, field

# Words of the key of the data that nothing else uses: no step comes so far.
PURPOSE = np.uint32(2**32 - 3)


class RandomBlocks(Blocked):
    """Blocks of `block_length` to (1 + `spread`) times that, uniform and independent of each other."""

    spread: float = field(1.0, Number(0.0), "largest excess of a block over the shortest, in shortest blocks")

    def draw(self, schedule: Schedule, key: UInt32[Array, "2 runs"], blocks: int) -> Schedule:
        words, _ = threefry(key, jnp.broadcast_to(PURPOSE, (1,)), jnp.arange(blocks, dtype=jnp.uint32)[:, None])
        uniform = words.astype(jnp.float32) * np.float32(2.0**-32)
        lengths = jnp.floor(schedule.block_steps * (1.0 + self.spread * uniform)).astype(jnp.int32)
        starts = jnp.concatenate([jnp.zeros_like(lengths[:1]), jnp.cumsum(lengths, axis=0)[:-1]])
        return Schedule(schedule.block_steps, schedule.release, starts)
