"""`Emitter`: a traced function as instructions of LLVM on vectors of runs."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from llvmlite import ir

from gatednet.kernels.entries import Entries
from gatednet.kernels.memory import Memory, Part
from gatednet.kernels.moves import Values
from gatednet.kernels.operations import OPERATIONS, At, literal, llvm_type, stored_type

_INDEX = ir.IntType(64)


class Emitter(Entries):
    """Writes into an LLVM function, for `width` runs at a time; `row` is the number of all runs."""

    def __init__(self, builder: ir.IRBuilder, width: int, row: Any) -> None:
        self.builder, self.width, self.row = builder, width, row

    def is_vector(self, value: Any) -> bool:
        return isinstance(value.type, ir.VectorType)

    def vector(self, value: Any) -> Any:
        if self.is_vector(value):
            return value
        kind = ir.VectorType(value.type, self.width)
        if isinstance(value, ir.Constant):
            return ir.Constant(kind, [value] * self.width)
        first = self.builder.insert_element(ir.Constant(kind, ir.Undefined), value, ir.IntType(32)(0))
        zeros = ir.Constant(ir.VectorType(ir.IntType(32), self.width), None)
        return self.builder.shuffle_vector(first, ir.Constant(kind, ir.Undefined), zeros)

    def literal(self, dtype: np.dtype, value: Any) -> Any:
        return literal(llvm_type(dtype), value)

    def apply(self, equation: Any, name: str, kind: np.dtype, values: Sequence[Any]) -> Any:
        at = At(self.builder, kind, {} if equation is None else equation.params)
        return OPERATIONS[name](at, *self.alike(values))

    def select(self, condition: Any, chosen: Any, otherwise: Any) -> Any:
        return self.builder.select(*self.alike((condition, chosen, otherwise)))

    def repeat(
        self, goes_on: Callable[[Sequence[Any]], Any], turn: Callable[[Sequence[Any]], list[Any]], values: list[Any]
    ) -> Sequence[Any]:
        # In between they are the variables at the head of the loop.
        builder, before = self.builder, self.builder.block
        head, inside, after = (builder.append_basic_block(name) for name in ("head", "body", "after"))
        builder.branch(head)
        builder.position_at_end(head)
        variables = [builder.phi(value.type) for value in values]
        builder.cbranch(goes_on(variables), inside, after)
        builder.position_at_end(inside)
        for variable, first, following in zip(variables, values, turn(variables), strict=True):
            variable.add_incoming(first, before)
            variable.add_incoming(following, builder.block)
        builder.branch(head)
        builder.position_at_end(after)
        return variables

    def set_entry(self, memory: Memory, index: Any, length: int, values: Values) -> None:
        builder = self.builder
        index = builder.sext(index, _INDEX)
        with builder.if_then(builder.icmp_unsigned("<", index, _INDEX(length))):
            first = builder.mul(index, _INDEX(math.prod(values.shape)))
            for place, value in enumerate(values.flat):
                self.store(memory.address, builder.add(first, _INDEX(place)), value, memory.dtype)

    def get(self, part: Part, place: int) -> Any:
        return self.load(part.memory.address, self._entry(part, place), part.memory.dtype)

    def put(self, part: Part, place: int, value: Any) -> None:
        self.store(part.memory.address, self._entry(part, place), value, part.memory.dtype)

    def _entry(self, part: Part, place: int) -> Any:
        """The number of an entry of a part of an array."""
        entry, at = _INDEX(place), At(self.builder, np.dtype(np.int64))
        for start, kind, last, stride in part.terms:
            index = (self.builder.sext if kind.kind == "i" else self.builder.zext)(start, _INDEX)
            inside = OPERATIONS["clamp"](at, _INDEX(0), index, _INDEX(last))
            entry = self.builder.add(entry, self.builder.mul(inside, _INDEX(stride)))
        return entry

    # Vectors in memory: entry after entry, each with all runs.

    def place(self, address: Any, entry: Any, kind: Any) -> Any:
        """The address of the vector of an entry, from that of the first."""
        offset = self.builder.mul(entry, self.row)
        return self.builder.gep(address, [offset], source_etype=kind)

    def load(self, address: Any, entry: Any, dtype: np.dtype) -> Any:
        """A vector of runs."""
        kind = stored_type(dtype)
        vector = ir.VectorType(kind, self.width)
        value = self.builder.load(self.place(address, entry, kind), typ=vector, align=dtype.itemsize)
        return self.builder.trunc(value, ir.VectorType(ir.IntType(1), self.width)) if dtype == np.bool_ else value

    def store(self, address: Any, entry: Any, value: Any, dtype: np.dtype) -> None:
        """The inverse of `load`."""
        kind = stored_type(dtype)
        vector = self.vector(value)
        if dtype == np.bool_:
            vector = self.builder.zext(vector, ir.VectorType(kind, self.width))
        self.builder.store(vector, self.place(address, entry, kind), align=dtype.itemsize)
