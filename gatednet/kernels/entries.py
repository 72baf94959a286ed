"""`Entries`: a traced function of many runs, carried out entry by entry.

A function of arrays whose last axis are the runs, in which runs do not interact, is the same for any number of runs. It
is traced for a number of runs that no other axis has, so that this axis is known everywhere. Each of its arrays becomes
a NumPy array of values, one for each entry: a vector of runs, or a scalar where all runs share it. Slices, reshapes and
stacks move those values about while it is compiled; what is left are operations on vectors, and loops. What a vector is
says the compiler, a subclass.
"""

from __future__ import annotations

import abc
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from jax.extend.core import ClosedJaxpr, Jaxpr, Literal

from gatednet.kernels.memory import CALLS, Memory, Part, Version, check_memories, latest
from gatednet.kernels.moves import MOVES, PARTS, RUNS, Moved, UnsupportedError, Values, collapsed, filled

_INDEX = np.dtype(np.int32)
# An array with more entries than this, or whose entries are set one by one, stays in memory.
LARGEST = 128
# The operation that a reduction is a chain of.
_CHAINS = {
    "reduce_sum": "add",
    "reduce_prod": "mul",
    "reduce_max": "max",
    "reduce_min": "min",
    "reduce_and": "and",
    "reduce_or": "or",
    "reduce_xor": "xor",
}
# The operations on single values that compilers may have.
ELEMENTWISE = frozenset((
    "add", "add_any", "sub", "mul", "div", "rem", "eq", "ne", "lt", "le", "gt", "ge", "max", "min", "pow",
    "integer_pow", "square", "sqrt", "rsqrt", "exp", "exp2", "log", "sin", "cos", "tan", "tanh", "logistic", "floor",
    "ceil", "and", "or", "xor", "not", "shift_left", "shift_right_logical", "shift_right_arithmetic", "neg", "abs",
    "sign", "is_finite", "clamp", "convert_element_type", "bitcast_convert_type", "copy", "copy_p", "stop_gradient",
    "optimization_barrier",
))  # fmt: skip


class Entries(abc.ABC):
    """A compiler: what it makes of single values, and what follows for arrays of them."""

    # Single values.

    @abc.abstractmethod
    def literal(self, dtype: np.dtype, value: Any) -> Any:
        """A number that all runs share."""

    @abc.abstractmethod
    def apply(self, equation: Any, name: str, kind: np.dtype, values: Sequence[Any]) -> Any:
        """One of `ELEMENTWISE`, on values of which the first has the type `kind`; `equation` may have parameters."""

    @abc.abstractmethod
    def select(self, condition: Any, chosen: Any, otherwise: Any) -> Any:
        """One of two values, by a truth value."""

    @abc.abstractmethod
    def is_vector(self, value: Any) -> bool:
        """Whether a value is a vector of runs, and not a scalar."""

    @abc.abstractmethod
    def vector(self, value: Any) -> Any:
        """A value of all runs as a vector."""

    @abc.abstractmethod
    def repeat(
        self, goes_on: Callable[[Sequence[Any]], Any], turn: Callable[[Sequence[Any]], list[Any]], values: list[Any]
    ) -> Sequence[Any]:
        """Values after the turns of a loop, which goes on as long as `goes_on` says; their types stay the same."""

    @abc.abstractmethod
    def set_entry(self, memory: Memory, index: Any, length: int, values: Values) -> None:
        """Write values at an index of the first axis of an array in memory, unless it lies outside."""

    def part_of(self, memory: Memory, terms: Sequence[tuple[Any, np.dtype, int, int]]) -> Part | None:
        """A part of an array in memory, None where there are no such parts.

        The number of its first entry is the sum over `terms` of a stride times a start, which is a value of a type that
        lies between 0 and the last start at which the part fits.
        """
        return None

    def get(self, part: Part, place: int) -> Any:
        """An entry of a part of an array in memory."""
        raise NotImplementedError

    def put(self, part: Part, place: int, value: Any) -> None:
        """Set an entry of a part of an array in memory."""
        raise NotImplementedError

    def alike(self, values: Sequence[Any]) -> list[Any]:
        """Values as they are where all are scalars, else all as vectors."""
        return [self.vector(each) for each in values] if any(map(self.is_vector, values)) else list(values)

    # Arrays.

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
        return filled(given.shape, [self.literal(given.dtype, each) for each in given.ravel()])

    def entries(self, operands: Sequence[Values], function: Callable[..., Any]) -> Values:
        """A function of single values, for each entry of arrays of one shape; axes of size 1 are spread."""
        spread = np.broadcast_arrays(*operands)
        return filled(
            spread[0].shape, [function(*values) for values in zip(*(each.flat for each in spread), strict=True)]
        )

    def operation(self, name: str, kind: Any, equation: Any = None) -> Callable[..., Any]:
        """An operation as a function of single values."""
        return lambda *values: self.apply(equation, name, np.dtype(kind), values)

    def closed(self, jaxpr: ClosedJaxpr, given: Sequence[Any]) -> list[Any]:
        """The results of a jaxpr with its constants."""
        constants = [self.constant(each, np.asarray(each).dtype) for each in jaxpr.consts]
        return self.run(jaxpr.jaxpr, constants, given)

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

    def equation(self, equation: Any, operands: list[Any]) -> list[Any]:
        """The results of an equation."""
        name, parameters = equation.primitive.name, equation.params
        if name in CALLS:
            return self.closed(parameters["call_jaxpr" if name == "custom_jvp_call" else "jaxpr"], operands)
        if name in ("while", "scan"):
            return self.loop(parameters, operands) if name == "while" else self.counted_loop(parameters, operands)
        if name in self.by_place:
            return [self.by_place[name](equation, *operands)]
        if any(isinstance(each, Version) for each in operands):
            raise UnsupportedError(name, "of an array with an entry for each step")
        if name in PARTS:
            return PARTS[name](Moved(operands, [each.aval.shape for each in equation.invars], parameters, ()))
        return [self.computed(equation, name, operands)]

    @property
    def by_place(self) -> dict[str, Callable[..., Any]]:
        """What is done to arrays in memory: the results of `PLACED`."""
        return {"scatter": self.write, "dynamic_update_slice": self.write_part, "dynamic_slice": self.read_part}

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
            result = self.chosen(operands, kind)
        elif any(full[0][axis] == RUNS for axis in axes):
            raise UnsupportedError(name, "over runs")
        elif name in _CHAINS:
            result = self.over_axes(self.operation(_CHAINS[name], kind), operands[0], axes)
        elif name in ("argmax", "argmin"):
            result = self.extreme(name, operands[0], axes[0], kind, np.dtype(out.dtype))
        elif name in ELEMENTWISE:
            result = self.entries(operands, self.operation(name, kind, equation))
        else:
            raise UnsupportedError(name)
        return result

    def over_axes(self, function: Callable[..., Any], values: Values, axes: Sequence[int]) -> Values:
        """A chain of an operation over some axes, in the order of their entries."""
        for axis in sorted(axes, reverse=True):
            first, *others = along(values, axis)
            values = first
            for other in others:
                values = self.entries((values, other), function)
        return values

    def extreme(self, name: str, values: Values, axis: int, kind: Any, index: np.dtype) -> Values:
        """The first place of the largest or smallest entry along an axis."""
        best, *others = along(values, axis)
        compared = self.operation("gt" if name == "argmax" else "lt", kind)
        place = filled(best.shape, [self.literal(index, 0)] * best.size)
        for number, other in enumerate(others, start=1):
            better = self.entries((other, best), compared)
            best = self.entries((better, other, best), self.select)
            here = filled(best.shape, [self.literal(index, number)] * best.size)
            place = self.entries((better, here, place), self.select)
        return place

    def chosen(self, operands: Sequence[Values], kind: Any) -> Values:
        """The case of each entry that a truth value, or a number of a case, names."""
        which, *cases = operands
        result = cases[0]
        for number, case in enumerate(cases[1:], start=1):
            conditions = which
            if kind != np.bool_:
                # Numbers beyond the last case mean the last case.
                here = filled((), [self.literal(kind, number)])
                conditions = self.entries((which, here), self.operation("ge", kind))
            result = self.entries((conditions, case, result), self.select)
        return result

    # Loops, and arrays in memory.

    def loop(self, parameters: dict[str, Any], operands: list[Any]) -> list[Any]:
        """A loop with a condition that all runs share."""
        tests, constants = parameters["cond_nconsts"], parameters["body_nconsts"]
        test, body = parameters["cond_jaxpr"], parameters["body_jaxpr"]
        for_test, for_body = operands[:tests], operands[tests : tests + constants]
        return self.turns(
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
        one, length = (self.literal(_INDEX, number) for number in (1, parameters["length"]))
        plus, below = self.operation("add", _INDEX), self.operation("lt", _INDEX)
        shared = [RUNS not in variable.aval.shape for variable in body.jaxpr.outvars]
        return self.turns(
            lambda slots: below(slots[0].item(), length),
            lambda slots: [filled((), [plus(slots[0].item(), one)]), *self.closed(body, [*for_body, *slots[1:]])],
            [filled((), [self.literal(_INDEX, 0)]), *carried],
            [True, *shared],
        )[1:]

    def turns(
        self,
        goes_on: Callable[[list[Any]], Any],
        turn: Callable[[list[Any]], list[Any]],
        carried: list[Any],
        shared: Sequence[bool],
    ) -> list[Any]:
        """What a loop carries in the end; `shared` says which arrays all runs share."""
        scalars = [one for each, one in zip(carried, shared, strict=True) for _ in slots_of([each])]

        def values_of(carried: Sequence[Any]) -> list[Any]:
            pairs = zip(slots_of(carried), scalars, strict=True)
            return [value if is_scalar else self.vector(value) for value, is_scalar in pairs]

        def after(values: Sequence[Any]) -> list[Any]:
            slots = in_slots(values, carried)
            results = turn(slots)
            check_memories(slots, results)
            return values_of(results)

        last = self.repeat(lambda values: goes_on(in_slots(values, carried)), after, values_of(carried))
        return latest(in_slots(last, carried))

    def write(self, equation: Any, target: Any, indices: Values, updates: Values) -> Version:
        """An entry of an array of steps set, unless its place lies outside."""
        numbers = equation.params["dimension_numbers"]
        is_entry = (
            tuple(numbers.update_window_dims) == tuple(range(updates.ndim))
            and tuple(numbers.inserted_window_dims) == tuple(numbers.scatter_dims_to_operand_dims) == (0,)
            and indices.shape == (1,)
        )
        if not is_entry or not isinstance(target, Version):
            raise UnsupportedError("scatter")
        memory = target.current("scatter")
        self.set_entry(memory, indices.item(), equation.invars[0].aval.shape[0], updates)
        return target.next()

    def read_part(self, equation: Any, target: Any, *starts: Values) -> Values:
        """A part of an array in memory, which begins at a place known only while the kernel runs."""
        part, places = self.part(equation, target, equation.params["slice_sizes"], starts)
        return filled(collapsed(equation.params["slice_sizes"]), [self.get(part, place) for place in places])

    def write_part(self, equation: Any, target: Any, values: Values, *starts: Values) -> Version:
        """A part of an array in memory set."""
        part, places = self.part(equation, target, equation.invars[1].aval.shape, starts)
        for place, value in zip(places, values.flat, strict=True):
            self.put(part, place, value)
        return target.next()

    def part(
        self, equation: Any, target: Any, sizes: Sequence[int], starts: Sequence[Values]
    ) -> tuple[Part, Sequence[int]]:
        """A part of full sizes of an array in memory, and the places of its entries from its first one on.

        One that would begin outside begins where it just fits, as XLA has it.
        """
        name, shape = equation.primitive.name, equation.invars[0].aval.shape
        if not isinstance(target, Version) or sizes[-1] != RUNS or RUNS in shape[:-1]:
            raise UnsupportedError(name)
        kind = np.dtype(equation.invars[-1].aval.dtype)
        strides = [math.prod(shape[axis + 1 : -1]) for axis in range(len(shape) - 1)]
        terms = [
            (start.item(), kind, whole - size, stride)
            for start, whole, size, stride in zip(starts, shape, sizes[:-1], strides, strict=False)
            if size < whole
        ]
        part = self.part_of(target.current(name), terms)
        if part is None:
            raise UnsupportedError(name)
        return part, [int(np.dot(at, strides)) for at in np.ndindex(*sizes[:-1])]


def along(values: Values, axis: int) -> list[Values]:
    """The parts of an array along an axis."""
    return [
        values.take(place, axis) if values.ndim > 1 else filled((), [values[place]])
        for place in range(values.shape[axis])
    ]


def slots_of(carried: Sequence[Any]) -> list[Any]:
    """The single values of arrays in registers, in order; arrays in memory have none."""
    return [value for each in carried if not isinstance(each, Version) for value in each.flat]


def in_slots(values: Sequence[Any], carried: Sequence[Any]) -> list[Any]:
    """The inverse of `slots_of`: arrays of the shapes of what is carried; arrays in memory stay what they are."""
    left = iter(values)
    return [
        each if isinstance(each, Version) else filled(each.shape, [next(left) for _ in range(each.size)])
        for each in carried
    ]


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
