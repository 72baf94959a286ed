"""The teachers of the published runs."""

from __future__ import annotations

import math

import jax.numpy as jnp
from jax import Array
from jaxtyping import Float, PRNGKeyArray

from gatednet.networks.base import Network
from gatednet.random.published import rotation
from gatednet.settings import LARGEST_SEED, Choice, SettingError, Whole, Words, field, number_of
from gatednet.teachers.base import TeacherSet

# The rotation is drawn outside of compiled programs, in a time that grows with the third power.
MOST_INPUTS = 1000


class PublishedTeachers(TeacherSet):
    """Teachers of orthogonal rows, the one set that the authors' released code gives all its runs.

    They are the rows of a rotation that NumPy's former generator makes of `seed`; see `gatednet.random.published`. For
    two teachers of ten outputs and twenty inputs they are the published ones bit for bit. For other shapes they are
    made in the same way.
    """

    tasks: int = field(2, Whole(1), "number of teachers")
    seed: int = field(567456245, Whole(0, LARGEST_SEED, "seeds have 32 bits"), "seed of the rotation")
    scale: str = field("input", Words(("input", "unit")), "norm of a row: 1/sqrt(inputs), or 1")
    shared: bool = field(True, Choice((True,)), "published teachers are the same for all seeds")

    @property
    def number(self) -> int:
        return self.tasks

    @property
    def overlap(self) -> float | None:
        return 0.0

    def check(self, network: Network) -> None:
        rows = self.tasks * network.outputs
        if rows > network.inputs:
            raise SettingError(
                f"PublishedTeachers.tasks × network.outputs = {rows} orthogonal rows do not exist in network.inputs = "
                f"{network.inputs} dimensions, allowed are at most {network.inputs} rows"
            )
        if network.inputs > MOST_INPUTS:
            raise SettingError(
                f"network.inputs is {network.inputs}, allowed with PublishedTeachers are at most {MOST_INPUTS}"
            )

    def numbers(self, network: Network) -> int:
        return network.inputs**2

    def draw(self, key: PRNGKeyArray, network: Network) -> Float[Array, "tasks outputs columns"]:
        norm = number_of(self.scale, (1.0 / math.sqrt(network.inputs), 1.0))
        rows = jnp.asarray(rotation(self.seed, network.inputs)[: self.tasks * network.outputs], float)
        return norm * rows.reshape(self.tasks, network.outputs, network.inputs)
