"""Teachers: the linear maps that the tasks ask for, shape (tasks, outputs, inputs) (paper, section 2)."""

from __future__ import annotations

import abc
import math

import jax
import jax.numpy as jnp
from jax import Array

from gatednet.initial import shape_of, stacked
from gatednet.networks import Network
from gatednet.random import normal
from gatednet.settings import Choice, Nested, Number, Setting, SettingError, Whole, Words, field, number_of

# Whether singular vectors are those of each teacher, orthogonal to those of the others, or the same for all.
SIDES = ("separate", "shared")


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

    @property
    def labelled(self) -> bool:
        """Whether the tasks are about labels: teachers are then (tasks, outputs, classes)."""
        return False

    @property
    def overlap(self) -> float | None:
        """The mean cosine of the same row of any two teachers, where it is one number for all pairs and seeds."""
        return None

    @abc.abstractmethod
    def check(self, network: Network) -> None:
        """Raise `SettingError` where no such teachers of this network's shape exist."""

    def numbers(self, network: Network) -> int:
        """How many numbers are held at once while the teachers of one run are drawn, at least."""
        return self.number * network.outputs * network.inputs

    @abc.abstractmethod
    def draw(self, key: Array, network: Network) -> Array:
        """The teachers of one run, (tasks, outputs, inputs)."""


class Teachers(TeacherSet):
    """Teachers of orthogonal or equally correlated rows, or of a given rank.

    By itself, with `rank` 0, teachers have full rank, rows of one norm, and one overlap between any two rows, within a
    teacher or across. With `correlation` 0 all rows of all teachers are orthogonal: they are rows of a uniformly random
    rotation. With correlation rho the rows are C^(1/2) times those, C = (1 - rho) I + rho 1 1ᵀ, so that every two rows
    have the cosine rho exactly. With `scale = "input"` rows have the norm 1/sqrt(inputs), with `"unit"` the norm 1.

    With a rank, teacher m is s U_m V_mᵀ: its singular vectors are orthonormal, U_m (outputs, rank) and V_m (inputs,
    rank), and its singular values are all s, the norm that rows have otherwise. Left and right vectors are each either
    separate, so that those of different teachers are orthogonal too, or shared by all teachers.
    """

    tasks: int = field(2, Whole(1), "number of teachers")
    correlation: float = field(0.0, Number(0.0, 1.0), "cosine of any two rows")
    scale: str = field("input", Words(("input", "unit")), "norm of a row, or singular value: 1/sqrt(inputs), or 1")
    rank: int = field(0, Whole(0), "number of singular vectors of each teacher; 0: as many as outputs, by rows")
    shared: bool = field(False, Choice((False, True)), "whether all seeds have the same teachers")
    left: str = field("separate", Choice(SIDES), "left singular vectors, where there is a rank")
    right: str = field("separate", Choice(SIDES), "right singular vectors, where there is a rank")

    @property
    def number(self) -> int:
        return self.tasks

    @property
    def overlap(self) -> float | None:
        return self.correlation if not self.rank else overlap_of_modes(self)

    def check(self, network: Network) -> None:
        if self.rank:
            self._check_rank(network)
            return
        rows = self.tasks * network.outputs
        if rows > network.inputs:
            raise SettingError(
                f"Teachers.tasks × network.outputs = {rows} orthogonal rows do not exist in network.inputs = "
                f"{network.inputs} dimensions, allowed are at most {network.inputs} rows"
            )

    def numbers(self, network: Network) -> int:
        return network.inputs**2

    def _check_rank(self, network: Network) -> None:
        if self.correlation:
            raise SettingError(
                f"Teachers.correlation is {self.correlation!r}, allowed is 0.0 where there is a rank, {self.rank}"
            )
        check_modes(f"Teachers.rank is {self.rank}", self, self.rank, network)

    def draw(self, key: Array, network: Network) -> Array:
        norm = number_of(self.scale, (1.0 / math.sqrt(network.inputs), 1.0))
        if self.rank:
            return of_modes(key, self, network, jnp.full(self.rank, norm))
        count = self.tasks * network.outputs
        rows = rotation(key, network.inputs)[:count]
        # The symmetric root of C in closed form: it has the eigenvalue 1 - rho, and 1 - rho + count rho on the mean.
        common = jnp.sqrt(1.0 - self.correlation)
        along_mean = jnp.sqrt(1.0 - self.correlation + count * self.correlation)
        rows = common * rows + (along_mean - common) * rows.mean(axis=0)
        return norm * rows.reshape(self.tasks, network.outputs, network.inputs)


class SpectralTeachers(TeacherSet):
    """Teachers of given singular values, U_m diag(values) V_mᵀ, with uniformly random singular vectors.

    Singular values can be zero, and all of them are swept without compiling again: so is the rank.
    """

    tasks: int = field(2, Whole(1), "number of teachers")
    values: tuple = field((1.0,), Nested(Number(0.0), 1), "singular values of every teacher")
    shared: bool = field(False, Choice((False, True)), "whether all seeds have the same teachers")
    left: str = field("separate", Choice(SIDES), "left singular vectors: of each teacher, or the same for all")
    right: str = field("separate", Choice(SIDES), "right singular vectors: of each teacher, or the same for all")

    @property
    def number(self) -> int:
        return self.tasks

    @property
    def overlap(self) -> float | None:
        return overlap_of_modes(self)

    def check(self, network: Network) -> None:
        if not self.values:
            raise SettingError("SpectralTeachers.values is empty, allowed are one or more singular values")
        check_modes(f"SpectralTeachers has {len(self.values)} singular values", self, len(self.values), network)

    def numbers(self, network: Network) -> int:
        return network.inputs**2 + network.outputs**2

    def draw(self, key: Array, network: Network) -> Array:
        return of_modes(key, self, network, stacked(self.values))


def check_modes(what: str, teachers: Teachers | SpectralTeachers, count: int, network: Network) -> None:
    """Raise `SettingError` where there is no room for so many orthogonal singular vectors of each teacher."""
    for side, vectors, dimensions in (("left", teachers.left, "outputs"), ("right", teachers.right, "inputs")):
        needed = count * (teachers.tasks if vectors == "separate" else 1)
        there = getattr(network, dimensions)
        if needed > there:
            raise SettingError(
                f"{what}: {needed} orthogonal {side} singular vectors do not exist in network.{dimensions} = {there} "
                f"dimensions, allowed are at most {there}"
            )


def overlap_of_modes(teachers: Teachers | SpectralTeachers) -> float | None:
    """The mean cosine of the same row of any two teachers of given singular vectors; None where it is random."""
    if teachers.right == "separate":
        return 0.0  # rows are sums of right vectors, and those of different teachers are orthogonal
    return 1.0 if teachers.left == "shared" else None


def of_modes(key: Array, teachers: Teachers | SpectralTeachers, network: Network, values: Array) -> Array:
    """Teachers of given singular values, with random singular vectors, (tasks, outputs, inputs)."""
    count, tasks = len(values), teachers.tasks

    def vectors(key: Array, dimensions: int, how: str) -> Array:
        sets = tasks if how == "separate" else 1
        drawn = rotation(key, dimensions)[: sets * count].reshape(sets, count, dimensions)
        return jnp.broadcast_to(drawn, (tasks, count, dimensions))

    left = vectors(jax.random.fold_in(key, 1), network.outputs, teachers.left)
    right = vectors(key, network.inputs, teachers.right)
    return jnp.einsum("k,mka,mkb->mab", values, left, right)


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

    def draw(self, key: Array, network: Network) -> Array:
        norm = number_of(self.scale, (1.0 / math.sqrt(network.inputs), 1.0))
        entries = normal(key, (self.tasks, network.outputs, network.inputs))
        return norm / math.sqrt(network.inputs) * entries


def rotation(key: Array, dimensions: int) -> Array:
    """A uniformly random rotation or reflection, (dimensions, dimensions), with orthonormal rows."""
    # The factor Q of a Gaussian matrix is uniform once the signs of R's diagonal are taken out.
    factor, upper = jnp.linalg.qr(normal(key, (dimensions, dimensions)))
    return (factor * jnp.sign(jnp.diagonal(upper))).T


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
