"""`Grouped`: values by the name of a group of parameters, such as "weights" and "gates"."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

import equinox as eqx

# The groups of the paper's networks, in the order in which they are given without names.
STANDARD = ("weights", "gates")

Kind = TypeVar("Kind", bound="Grouped")


class Grouped(eqx.Module):
    """A value for each group of parameters, in a fixed order: `values["gates"]`, or `values.gates`.

    Values without a name are those of "weights" and "gates".
    """

    names: tuple[str, ...] = eqx.field(static=True)
    values: tuple[Any, ...]

    def __init__(self, *standard: Any, **named: Any) -> None:
        self.names = (*STANDARD[: len(standard)], *named)
        self.values = (*standard, *named.values())

    def __getitem__(self, name: str) -> Any:
        return self.values[self.names.index(name)]

    def __getattr__(self, name: str) -> Any:
        # A copy has no attributes before it is filled.
        if not name.startswith("_") and name not in ("names", "values") and name in self.names:
            return self[name]
        raise AttributeError(f"{type(self).__name__} has no group {name!r}")

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        return zip(self.names, self.values, strict=True)

    def changed(self: Kind, **named: Any) -> Kind:
        """The same with other values for some groups."""
        return type(self)(**{name: named.get(name, value) for name, value in self})
