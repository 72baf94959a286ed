"""A kind of teachers: tasks on an arc of a circle, so that neighbours are alike."""

import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from gatednet import Network, SettingError, Teachers, TeacherSet
from gatednet.settings import Choice, Number, Whole, field


class CircleTeachers(TeacherSet):
    """W*_m = cos(θ_m) A + sin(θ_m) B, with orthogonal A and B and the angles θ_m evenly along an arc."""

    tasks: int = field(3, Whole(2), "number of teachers")
    arc: float = field(90.0, Number(0.0, 360.0), "angle between the first teacher and the last", "degree")
    shared: bool = field(False, Choice((False, True)), "whether all seeds have the same teachers")

    @property
    def number(self) -> int:
        return self.tasks

    def check(self, network: Network) -> None:
        if 2 * network.outputs > network.inputs:
            raise SettingError(
                f"CircleTeachers needs {2 * network.outputs} orthogonal rows, and network.inputs is {network.inputs}"
            )

    def draw(self, key: PRNGKeyArray, network: Network) -> Float[Array, "tasks outputs inputs"]:
        first, second = Teachers(tasks=2).draw(key, network)
        angles = jnp.deg2rad(self.arc) * jnp.arange(self.tasks) / (self.tasks - 1)
        return jnp.cos(angles)[:, None, None] * first + jnp.sin(angles)[:, None, None] * second
