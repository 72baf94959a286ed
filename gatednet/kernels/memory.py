"""Arrays that stay in memory while all else is in registers: too large for them, or read or set place by place."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from jax.extend.core import Jaxpr, Literal

from gatednet.kernels.moves import UnsupportedError

CALLS = ("jit", "pjit", "custom_jvp_call")
# The primitives whose first operand is in memory, at a place that is known only while the kernel runs.
PLACED = ("scatter", "dynamic_update_slice", "dynamic_slice")


@dataclasses.dataclass
class Memory:
    """An array that stays in memory, entry by entry: `address` is where.

    `written` counts the writes: what was read before one is no longer there.
    """

    address: Any
    dtype: np.dtype
    written: int = 0


@dataclasses.dataclass(frozen=True)
class Version:
    """A memory after so many writes."""

    memory: Memory
    written: int

    def current(self, name: str) -> Memory:
        """The memory for a primitive `name`, which raises `UnsupportedError` where it was written to since."""
        if self.written != self.memory.written:
            raise UnsupportedError(name, "of an array that was written to before")
        return self.memory

    def next(self) -> Version:
        """The memory after one more write."""
        self.memory.written += 1
        return Version(self.memory, self.memory.written)


class Part(NamedTuple):
    """A part of an array in memory: `address` is where its first entry is."""

    memory: Memory
    address: Any


def check_memories(before: Sequence[Any], after: Sequence[Any]) -> None:
    """Raise `UnsupportedError` where a turn of a loop returns another array in the place of one in memory."""
    for one, other in zip(before, after, strict=True):
        if isinstance(one, Version) and (not isinstance(other, Version) or other.memory is not one.memory):
            raise UnsupportedError("while", "with arrays of steps that change places")


def latest(carried: Sequence[Any]) -> list[Any]:
    """What is carried after a loop: what it wrote is what its memory holds."""
    return [Version(each.memory, each.memory.written) if isinstance(each, Version) else each for each in carried]


def placed(jaxpr: Jaxpr) -> set[Any]:
    """The variables of a jaxpr that it reads or sets place by place."""
    found = set()
    for equation in jaxpr.eqns:
        name, parameters, given = equation.primitive.name, equation.params, equation.invars
        if name in PLACED:
            found.add(given[0])
        elif name in ("while", "scan", *CALLS):
            inner = parameters.get("body_jaxpr") or parameters.get("jaxpr") or parameters["call_jaxpr"]
            inside = placed(inner.jaxpr)
            given = given[parameters.get("cond_nconsts", 0) :]
            found |= {outer for outer, variable in zip(given, inner.jaxpr.invars, strict=True) if variable in inside}
    return {each for each in found if not isinstance(each, Literal)}
