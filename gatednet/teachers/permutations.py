"""`Permutations`: tasks that ask for other names of the same classes (paper, section 7 and Figure 7)."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float, PRNGKeyArray

from gatednet.networks.base import Network
from gatednet.refusal import SettingError, shown
from gatednet.scalars import python_list, python_scalar
from gatednet.settings import Choice, FieldRule, Nested, Whole, field
from gatednet.teachers.base import TeacherSet

IDENTITY = "identity"
# The name of each class, where tasks have a name: even digits before odd ones, pieces of clothing by where they are
# worn, and by how warm they are (paper, appendix on simulation details).
NAMED: Mapping[str, tuple[int, ...]] = {
    "parity": (0, 5, 1, 6, 2, 7, 3, 8, 4, 9),
    "upper_lower": (0, 5, 1, 6, 2, 7, 3, 8, 4, 9),
    "warm_cool": (0, 1, 6, 3, 7, 2, 5, 4, 8, 9),
}

# A permutation that is given as a list: where each class goes.
_PLACES = Nested(Whole(0), 1)


@dataclasses.dataclass(frozen=True)
class Relabellings(FieldRule):
    """The rule of a field that holds permutations of classes, each by its name or as a list."""

    def __str__(self) -> str:
        return f"a list of permutations, each {', '.join(map(repr, (IDENTITY, *NAMED)))} or a list of whole numbers"

    def convert(self, value: Any) -> Any:
        tasks = python_list(value)
        if not isinstance(tasks, list):
            return value
        scalars = [python_scalar(each) for each in tasks]
        return tuple(each if isinstance(each, str) else _PLACES.convert(each) for each in scalars)

    def allows(self, value: Any) -> bool:
        return isinstance(value, tuple) and all(self._allows(each) for each in value)

    def _allows(self, each: Any) -> bool:
        if isinstance(each, str):
            return type(each) is str and (each == IDENTITY or each in NAMED)
        return _PLACES.allows(each)


class Permutations(TeacherSet):
    """Tasks that permute the labels of examples: task m asks for the class `tasks[m][label]`.

    A permutation is a name, "identity", "parity", "upper_lower" or "warm_cool", or a list with the new class of each
    old one. The teacher of a task is the matrix of its permutation, (outputs, classes).
    """

    tasks: tuple = field((IDENTITY, "parity"), Relabellings(), "permutations of the classes, by name or as lists")
    shared: bool = field(True, Choice((True,)), "permutations are the same for all seeds")

    @property
    def number(self) -> int:
        return len(self.tasks)

    @property
    def labelled(self) -> bool:
        return True

    def check(self, network: Network) -> None:
        if not self.tasks:
            raise SettingError("Permutations.tasks is empty, allowed are one or more permutations")
        classes = network.outputs
        for place, given in enumerate(self.tasks):
            # The identity is never written out here: there may be very many classes.
            permuted = NAMED.get(given, given)
            if permuted != IDENTITY and (len(permuted) != classes or sorted(permuted) != list(range(classes))):
                raise SettingError(
                    f"Permutations.tasks.{place} is {shown(given)}, allowed is a permutation of 0 to {classes - 1}, "
                    "the outputs of the network"
                )

    def tables(self, classes: int) -> tuple[tuple[int, ...], ...]:
        """The new class of each old one, task by task."""
        named = {**NAMED, IDENTITY: tuple(range(classes))}
        return tuple(named[each] if isinstance(each, str) else each for each in self.tasks)

    def draw(self, key: PRNGKeyArray, network: Network) -> Float[Array, "tasks outputs columns"]:
        return jax.nn.one_hot(jnp.asarray(self.tables(network.outputs)), network.outputs, axis=1)


def ceiling(teachers: Permutations, classes: int) -> float:
    """The largest share of examples that can be right without knowing the task, where classes are equally frequent.

    The best guess for a class is the name that most tasks give it.
    """
    tables = np.asarray(teachers.tables(classes))
    return float(np.mean([np.bincount(names).max() for names in tables.T]) / len(tables))
