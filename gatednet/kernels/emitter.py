"""`Emitter`: a traced function as instructions of LLVM on vectors of runs."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from llvmlite import ir

from gatednet.kernels.entries import Entries
from gatednet.kernels.memory import Memory, Part
from gatednet.kernels.moves import Values
from gatednet.kernels.operations import OPERATIONS, At, intrinsic, literal, llvm_type, stored_type, suffix

_INDEX = ir.IntType(64)
# Factors that change no digit, and are moved to what does not change in a loop. Halves would, of the smallest numbers.
_DOUBLINGS = (2.0, 4.0, 8.0)


@dataclasses.dataclass(frozen=True, eq=False)
class Vector:
    """A value of each of some runs: `registers` of LLVM, which change in the loop of depth `depth`.

    It is `factor` times `base`, one of `_DOUBLINGS`, where that is known. `rounded` says that it was a sum with zero:
    where it is a product, it must not become a part of a multiply-add with what follows.
    """

    registers: tuple[Any, ...]
    depth: int
    factor: float = 1.0
    base: Vector | None = None
    rounded: bool = False


class Zero(ir.Constant):
    """What is zero for all runs: products with it are zero, too, and sums do without it."""


class Emitter(Entries):
    """Writes into an LLVM function, for `registers` of `width` runs at a time.

    `row` is the number of all runs, and `before` a block that comes before all that is written.

    Each register has a builder, and between two branches a block: all that is computed for one comes before all that is
    computed for the next. Side by side they would have twice as many intermediate values as there are registers.
    """

    def __init__(self, function: ir.Function, registers: int, width: int, row: Any, before: ir.Block) -> None:
        self.function, self.width, self.row = function, width, row
        self.builders = [ir.IRBuilder() for _ in range(registers)]
        self.depth = 0
        self._firsts: list[ir.Block] = []
        self._before = ir.IRBuilder(before)
        self._before.position_before(before.terminator)
        self._offsets: dict[int, Any] = {}
        self._constants: dict[str, ir.Constant] = {}

    @property
    def builder(self) -> ir.IRBuilder:
        """Where scalars are computed: before all registers."""
        return self.builders[0]

    def begin(self, block: ir.Block) -> None:
        """Go on in a block, and in one more for each further register."""
        self._firsts = [block, *(self.function.append_basic_block("register") for _ in self.builders[1:])]
        for builder, first in zip(self.builders, self._firsts, strict=True):
            builder.position_at_end(first)

    def end(self) -> ir.IRBuilder:
        """Where a branch has to follow, after what all registers have computed."""
        for builder, following in zip(self.builders, self._firsts[1:], strict=False):
            builder.branch(following)
        return self.builders[-1]

    @property
    def runs(self) -> int:
        """The number of runs that are computed at a time."""
        return self.width * len(self.builders)

    def branch(self, conditions: Sequence[Vector], if_all: ir.Block, otherwise: ir.Block) -> None:
        """End with a branch that depends on whether all conditions hold for all runs."""
        builder = self.end()
        first, *others = _registers(conditions)
        for other in others:
            first = builder.and_(first, other)
        kind = ir.VectorType(ir.IntType(1), self.width)
        every = intrinsic(builder, f"llvm.vector.reduce.and.{suffix(kind)}", kind.element, first)
        builder.cbranch(every, if_all, otherwise)

    def is_vector(self, value: Any) -> bool:
        return isinstance(value, Vector)

    def vector(self, value: Any) -> Vector:
        if isinstance(value, Vector):
            return value
        kind = ir.VectorType(value.type, self.width)
        if isinstance(value, ir.Constant):
            same, depth = self._constant(kind, value), 0
        else:
            first = self.builder.insert_element(ir.Constant(kind, ir.Undefined), value, ir.IntType(32)(0))
            zeros = ir.Constant(ir.VectorType(ir.IntType(32), self.width), None)
            same, depth = self.builder.shuffle_vector(first, ir.Constant(kind, ir.Undefined), zeros), self.depth
        return Vector((same,) * len(self.builders), depth)

    def _constant(self, kind: Any, value: ir.Constant) -> ir.Constant:
        """A vector of a constant, written out once: its text is as long as a dozen instructions."""
        key = str(value)
        if key not in self._constants:
            self._constants[key] = ir.Constant(kind, [value] * self.width)
        return self._constants[key]

    def literal(self, dtype: np.dtype, value: Any) -> Any:
        return literal(llvm_type(dtype), value)

    def apply(self, equation: Any, name: str, kind: np.dtype, values: Sequence[Any]) -> Any:
        if any(isinstance(each, Zero) for each in values) and (left := self._without_zero(name, *values)) is not None:
            return left
        if name == "mul" and kind.kind == "f":
            return self._product(kind, *values)
        values = [self._fenced(each) for each in values]
        parameters = {} if equation is None else equation.params
        return self.each(lambda builder, *values: OPERATIONS[name](At(builder, kind, parameters), *values), *values)

    def select(self, condition: Any, chosen: Any, otherwise: Any) -> Any:
        if isinstance(chosen, Zero) and isinstance(otherwise, Zero):
            return chosen
        return self.each(ir.IRBuilder.select, condition, self._fenced(chosen), self._fenced(otherwise))

    def each(self, operation: Callable[..., Any], *values: Any) -> Any:
        """An operation on scalars, or on all registers of vectors."""
        if not any(map(self.is_vector, values)):
            return operation(self.builder, *values)
        vectors = self.alike(values)
        operands = (each.registers for each in vectors)
        found = tuple(operation(*each) for each in zip(self.builders, *operands, strict=True))
        return Vector(found, max(each.depth for each in vectors))

    def _product(self, kind: np.dtype, left: Any, right: Any) -> Any:
        for one, other in ((left, right), (right, left)):
            if isinstance(one, Vector) and one.base and isinstance(other, Vector) and other.depth < self.depth:
                # Twice a weight, times a rate, is the weight times what was doubled before the loop.
                factor = self.literal(kind, one.factor)
                return self._product(kind, one.base, self._product(kind, factor, other))
        found = self.each(lambda builder, *values: OPERATIONS["mul"](At(builder, kind), *values), left, right)
        for one, other in ((left, right), (right, left)):
            if isinstance(one, ir.Constant) and one.constant in _DOUBLINGS and isinstance(other, Vector):
                return dataclasses.replace(found, factor=one.constant, base=other)
        return found

    def _without_zero(self, name: str, first: Any, *others: Any) -> Any:
        """The result of an operation one of whose operands is zero, or None where it has to be computed."""
        if name in ("mul", "neg"):
            return next(each for each in (first, *others) if isinstance(each, Zero))
        left = None
        if name in ("add", "add_any", "sub") and isinstance(others[0], Zero):
            left = first
        elif name in ("add", "add_any"):
            left = others[0]
        return dataclasses.replace(left, rounded=True) if isinstance(left, Vector) else left

    def _fenced(self, value: Any) -> Any:
        """A value that, where it is to stay `rounded`, no multiply-add can take apart."""
        if not isinstance(value, Vector) or not value.rounded:
            return value

        def fenced(builder: ir.IRBuilder, value: Any) -> Any:
            return intrinsic(builder, f"llvm.arithmetic.fence.{suffix(value.type)}", value.type, value)

        return self.each(fenced, value)

    def repeat(
        self, goes_on: Callable[[Sequence[Any]], Any], turn: Callable[[Sequence[Any]], list[Any]], values: list[Any]
    ) -> Sequence[Any]:
        head, inside, after = (self.function.append_basic_block(name) for name in ("head", "body", "after"))
        builder = self.end()
        before = builder.block
        builder.branch(head)
        self.begin(head)
        self.depth += 1

        # In between they are the variables at the head of the loop.
        def variable(value: Any) -> Any:
            if not isinstance(value, Vector):
                return self.builder.phi(value.type)
            return Vector(tuple(self.builder.phi(each.type) for each in value.registers), self.depth)

        variables = [variable(value) for value in values]
        more = goes_on(variables)
        self.end().cbranch(more, inside, after)
        self.begin(inside)
        following = [self._fenced(each) for each in turn(variables)]
        builder = self.end()
        for at, incoming in ((before, values), (builder.block, following)):
            for phi, value in zip(_registers(variables), _registers(incoming), strict=True):
                phi.add_incoming(value, at)
        builder.branch(head)
        self.begin(after)
        self.depth -= 1
        return [dataclasses.replace(each, depth=self.depth) if isinstance(each, Vector) else each for each in variables]

    def set_entry(self, memory: Memory, index: Any, length: int, values: Values) -> None:
        index = self.builder.sext(index, _INDEX)
        inside = self.builder.icmp_unsigned("<", index, _INDEX(length))
        first = self.builder.mul(index, _INDEX(math.prod(values.shape)))
        entries = [self.builder.add(first, _INDEX(place)) for place in range(values.size)]
        vectors = [self.vector(value) for value in values.flat]
        for register, builder in enumerate(self.builders):
            with builder.if_then(inside):
                for entry, vector in zip(entries, vectors, strict=True):
                    self._store_register(memory.address, entry, vector, memory.dtype, register)

    def part_of(self, memory: Memory, terms: Sequence[tuple[Any, np.dtype, int, int]]) -> Part:
        first, at = _INDEX(0), At(self.builder, np.dtype(np.int64))
        for start, kind, last, stride in terms:
            index = (self.builder.sext if kind.kind == "i" else self.builder.zext)(start, _INDEX)
            inside = OPERATIONS["clamp"](at, _INDEX(0), index, _INDEX(last))
            first = self.builder.add(first, self.builder.mul(inside, _INDEX(stride)))
        offset = self.builder.mul(first, self.row)
        return Part(memory, self.builder.gep(memory.address, [offset], source_etype=stored_type(memory.dtype)))

    def get(self, part: Part, place: int) -> Any:
        return self.load(part.address, place, part.memory.dtype)

    def put(self, part: Part, place: int, value: Any) -> None:
        self.store(part.address, place, value, part.memory.dtype)

    # Vectors in memory: entry after entry, each with all runs.

    def load(self, address: Any, entry: Any, dtype: np.dtype) -> Vector:
        """A vector of runs."""
        kind = ir.VectorType(stored_type(dtype), self.width)
        truth = ir.VectorType(ir.IntType(1), self.width)

        def loaded(register: int, builder: ir.IRBuilder) -> Any:
            value = builder.load(self._place(address, entry, dtype, register), typ=kind, align=dtype.itemsize)
            return builder.trunc(value, truth) if dtype == np.bool_ else value

        return Vector(tuple(loaded(*each) for each in enumerate(self.builders)), self.depth)

    def store(self, address: Any, entry: Any, value: Any, dtype: np.dtype) -> None:
        """The inverse of `load`."""
        vector = self.vector(value)
        for register in range(len(self.builders)):
            self._store_register(address, entry, vector, dtype, register)

    def _store_register(self, address: Any, entry: Any, vector: Vector, dtype: np.dtype, register: int) -> None:
        builder, value = self.builders[register], vector.registers[register]
        if dtype == np.bool_:
            value = builder.zext(value, ir.VectorType(stored_type(dtype), self.width))
        builder.store(value, self._place(address, entry, dtype, register), align=dtype.itemsize)

    def _place(self, address: Any, entry: Any, dtype: np.dtype, register: int) -> Any:
        """The address of a register of an entry, from that of the first register of the first."""
        builder = self.builders[register]
        offset = self._offset(entry) if isinstance(entry, int) else builder.mul(entry, self.row)
        if register:
            offset = builder.add(offset, _INDEX(register * self.width))
        return builder.gep(address, [offset], source_etype=stored_type(dtype))

    def _offset(self, entry: int) -> Any:
        """How many runs come before those of an entry, computed once."""
        if entry not in self._offsets:
            self._offsets[entry] = self._before.mul(_INDEX(entry), self.row)
        return self._offsets[entry]


def _registers(values: Sequence[Any]) -> list[Any]:
    return [one for each in values for one in (each.registers if isinstance(each, Vector) else (each,))]
