"""Teachers of independent entries."""

from __future__ import annotations

import math

from jax import Array
from jaxtyping import Float, PRNGKeyArray

from gatednet.networks.base import Network
from gatednet.random.threefry import normal
from gatednet.settings import Choice, Whole, Words, field, number_of
from gatednet.teachers.base import TeacherSet


class IndependentTeachers(TeacherSet):
    """Teachers of independent Gaussian entries.

    The mean square norm of their rows is that of `Teachers` with the same scale.
    """

    tasks: int = field(2, Whole(1), "number of teachers")
    scale: str = field("input", Words(("input", "unit")), "root mean square norm of a row: 1/sqrt(inputs), or 1")
    shared: bool = field(False, Choice((False, True)), "whether all seeds have the same teachers")

    @property
    def number(self) -> int:
        return self.tasks

    def check(self, network: Network) -> None:
        del network

    def draw(self, key: PRNGKeyArray, network: Network) -> Float[Array, "tasks outputs columns"]:
        norm = number_of(self.scale, (1.0 / math.sqrt(network.inputs), 1.0))
        entries = normal(key, (self.tasks, network.outputs, network.inputs))
        return norm / math.sqrt(network.inputs) * entries
