"""What moves the entries of arrays about and computes nothing: primitives of JAX as operations of NumPy."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

# The number of runs that functions are traced for: a prime, which is no size of anything else.
RUNS = 1_000_003

Values = np.ndarray
"""Values of a compiler, one for each entry."""
Shape = tuple[int, ...]


class UnsupportedError(Exception):
    """A primitive that kernels do not have."""

    def __init__(self, primitive: str, why: str = "") -> None:
        super().__init__(" ".join(filter(None, (primitive, why))))


def collapsed(shape: Sequence[int]) -> Shape:
    """A shape with 1 in place of the runs."""
    return tuple(1 if size == RUNS else size for size in shape)


def filled(shape: Sequence[int], values: Sequence[Any]) -> Values:
    """An array of values in the order of its entries."""
    result = np.empty(math.prod(shape), object)
    # One by one: a value may be an array itself.
    for place, value in enumerate(values):
        result[place] = value
    return result.reshape(shape)


def _before_runs(shape: Shape) -> int | None:
    return math.prod(shape[: shape.index(RUNS)]) if RUNS in shape else None


@dataclasses.dataclass(frozen=True)
class Moved:
    """An equation that moves `operands`, whose full shapes are `full`, into an array of the full shape `out`."""

    operands: Sequence[Values]
    full: Sequence[Shape]
    parameters: dict[str, Any]
    out: Shape

    def reshaped(self) -> Values:
        """The first operand, its entries in order."""
        if _before_runs(self.full[0]) != _before_runs(self.out):
            raise UnsupportedError("reshape", "of runs")
        return self.operands[0].reshape(collapsed(self.out))

    def broadcast(self) -> Values:
        """The first operand along further axes."""
        axes, given = self.parameters["broadcast_dimensions"], self.operands[0]
        sizes = dict(zip(axes, given.shape, strict=True))
        aligned = given.reshape([sizes.get(axis, 1) for axis in range(len(self.out))])
        return np.broadcast_to(aligned, collapsed(self.out))

    def sliced(self) -> Values:
        """A part of the first operand."""
        starts, limits = self.parameters["start_indices"], self.parameters["limit_indices"]
        strides = self.parameters["strides"] or [1] * len(self.out)
        parts = []
        for size, *part in zip(self.full[0], starts, limits, strides, strict=True):
            if size == RUNS and part != [0, RUNS, 1]:
                raise UnsupportedError("slice", "of runs")
            parts.append(slice(None) if size == RUNS else slice(*part))
        return self.operands[0][tuple(parts)]

    def flipped(self) -> Values:
        """The first operand backwards along some axes."""
        axes = self.parameters["dimensions"]
        if any(self.full[0][axis] == RUNS for axis in axes):
            raise UnsupportedError("rev", "of runs")
        return np.flip(self.operands[0], axes)

    def padded(self) -> Values:
        """The first operand with copies of the second one around and between its entries."""
        values, (filling,) = self.operands[0], self.operands[1].ravel()
        for axis, (before, after, between) in enumerate(self.parameters["padding_config"]):
            if self.full[0][axis] == RUNS and (before, after, between) != (0, 0, 0):
                raise UnsupportedError("pad", "of runs")
            size = values.shape[axis]
            places = before + (between + 1) * np.arange(size)
            length = int(before + size + between * max(size - 1, 0) + after)
            shape = (*values.shape[:axis], length, *values.shape[axis + 1 :])
            wider = filled(shape, [filling] * math.prod(shape))
            inside = (places >= 0) & (places < length)
            wider.swapaxes(0, axis)[places[inside]] = values.swapaxes(0, axis)[inside]
            values = wider
        return values

    def unstacked(self) -> list[Values]:
        """The parts of the first operand along an axis, without that axis."""
        (values,), axis = self.operands, self.parameters["axis"]
        return [values.take(place, axis) for place in range(values.shape[axis])]

    def cut(self) -> list[Values]:
        """The first operand in parts of several sizes along an axis."""
        axis, ends = self.parameters["axis"], np.cumsum(self.parameters["sizes"])[:-1]
        return np.split(self.operands[0], ends, axis)


MOVES: dict[str, Callable[[Moved], Values]] = {
    "reshape": Moved.reshaped,
    "squeeze": Moved.reshaped,
    "expand_dims": Moved.reshaped,
    "broadcast_in_dim": Moved.broadcast,
    "slice": Moved.sliced,
    "rev": Moved.flipped,
    "pad": Moved.padded,
    "transpose": lambda moved: np.transpose(moved.operands[0], moved.parameters["permutation"]),
    "concatenate": lambda moved: np.concatenate(moved.operands, moved.parameters["dimension"]),
    "stack": lambda moved: np.stack(moved.operands, moved.parameters["axis"]),
}
# Those with several results.
PARTS: dict[str, Callable[[Moved], list[Values]]] = {"unstack": Moved.unstacked, "split": Moved.cut}
