"""A traced function of many runs as one LLVM function on vectors of runs.

A function of arrays whose last axis are the runs, in which runs do not interact, is the same for any number of runs. It
is traced for a number of runs that no other axis has, so that this axis is known everywhere, and each of its arrays
becomes a NumPy array of LLVM values: one for each entry, a vector of runs, or a scalar where all runs share it. Slices,
reshapes and stacks move those values about when it is compiled; what is left are operations on vectors, and loops.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from jax.extend.core import ClosedJaxpr, Jaxpr, Literal
from llvmlite import ir

from gatednet.kernels.moves import MOVES, PARTS, RUNS, Moved, Values, collapsed, filled
from gatednet.kernels.operations import OPERATIONS, REDUCTIONS, At, UnsupportedError, literal, llvm_type, stored_type

_CALLS = ("jit", "pjit", "custom_jvp_call")
_INDEX = ir.IntType(64)
# An array with more entries than this, or whose entries are set one by one, stays in memory.
LARGEST = 128


@dataclasses.dataclass
class Memory:
    """An array that stays in memory and is only written to, entry by entry: `address` is that of its first vector.

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


class Emitter:
    """Writes the operations of a jaxpr into an LLVM function, for `width` runs at a time."""

    def __init__(self, builder: ir.IRBuilder, width: int, row: Any) -> None:
        self.builder, self.width, self.row = builder, width, row

    # Operations on single values.

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

    def select(self, condition: Any, chosen: Any, otherwise: Any) -> Any:
        """One of two values."""
        return self.builder.select(*self.alike((condition, chosen, otherwise)))

    # Operations on arrays.

    def constant(self, value: Any, dtype: Any) -> Values:
        """A constant of all runs."""
        given = np.asarray(value, dtype)
        for axis in (axis for axis, size in enumerate(given.shape) if size == RUNS):
            first = given.take([0], axis)
            if not np.array_equal(np.broadcast_to(first, given.shape), given, equal_nan=given.dtype.kind == "f"):
                raise UnsupportedError("constants", "that differ between runs")
            given = first
        if given.size > LARGEST:
            raise UnsupportedError("constants", f"of {given.size} entries")
        kind = llvm_type(given.dtype)
        return filled(given.shape, [literal(kind, each) for each in given.ravel()])

    def entries(self, operands: Sequence[Values], function: Callable[..., Any]) -> Values:
        """A function of single values, for each entry of arrays of one shape, or of scalars beside them."""
        shape = max((each.shape for each in operands), key=len)
        spread = [each.ravel() if each.shape == shape else [each.item()] * math.prod(shape) for each in operands]
        return filled(shape, [function(*values) for values in zip(*spread, strict=True)])

    def run(self, jaxpr: Jaxpr, consts: Sequence[Any], given: Sequence[Any]) -> list[Any]:
        """The results of a jaxpr."""
        known: dict[Any, Any] = dict(zip(jaxpr.constvars, consts, strict=True))
        known |= dict(zip(jaxpr.invars, given, strict=True))

        def read(atom: Any) -> Any:
            aval: Any = atom.aval
            return self.constant(atom.val, aval.dtype) if isinstance(atom, Literal) else known[atom]

        for equation in needed(jaxpr):
            operands = [read(atom) for atom in equation.invars]
            results = self.equation(equation, operands)
            for variable, result in zip(equation.outvars, results, strict=True):
                if not isinstance(result, Version) and result.shape != collapsed(variable.aval.shape):
                    raise UnsupportedError(equation.primitive.name)
                known[variable] = result
        return [read(atom) for atom in jaxpr.outvars]

    def closed(self, jaxpr: ClosedJaxpr, given: Sequence[Any]) -> list[Any]:
        """The results of a jaxpr with its constants."""
        constants = [self.constant(each, np.asarray(each).dtype) for each in jaxpr.consts]
        return self.run(jaxpr.jaxpr, constants, given)

    def equation(self, equation: Any, operands: list[Any]) -> list[Any]:
        """The results of an equation."""
        name, parameters = equation.primitive.name, equation.params
        if name in _CALLS:
            return self.closed(parameters["call_jaxpr" if name == "custom_jvp_call" else "jaxpr"], operands)
        if name == "while":
            return self.loop(parameters, operands)
        if name == "scan":
            return self.counted_loop(parameters, operands)
        if name == "scatter":
            return [self.write(equation, *operands)]
        if any(isinstance(each, Version) for each in operands):
            raise UnsupportedError(name, "of an array with an entry for each step")
        if name in PARTS:
            return PARTS[name](Moved(operands, [each.aval.shape for each in equation.invars], parameters, ()))
        return [self.computed(equation, name, operands)]

    def computed(self, equation: Any, name: str, operands: list[Values]) -> Values:
        """The only result of an equation on arrays in registers."""
        parameters, out = equation.params, equation.outvars[0].aval
        full = [each.aval.shape for each in equation.invars]
        kind = np.dtype(equation.invars[0].aval.dtype) if operands else None
        axes = parameters.get("axes", ())
        if name in MOVES:
            result = MOVES[name](Moved(operands, full, parameters, out.shape))
        elif name == "iota":
            counted = np.arange(out.shape[parameters["dimension"]])
            aligned = counted.reshape([-1 if axis == parameters["dimension"] else 1 for axis in range(len(out.shape))])
            result = self.constant(np.broadcast_to(aligned, out.shape), out.dtype)
        elif name == "select_n":
            result = self.chosen(operands)
        elif any(full[0][axis] == RUNS for axis in axes):
            raise UnsupportedError(name, "over runs")
        elif name in REDUCTIONS:
            result = self.over_axes(REDUCTIONS[name], operands[0], axes, kind)
        elif name in ("argmax", "argmin"):
            result = self.extreme(name, operands[0], axes[0], kind, np.dtype(out.dtype))
        elif name in OPERATIONS:
            result = self.entries(operands, self.operation(name, kind, parameters))
        else:
            raise UnsupportedError(name)
        return result

    def operation(self, name: str, kind: Any, parameters: Any = None) -> Callable[..., Any]:
        """A primitive as a function of single values."""
        at = At(self.builder, kind, parameters or {})
        return lambda *values: OPERATIONS[name](at, *self.alike(values))

    def over_axes(self, name: str, values: Values, axes: Sequence[int], kind: Any) -> Values:
        """A chain of an operation over some axes, in the order of their entries."""
        for axis in sorted(axes, reverse=True):
            first, *others = np.moveaxis(values, axis, 0)
            values = np.asarray(first, object)
            for other in others:
                values = self.entries((values, np.asarray(other, object)), self.operation(name, kind))
        return values

    def extreme(self, name: str, values: Values, axis: int, kind: Any, index: np.dtype) -> Values:
        """The first place of the largest or smallest entry along an axis."""
        number_type = llvm_type(index)
        best, *others = (np.asarray(part, object) for part in np.moveaxis(values, axis, 0))
        place = filled(best.shape, [literal(number_type, 0)] * best.size)
        for number, other in enumerate(others, start=1):
            better = self.entries((other, best), self.operation("gt" if name == "argmax" else "lt", kind))
            best = self.entries((better, other, best), self.select)
            here = filled(best.shape, [literal(number_type, number)] * best.size)
            place = self.entries((better, here, place), self.select)
        return place

    def chosen(self, operands: Sequence[Values]) -> Values:
        """The case of each entry that a predicate, or a number of a case, names."""
        which, *cases = operands
        result = cases[0]
        for number, case in enumerate(cases[1:], start=1):

            def is_case(value: Any, number: int = number) -> Any:
                kind = value.type.element if isinstance(value.type, ir.VectorType) else value.type
                if kind.width == 1:
                    return value
                # Numbers beyond the last case mean the last case.
                return self.builder.icmp_signed(">=", *self.alike((value, literal(kind, number))))

            conditions = self.entries((which,), is_case)
            result = self.entries((conditions, case, result), self.select)
        return result

    def loop(self, parameters: dict[str, Any], operands: list[Any]) -> list[Any]:
        """A loop with a condition that all runs share."""
        tests, constants = parameters["cond_nconsts"], parameters["body_nconsts"]
        test, body = parameters["cond_jaxpr"], parameters["body_jaxpr"]
        for_test, for_body = operands[:tests], operands[tests : tests + constants]
        return self._turns(
            lambda slots: self.closed(test, [*for_test, *slots])[0].item(),
            lambda slots: self.closed(body, [*for_body, *slots]),
            operands[tests + constants :],
            [RUNS not in variable.aval.shape for variable in body.jaxpr.outvars],
        )

    def counted_loop(self, parameters: dict[str, Any], operands: list[Any]) -> list[Any]:
        """A loop of so many turns that neither reads nor makes an entry for each."""
        body, constants, moving = parameters["jaxpr"], parameters["num_consts"], parameters["num_carry"]
        if len(operands) > constants + moving or len(body.jaxpr.outvars) > moving:
            raise UnsupportedError("scan", "over arrays")
        for_body, carried = operands[:constants], operands[constants:]
        number = filled((), [_INDEX(0)])

        def turn(slots: list[Any]) -> list[Any]:
            after = filled((), [self.builder.add(slots[0].item(), _INDEX(1))])
            return [after, *self.closed(body, [*for_body, *slots[1:]])]

        shared = [RUNS not in variable.aval.shape for variable in body.jaxpr.outvars]
        length = _INDEX(parameters["length"])
        return self._turns(
            lambda slots: self.builder.icmp_signed("<", slots[0].item(), length),
            turn,
            [number, *carried],
            [True, *shared],
        )[1:]

    def _turns(
        self,
        goes_on: Callable[[list[Any]], Any],
        turn: Callable[[list[Any]], list[Any]],
        carried: list[Any],
        shared: Sequence[bool],
    ) -> list[Any]:
        """What a loop carries in the end; in between it is the variables at the head of the loop."""
        builder, before = self.builder, self.builder.block
        head, inside, after = (builder.append_basic_block(name) for name in ("head", "body", "after"))
        entered = builder.branch(head)
        builder.position_at_end(head)
        slots: list[Any] = []
        for values, is_shared in zip(carried, shared, strict=True):
            if isinstance(values, Version):
                slots.append(values)
                continue
            phis = []
            for value in values.ravel():
                kind = value.type if is_shared or isinstance(value.type, ir.VectorType) else None
                phis.append(builder.phi(kind or ir.VectorType(value.type, self.width)))
            slots.append(filled(values.shape, phis))
        # Vectors that come in are made before the loop.
        builder.position_before(entered)
        self._join(slots, carried, shared, before)
        builder.position_at_end(head)
        builder.cbranch(goes_on(slots), inside, after)
        builder.position_at_end(inside)
        results = turn(slots)
        self._join(slots, results, shared, builder.block)
        builder.branch(head)
        builder.position_at_end(after)
        # What a loop wrote is what its memory holds after it.
        return [Version(each.memory, each.memory.written) if isinstance(each, Version) else each for each in slots]

    def _join(self, slots: Sequence[Any], values: Sequence[Any], shared: Sequence[bool], block: Any) -> None:
        for slot, given, is_shared in zip(slots, values, shared, strict=True):
            if isinstance(slot, Version):
                if not isinstance(given, Version) or given.memory is not slot.memory:
                    raise UnsupportedError("while", "with arrays of steps that change places")
                continue
            for phi, value in zip(slot.ravel(), given.ravel(), strict=True):
                phi.add_incoming(value if is_shared else self.vector(value), block)

    def write(self, equation: Any, target: Any, indices: Values, updates: Values) -> Any:
        """An entry of an array of steps set: the only thing that is done to arrays in memory."""
        numbers = equation.params["dimension_numbers"]
        window = tuple(range(updates.ndim))
        is_entry = (
            tuple(numbers.update_window_dims) == window
            and tuple(numbers.inserted_window_dims) == tuple(numbers.scatter_dims_to_operand_dims) == (0,)
            and indices.shape == (1,)
        )
        if not is_entry or not isinstance(target, Version):
            raise UnsupportedError("scatter")
        memory = target.memory
        if target.written != memory.written:
            raise UnsupportedError("scatter", "to an array that was written to before")
        builder, size = self.builder, math.prod(updates.shape)
        length = equation.invars[0].aval.shape[0]
        index = builder.sext(indices.item(), _INDEX)
        inside = builder.icmp_unsigned("<", index, _INDEX(length))
        with builder.if_then(inside):
            first = builder.mul(index, _INDEX(size))
            for place, value in enumerate(updates.ravel()):
                entry = builder.add(first, _INDEX(place))
                self.store(memory.address, entry, value, memory.dtype)
        memory.written += 1
        return Version(memory, memory.written)

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


def needed(jaxpr: Jaxpr) -> list[Any]:
    """The equations that results depend on."""
    wanted = {atom for atom in jaxpr.outvars if not isinstance(atom, Literal)}
    kept = []
    for equation in reversed(jaxpr.eqns):
        if wanted.isdisjoint(equation.outvars):
            continue
        kept.append(equation)
        wanted.update(atom for atom in equation.invars if not isinstance(atom, Literal))
    return kept[::-1]


def written(jaxpr: Jaxpr) -> set[Any]:
    """The variables of a jaxpr whose entries it sets one by one."""
    found = set()
    for equation in jaxpr.eqns:
        name, parameters, given = equation.primitive.name, equation.params, equation.invars
        if name == "scatter":
            found.add(given[0])
        elif name in ("while", "scan", *_CALLS):
            inner = parameters.get("body_jaxpr") or parameters.get("jaxpr") or parameters["call_jaxpr"]
            inside = written(inner.jaxpr)
            given = given[parameters.get("cond_nconsts", 0) :]
            found |= {outer for outer, variable in zip(given, inner.jaxpr.invars, strict=True) if variable in inside}
    return {each for each in found if not isinstance(each, Literal)}
