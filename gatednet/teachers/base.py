"""`TeacherSet`: the linear maps that tasks ask for."""

from __future__ import annotations

import abc
from collections.abc import Mapping
from typing import ClassVar

from jax import Array
from jaxtyping import Float, PRNGKeyArray

from gatednet.declarations import Declaration
from gatednet.networks.base import Network
from gatednet.settings import Setting


class TeacherSet(Setting):
    """How the teachers of a run are chosen."""

    DECLARATIONS: ClassVar[Mapping[str, Declaration]] = {
        name: Declaration(("draw",)) for name in ("shared", "labelled", "overlap")
    }

    @property
    def shared(self) -> bool:
        """Whether all seeds have the same teachers: not unless a kind says so."""
        return False

    @property
    @abc.abstractmethod
    def number(self) -> int:
        """The number of tasks."""

    @property
    def labelled(self) -> bool:
        """Whether the tasks are about labels: teachers are then (tasks, outputs, classes)."""
        return False

    @property
    def overlap(self) -> float | None:
        """The mean cosine of the same row of any two teachers, where it is one number for all pairs and seeds."""
        return None

    def summary(self) -> str:
        """How many tasks there are, which is all that captions say of teachers."""
        return f"{self.number} tasks"

    @abc.abstractmethod
    def check(self, network: Network) -> None:
        """Raise `SettingError` where no such teachers of this network's shape exist."""

    def numbers(self, network: Network) -> int:
        """How many numbers are held at once while the teachers of one run are drawn, at least."""
        return self.number * network.outputs * network.inputs

    @abc.abstractmethod
    def draw(self, key: PRNGKeyArray, network: Network) -> Float[Array, "tasks outputs columns"]:
        """The teachers of one run, (tasks, outputs, inputs)."""
