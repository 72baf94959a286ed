"""`InitialState`: where the parameters start."""

from __future__ import annotations

import abc
from collections.abc import Mapping
from typing import ClassVar

from jax import Array
from jaxtyping import Float, PRNGKeyArray

from gatednet.arrays.state import State
from gatednet.declarations import Declaration
from gatednet.networks.base import Network
from gatednet.settings import Setting


class InitialState(Setting):
    """How the weights and gates of a run are chosen before its first step."""

    DECLARATIONS: ClassVar[Mapping[str, Declaration]] = {"shared": Declaration(("draw", "draw_for"))}

    @property
    def shared(self) -> bool:
        """Whether all seeds start from the same state: not unless a kind says so."""
        return False

    @property
    def of_maps(self) -> bool:
        """Whether it is made of teachers that are maps from inputs to outputs."""
        return False

    @abc.abstractmethod
    def check(self, network: Network) -> None:
        """Raise `SettingError` where no such start of this network exists."""

    def check_tasks(self, tasks: int) -> None:
        """Raise `SettingError` where no such start exists for this number of tasks."""
        del tasks

    @abc.abstractmethod
    def draw(self, key: PRNGKeyArray, network: Network, teachers: Float[Array, "tasks outputs columns"]) -> State:
        """The initial state of one run, whose teachers are (tasks, outputs, inputs)."""

    def draw_for(
        self, seed: int | Array, key: PRNGKeyArray, network: Network, teachers: Float[Array, "tasks outputs columns"]
    ) -> State:
        """The initial state of the run of a seed, a whole number: by default `draw`, whose key is that of the seed.

        A kind that has a list of starts chooses among them by the seed itself.
        """
        del seed
        return self.draw(key, network, teachers)
