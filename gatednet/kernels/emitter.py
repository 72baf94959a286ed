"""`Emitter`: a traced function as instructions of LLVM on vectors of runs."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from llvmlite import ir

from gatednet.kernels.entries import Entries, Memory, check_memories, in_slots, latest, slots_of
from gatednet.kernels.moves import Values
from gatednet.kernels.operations import OPERATIONS, At, literal, llvm_type, stored_type

_INDEX = ir.IntType(64)


class Emitter(Entries):
    """Writes into an LLVM function, for `width` runs at a time; `row` is the number of all runs."""

    def __init__(self, builder: ir.IRBuilder, width: int, row: Any) -> None:
        self.builder, self.width, self.row = builder, width, row

    def vector(self, value: Any) -> Any:
        """A value of all runs as a vector."""
        if isinstance(value.type, ir.VectorType):
            return value
        kind = ir.VectorType(value.type, self.width)
        if isinstance(value, ir.Constant):
            return ir.Constant(kind, [value] * self.width)
        first = self.builder.insert_element(ir.Constant(kind, ir.Undefined), value, ir.IntType(32)(0))
        zeros = ir.Constant(ir.VectorType(ir.IntType(32), self.width), None)
        return self.builder.shuffle_vector(first, ir.Constant(kind, ir.Undefined), zeros)

    def alike(self, values: Sequence[Any]) -> list[Any]:
        """Values as they are where all are scalars, else all as vectors."""
        if any(isinstance(each.type, ir.VectorType) for each in values):
            return [self.vector(each) for each in values]
        return list(values)

    def literal(self, dtype: np.dtype, value: Any) -> Any:
        return literal(llvm_type(dtype), value)

    def apply(self, equation: Any, name: str, kind: np.dtype, values: Sequence[Any]) -> Any:
        at = At(self.builder, kind, {} if equation is None else equation.params)
        return OPERATIONS[name](at, *self.alike(values))

    def select(self, condition: Any, chosen: Any, otherwise: Any) -> Any:
        return self.builder.select(*self.alike((condition, chosen, otherwise)))

    def turns(
        self,
        goes_on: Callable[[list[Any]], Any],
        turn: Callable[[list[Any]], list[Any]],
        carried: list[Any],
        shared: Sequence[bool],
    ) -> list[Any]:
        # In between it is the variables at the head of the loop.
        builder, before = self.builder, self.builder.block
        alone = [one for each, one in zip(carried, shared, strict=True) for _ in slots_of([each])]
        given = [value if one else self.vector(value) for value, one in zip(slots_of(carried), alone, strict=True)]
        head, inside, after = (builder.append_basic_block(name) for name in ("head", "body", "after"))
        builder.branch(head)
        builder.position_at_end(head)
        variables = [builder.phi(value.type) for value in given]
        slots = in_slots(variables, carried)
        builder.cbranch(goes_on(slots), inside, after)
        builder.position_at_end(inside)
        results = turn(slots)
        check_memories(slots, results)
        returned = [value if one else self.vector(value) for value, one in zip(slots_of(results), alone, strict=True)]
        for variable, first, next_one in zip(variables, given, returned, strict=True):
            variable.add_incoming(first, before)
            variable.add_incoming(next_one, builder.block)
        builder.branch(head)
        builder.position_at_end(after)
        return latest(slots)

    def set_entry(self, memory: Memory, index: Any, length: int, values: Values) -> None:
        builder = self.builder
        index = builder.sext(index, _INDEX)
        with builder.if_then(builder.icmp_unsigned("<", index, _INDEX(length))):
            first = builder.mul(index, _INDEX(math.prod(values.shape)))
            for place, value in enumerate(values.flat):
                self.store(memory.address, builder.add(first, _INDEX(place)), value, memory.dtype)

    # Vectors in memory: entry after entry, each with all runs.

    def place(self, address: Any, entry: Any, kind: Any) -> Any:
        """The address of the vector of an entry, from that of the first."""
        offset = self.builder.mul(entry, self.row)
        return self.builder.gep(address, [offset], source_etype=kind)

    def load(self, address: Any, entry: int, dtype: np.dtype) -> Any:
        """A vector of runs."""
        kind = stored_type(dtype)
        vector = ir.VectorType(kind, self.width)
        value = self.builder.load(self.place(address, _INDEX(entry), kind), typ=vector, align=dtype.itemsize)
        return self.builder.trunc(value, ir.VectorType(ir.IntType(1), self.width)) if dtype == np.bool_ else value

    def store(self, address: Any, entry: Any, value: Any, dtype: np.dtype) -> None:
        """The inverse of `load`."""
        kind = stored_type(dtype)
        vector = self.vector(value)
        if dtype == np.bool_:
            vector = self.builder.zext(vector, ir.VectorType(kind, self.width))
        self.builder.store(vector, self.place(address, entry, kind), align=dtype.itemsize)
