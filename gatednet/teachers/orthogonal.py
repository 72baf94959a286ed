"""Teachers of orthogonal or correlated rows (paper, section 2)."""

from __future__ import annotations

import math

import jax.numpy as jnp
from jax import Array
from jaxtyping import Float, PRNGKeyArray

from gatednet.networks.base import Network
from gatednet.settings import Choice, Number, SettingError, Whole, Words, field, number_of
from gatednet.teachers.base import TeacherSet
from gatednet.teachers.modes import SIDES, check_modes, of_modes, overlap_of_modes, rotation


class Teachers(TeacherSet):
    """Teachers of orthogonal or equally correlated rows, or of a given rank.

    By default, with `rank` 0, teachers have full rank, rows of one norm, and one overlap between any two rows, within a
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

    def draw(self, key: PRNGKeyArray, network: Network) -> Float[Array, "tasks outputs columns"]:
        norm = number_of(self.scale, (1.0 / math.sqrt(network.inputs), 1.0))
        if self.rank:
            return of_modes(key, self, network, jnp.full(self.rank, norm))
        count = self.tasks * network.outputs
        rows = rotation(key, network.inputs, count)
        # The symmetric root of C in closed form: it has the eigenvalue 1 - rho, and 1 - rho + count rho on the mean.
        common = jnp.sqrt(1.0 - self.correlation)
        along_mean = jnp.sqrt(1.0 - self.correlation + count * self.correlation)
        rows = common * rows + (along_mean - common) * rows.mean(axis=0)
        return norm * rows.reshape(self.tasks, network.outputs, network.inputs)
