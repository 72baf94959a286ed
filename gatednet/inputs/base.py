"""Inputs: what the step is given of the data, as a factor F of their second moment, Sigma = F Fᵀ.

A linear network feels a batch only through Sigma (paper, section 2): the task loss is ½ ‖(effective map - target) F‖².
"""

from __future__ import annotations

import abc
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from jax import Array
from jaxtyping import Float

from gatednet.declarations import Declaration
from gatednet.inputs.examples import Examples, Minibatch
from gatednet.networks.base import Network
from gatednet.settings import Setting, SettingError

# What a step costs for the most part, by what it sees of its inputs: nothing that is drawn, the triangle of a second
# moment, inputs one by one, or examples.
Cost = Literal["population", "gaussian", "drawn", "labelled"]


class Inputs(Setting):
    """The distribution of the inputs, and how much of it a step sees.

    Random numbers are drawn for a group of steps at once, and each step of the group makes its factor of them.
    """

    DECLARATIONS: ClassVar[Mapping[str, Declaration]] = {
        "exact": Declaration(("draw", "factor", "everything")),
        "labelled": Declaration(("draw", "factor", "everything")),
        "steps_per_draw": Declaration(("draw",)),
        "cost": Declaration(("draw", "factor")),
        "summary": Declaration(("draw", "factor"), Setting.summary),
    }

    @property
    def exact(self) -> bool:
        """Whether every step sees the identity as second moment in any coordinates: not unless a kind says so."""
        return False

    @property
    def labelled(self) -> bool:
        """Whether they are labelled examples, which are given to a run beside its experiment."""
        return False

    def check(self, network: Network) -> None:
        """Raise `SettingError` where such inputs do not go with a network."""
        del network

    def check_examples(self, examples: Examples | None, network: Network) -> None:
        """Raise `SettingError` where these are not the examples that such inputs of a network need."""
        if examples is not None:
            raise SettingError(f"inputs {type(self).__name__} take no examples, and some are given")

    def to_compile(self) -> Inputs:
        """Such inputs without what no program depends on, so that runs share one: where examples come from."""
        return self

    def placeholder(self, classes: int) -> Examples | None:
        """Examples without content, where there are examples, to ask for shapes with."""
        del classes

    @abc.abstractmethod
    def steps_per_draw(self, inputs: int) -> int:
        """How many steps one draw serves; `inputs` is the dimension of the inputs."""

    def cost(self, inputs: int) -> Cost:
        """What dominates the cost of a step with inputs of dimension `inputs`; by default inputs drawn one by one."""
        return "drawn"

    def numbers(self, inputs: int) -> int:
        """How many numbers a step sees of one run; `inputs` is the dimension of the inputs."""
        return 0

    @abc.abstractmethod
    def draw(self, key: Array, group: Array, inputs: int, examples: Examples | None) -> Any:
        """The random numbers of a group of steps; `key` holds the two words of the data keys of the runs, (2, runs)."""

    @property
    def sampled(self) -> bool:
        """Whether a step can see the inputs themselves, with `samples`: networks that are not linear need them."""
        return False

    def samples(self, drawn: Any, place: Array) -> Float[Array, "inputs batch runs"]:
        """The inputs that the step at a place in its group sees, where inputs are `sampled`."""
        raise NotImplementedError(f"{type(self).__name__} shows second moments alone")

    @abc.abstractmethod
    def factor(self, drawn: Any, place: Array) -> Any:
        """What the step at a place in its group sees: the factor, (inputs, columns, runs), None for the identity.

        Where inputs are labelled, it is a batch of `gatednet.inputs.examples`.
        """

    def everything(self, examples: Examples | None) -> Minibatch | None:
        """What shows the loss expected over all inputs: None for the identity, or the examples to test with."""
        del examples
