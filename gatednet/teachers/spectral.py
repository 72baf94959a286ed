"""Teachers of given singular values."""

from __future__ import annotations

from jax import Array
from jaxtyping import Float, PRNGKeyArray

from gatednet.arrays.nested import stacked
from gatednet.networks.base import Network
from gatednet.settings import Choice, Nested, Number, SettingError, Whole, field
from gatednet.teachers.base import TeacherSet
from gatednet.teachers.modes import SIDES, check_modes, of_modes, overlap_of_modes


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

    def draw(self, key: PRNGKeyArray, network: Network) -> Float[Array, "tasks outputs columns"]:
        return of_modes(key, self, network, stacked(self.values))
