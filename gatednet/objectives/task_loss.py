"""`TaskLoss`: how wrong the outputs of a network are, the loss that is reported."""

from __future__ import annotations

import abc
from collections.abc import Mapping
from typing import Any, ClassVar

from jax import Array
from jaxtyping import Float

from gatednet.arrays.rows import Blocks, Rows
from gatednet.declarations import Declaration
from gatednet.networks.base import Network
from gatednet.settings import Setting


class TaskLoss(Setting):
    """The error of a network at its task, without any constraint."""

    DECLARATIONS: ClassVar[Mapping[str, Declaration]] = {
        name: Declaration(("loss",)) for name in ("isotropic", "labelled", "prefactor")
    } | {"summary": Declaration(("loss",), Setting.summary)}

    @property
    def isotropic(self) -> bool:
        """Whether the loss is unchanged by rotations of the maps where inputs are exact: not unless a kind says so."""
        return False

    @property
    def labelled(self) -> bool:
        """Whether it compares outputs with labels."""
        return False

    @property
    def prefactor(self) -> float:
        """A number that `loss` leaves out, such as the ½ of squares: a step multiplies once by it and 1 / outputs."""
        return 1.0

    @abc.abstractmethod
    def loss(self, network: Network, rows: Rows, target: Blocks, evidence: Any) -> Float[Array, " runs"]:
        """The error of each run, summed over outputs, (runs,).

        `target` is the map that the task asks for, in blocks. `evidence` is what the step sees of its inputs: a factor
        of their second moment, None for the identity, or a batch of labelled examples.
        """
