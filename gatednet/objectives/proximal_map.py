"""`ProximalMap`: the step that takes a constraint implicitly, in closed form."""

from __future__ import annotations

import abc
from collections.abc import Mapping

from jax import Array

from gatednet.arrays.rows import Rows
from gatednet.networks.base import Network


class ProximalMap(abc.ABC):
    """The minimiser of ½ ‖θ - rows‖² + rate × a term of the loss."""

    def joined(self, other: ProximalMap) -> ProximalMap | None:
        """The map of the sum of two terms; None where it is not known, and the maps follow each other."""
        del other

    @abc.abstractmethod
    def __call__(self, network: Network, rows: Rows, rates: Mapping[str, Array]) -> Rows:
        """The minimiser, for the rate of each group of parameters, (runs,) each."""


def joined(maps: list[ProximalMap]) -> list[ProximalMap]:
    """The maps of the same terms with those joined that have a map of their sum."""
    found: list[ProximalMap] = []
    for each in maps:
        for place, other in enumerate(found):
            both = other.joined(each)
            if both is not None:
                found[place] = both
                break
        else:
            found.append(each)
    return found
