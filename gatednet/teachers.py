"""Teachers: the linear maps that the tasks ask for, shape (tasks, outputs, inputs) (paper, section 2)."""

from __future__ import annotations

import abc
import math

import jax.numpy as jnp
from jax import Array

from gatednet.initial import shape_of, stacked
from gatednet.networks import Network
from gatednet.random import normal
from gatednet.settings import Choice, Nested, Number, Setting, SettingError, Whole, field


class TeacherSet(Setting):
    """How the teachers of a run are chosen."""

    @property
    @abc.abstractmethod
    def shared(self) -> bool:
        """Whether all seeds have the same teachers."""

    @property
    @abc.abstractmethod
    def number(self) -> int:
        """The number of tasks."""

    @abc.abstractmethod
    def check(self, network: Network) -> None:
        """Raise `SettingError` where no such teachers of this network's shape exist."""

    @abc.abstractmethod
    def draw(self, key: Array, network: Network) -> Array:
        """The teachers of one run, (tasks, outputs, inputs)."""


class Teachers(TeacherSet):
    """Teachers whose rows all have one norm, and one overlap between any two, within a teacher or across.

    With `correlation` 0 all rows of all teachers are orthogonal: they are rows of a uniformly random rotation. With
    correlation rho the rows are C^(1/2) times those, C = (1 - rho) I + rho 1 1ᵀ, so that every two rows have the cosine
    rho exactly. With `scale = "input"` rows have the norm 1/sqrt(inputs), with `"unit"` the norm 1.
    """

    tasks: int = field(2, Whole(1), "number of teachers")
    correlation: float = field(0.0, Number(0.0, 1.0), "cosine of any two rows")
    scale: str = field("input", Choice(("input", "unit")), "norm of a row: 1/sqrt(inputs), or 1")
    shared: bool = field(False, Choice((False, True)), "whether all seeds have the same teachers")

    @property
    def number(self) -> int:
        return self.tasks

    def check(self, network: Network) -> None:
        rows = self.tasks * network.outputs
        if rows > network.inputs:
            raise SettingError(
                f"Teachers.tasks × network.outputs = {rows} orthogonal rows do not exist in network.inputs = "
                f"{network.inputs} dimensions, allowed are at most {network.inputs} rows"
            )

    def draw(self, key: Array, network: Network) -> Array:
        count = self.tasks * network.outputs
        # The factor Q of a Gaussian matrix is a uniform rotation once the signs of R's diagonal are taken out.
        rotation, upper = jnp.linalg.qr(normal(key, (network.inputs, network.inputs)))
        rows = (rotation * jnp.sign(jnp.diagonal(upper))).T[:count]
        # The symmetric root of C in closed form: it has the eigenvalue 1 - rho, and 1 - rho + count rho on the mean.
        common = jnp.sqrt(1.0 - self.correlation)
        along_mean = jnp.sqrt(1.0 - self.correlation + count * self.correlation)
        rows = common * rows + (along_mean - common) * rows.mean(axis=0)
        norm = 1.0 / math.sqrt(network.inputs) if self.scale == "input" else 1.0
        return norm * rows.reshape(self.tasks, network.outputs, network.inputs)


class ChosenTeachers(TeacherSet):
    """Teachers given in full, the same for every seed."""

    maps: tuple = field((), Nested(Number(), 3), "the teachers, tasks × outputs × inputs")
    shared: bool = field(True, Choice((True,)), "chosen teachers are the same for all seeds")

    @property
    def number(self) -> int:
        return len(self.maps)

    def check(self, network: Network) -> None:
        allowed = (max(self.number, 1), network.outputs, network.inputs)
        if shape_of(self.maps) != allowed:
            raise SettingError(f"ChosenTeachers.maps has the shape {shape_of(self.maps)}, allowed is {allowed}")

    def draw(self, key: Array, network: Network) -> Array:
        del key
        return stacked(self.maps).reshape(self.number, network.outputs, network.inputs)
