"""Teachers given in full."""

from __future__ import annotations

from jax import Array
from jaxtyping import Float, PRNGKeyArray

from gatednet.arrays.nested import shape_of, stacked
from gatednet.networks.base import Network
from gatednet.settings import Choice, Nested, Number, SettingError, field
from gatednet.teachers.base import TeacherSet


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

    def draw(self, key: PRNGKeyArray, network: Network) -> Float[Array, "tasks outputs columns"]:
        return stacked(self.maps).reshape(self.number, network.outputs, network.inputs)
