"""What is computed of single values, each a scalar or a vector: a primitive of JAX as instructions of LLVM."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from llvmlite import ir

from gatednet.kernels.moves import UnsupportedError

# A product and a sum may become one multiply-add; nothing is put in another order.
_FUSED = ("contract",)
_COMPARISONS = {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
_FLOATS = {np.dtype(np.float32): ir.FloatType(), np.dtype(np.float64): ir.DoubleType()}


@dataclasses.dataclass(frozen=True)
class At:
    """Where an operation is written: the builder, the type of its first operand, the parameters of the primitive."""

    builder: ir.IRBuilder
    kind: np.dtype
    parameters: Mapping[str, Any] = dataclasses.field(default_factory=dict)


Operation = Callable[..., Any]


def llvm_type(dtype: np.dtype) -> Any:
    """The type of an entry of an array."""
    if dtype in _FLOATS:
        return _FLOATS[dtype]
    if dtype == np.bool_:
        return ir.IntType(1)
    if dtype.kind in "iu":
        return ir.IntType(8 * dtype.itemsize)
    raise UnsupportedError(str(dtype))


def stored_type(dtype: np.dtype) -> Any:
    """The type of an entry in memory, where truth values take a byte."""
    return ir.IntType(8) if dtype == np.bool_ else llvm_type(dtype)


def literal(kind: Any, value: Any) -> Any:
    """A constant of a type, or of vectors of it."""
    if isinstance(kind, ir.VectorType):
        return ir.Constant(kind, [literal(kind.element, value)] * kind.count)
    return ir.Constant(kind, float(value) if isinstance(kind, ir.FloatType | ir.DoubleType) else int(value))


def _number(constant: ir.Constant) -> Any:
    """The value of a constant, which is that of all its entries where it is a vector."""
    return constant.constant[0].constant if isinstance(constant.type, ir.VectorType) else constant.constant


def _element(kind: Any) -> Any:
    return kind.element if isinstance(kind, ir.VectorType) else kind


def suffix(kind: Any) -> str:
    """What LLVM appends to the names of functions of this type."""
    count = f"v{kind.count}" if isinstance(kind, ir.VectorType) else ""
    return count + {"float": "f32", "double": "f64"}.get(str(_element(kind)), str(_element(kind)))


def intrinsic(builder: ir.IRBuilder, name: str, result: Any, *arguments: Any) -> Any:
    """A call of a function that LLVM knows, named after the types of its result and arguments."""
    module = builder.module
    function = module.globals.get(name) or ir.Function(
        module, ir.FunctionType(result, [each.type for each in arguments]), name
    )
    return builder.call(function, arguments)


def _by_kind(of_floats: str, of_integers: str, of_unsigned: str | None = None) -> Operation:
    """An instruction for floats, and one for whole numbers."""

    def operation(at: At, left: Any, right: Any) -> Any:
        if at.kind.kind == "f":
            flags = _FUSED if of_floats != "fdiv" else ()
            return getattr(at.builder, of_floats)(left, right, flags=flags)
        name = of_unsigned if of_unsigned and at.kind.kind == "u" else of_integers
        return getattr(at.builder, name)(left, right)

    return operation


def _division(of_floats: str, of_integers: str, of_unsigned: str, by_zero: Callable[[Any, Any], Any]) -> Operation:
    """A division, or its remainder; processors stop where XLA has a result for whole numbers."""

    def operation(at: At, left: Any, right: Any) -> Any:
        if at.kind.kind == "f":
            return getattr(at.builder, of_floats)(left, right)
        zero = at.builder.icmp_unsigned("==", right, literal(right.type, 0))
        stops = zero
        if at.kind.kind == "i":
            lowest = at.builder.icmp_unsigned("==", left, literal(left.type, np.iinfo(at.kind).min))
            minus = at.builder.icmp_unsigned("==", right, literal(right.type, -1))
            stops = at.builder.or_(zero, at.builder.and_(lowest, minus))
        safe = at.builder.select(stops, literal(right.type, 1), right)
        result = getattr(at.builder, of_integers if at.kind.kind == "i" else of_unsigned)(left, safe)
        return at.builder.select(zero, by_zero(left, literal(left.type, -1)), result)

    return operation


def _comparison(symbol: str) -> Operation:
    def operation(at: At, left: Any, right: Any) -> Any:
        if at.kind.kind == "f":
            compare = at.builder.fcmp_unordered if symbol == "!=" else at.builder.fcmp_ordered
        else:
            compare = at.builder.icmp_signed if at.kind.kind == "i" else at.builder.icmp_unsigned
        return compare(symbol, left, right)

    return operation


def _extreme(name: str, symbol: str) -> Operation:
    """The larger or smaller value; of floats NaN where either is."""

    def operation(at: At, left: Any, right: Any) -> Any:
        if at.kind.kind in "iu":
            sign = "s" if at.kind.kind == "i" else "u"
            return intrinsic(at.builder, f"llvm.{sign}{name}.{suffix(left.type)}", left.type, left, right)
        chosen = _comparison(symbol)(at, left, right)
        if at.kind.kind == "f":
            chosen = at.builder.or_(chosen, at.builder.fcmp_unordered("uno", left, left))
        return at.builder.select(chosen, left, right)

    return operation


def _function(name: str) -> Operation:
    """A function of a real number that LLVM knows."""

    def operation(at: At, *values: Any) -> Any:
        given = values[0].type
        return intrinsic(at.builder, f"llvm.{name}.{suffix(given)}", given, *values)

    return operation


def _bits(name: str) -> Operation:
    return lambda at, *values: getattr(at.builder, name)(*values)


def _shift(name: str) -> Operation:
    """A shift; by as many bits as there are, or more, nothing is left (XLA), or the sign."""

    def operation(at: At, value: Any, by: Any) -> Any:
        width = _element(value.type).width
        if isinstance(by, ir.Constant) and 0 <= _number(by) < width:
            return getattr(at.builder, name)(value, by)
        inside = at.builder.icmp_unsigned("<", by, literal(by.type, width))
        if name == "ashr":
            return at.builder.ashr(value, at.builder.select(inside, by, literal(by.type, width - 1)))
        safe = at.builder.select(inside, by, literal(by.type, 0))
        return at.builder.select(inside, getattr(at.builder, name)(value, safe), literal(value.type, 0))

    return operation


def _negative(at: At, value: Any) -> Any:
    return at.builder.fneg(value) if at.kind.kind == "f" else at.builder.neg(value)


def _absolute(at: At, value: Any) -> Any:
    if at.kind.kind == "f":
        return _function("fabs")(at, value)
    return at.builder.select(at.builder.icmp_signed("<", value, literal(value.type, 0)), at.builder.neg(value), value)


def _sign(at: At, value: Any) -> Any:
    zero, one = literal(value.type, 0), literal(value.type, 1)
    if at.kind.kind == "u":
        return at.builder.select(at.builder.icmp_unsigned("==", value, zero), zero, one)
    compare = at.builder.fcmp_ordered if at.kind.kind == "f" else at.builder.icmp_signed
    below = at.builder.select(compare("<", value, zero), literal(value.type, -1), value)
    return at.builder.select(compare(">", value, zero), one, below)


def _whole_power(at: At, value: Any) -> Any:
    exponent = at.parameters["y"]
    times = OPERATIONS["mul"]
    result, square, left = None, value, abs(exponent)
    while left:
        if left % 2:
            result = square if result is None else times(at, result, square)
        left //= 2
        if left:
            square = times(at, square, square)
    one = literal(value.type, 1)
    result = one if result is None else result
    return result if exponent >= 0 else OPERATIONS["div"](at, one, result)


def _power(at: At, base: Any, exponent: Any) -> Any:
    if isinstance(_element(exponent.type), ir.IntType):
        exponent = at.builder.sitofp(exponent, base.type)
    return _function("pow")(at, base, exponent)


def _square(at: At, value: Any) -> Any:
    return OPERATIONS["mul"](at, value, value)


def _inverse_root(at: At, value: Any) -> Any:
    return at.builder.fdiv(literal(value.type, 1), _function("sqrt")(at, value))


def _logistic(at: At, value: Any) -> Any:
    one = literal(value.type, 1)
    return at.builder.fdiv(one, at.builder.fadd(one, _function("exp")(at, at.builder.fneg(value))))


def _finite(at: At, value: Any) -> Any:
    size = _absolute(at, value)
    return at.builder.fcmp_ordered("<", size, literal(value.type, np.inf))


def _between(at: At, low: Any, value: Any, high: Any) -> Any:
    raised = OPERATIONS["max"](at, value, low)
    return OPERATIONS["min"](at, raised, high)


def _converted(at: At, value: Any) -> Any:
    builder, given, wanted = at.builder, at.kind, np.dtype(at.parameters["new_dtype"])
    target = _in_shape_of(value, llvm_type(wanted))
    if target == value.type:
        result = value
    elif wanted == np.bool_:
        result = OPERATIONS["ne"](at, value, literal(value.type, 0))
    elif given.kind == wanted.kind == "f":
        result = (builder.fpext if wanted.itemsize > given.itemsize else builder.fptrunc)(value, target)
    elif given.kind == "f":
        signed = "s" if wanted.kind == "i" else "u"
        name = f"llvm.fpto{signed}i.sat.{suffix(target)}.{suffix(value.type)}"
        result = intrinsic(builder, name, target, value)
    elif wanted.kind == "f":
        result = (builder.sitofp if given.kind == "i" else builder.uitofp)(value, target)
    elif given != np.bool_ and wanted.itemsize < given.itemsize:
        result = builder.trunc(value, target)
    else:
        result = (builder.sext if given.kind == "i" else builder.zext)(value, target)
    return result


def _in_shape_of(value: Any, kind: Any) -> Any:
    return ir.VectorType(kind, value.type.count) if isinstance(value.type, ir.VectorType) else kind


def _same_bits(at: At, value: Any) -> Any:
    wanted = np.dtype(at.parameters["new_dtype"])
    if wanted.itemsize != at.kind.itemsize or np.bool_ in (wanted, at.kind):
        raise UnsupportedError("bitcast_convert_type", f"from {at.kind} to {wanted}")
    return at.builder.bitcast(value, _in_shape_of(value, llvm_type(wanted)))


OPERATIONS: dict[str, Operation] = {
    "add": _by_kind("fadd", "add"),
    "add_any": _by_kind("fadd", "add"),
    "sub": _by_kind("fsub", "sub"),
    "mul": _by_kind("fmul", "mul"),
    "div": _division("fdiv", "sdiv", "udiv", lambda left, all_bits: all_bits),
    "rem": _division("frem", "srem", "urem", lambda left, all_bits: left),
    **{name: _comparison(symbol) for name, symbol in _COMPARISONS.items()},
    "max": _extreme("max", ">="),
    "min": _extreme("min", "<="),
    **{name: _function(name) for name in ("sqrt", "exp", "exp2", "log", "sin", "cos", "tan", "tanh", "floor", "ceil")},
    "pow": _power,
    "rsqrt": _inverse_root,
    "logistic": _logistic,
    "and": _bits("and_"),
    "or": _bits("or_"),
    "xor": _bits("xor"),
    "not": _bits("not_"),
    "shift_left": _shift("shl"),
    "shift_right_logical": _shift("lshr"),
    "shift_right_arithmetic": _shift("ashr"),
    "neg": _negative,
    "abs": _absolute,
    "sign": _sign,
    "integer_pow": _whole_power,
    "square": _square,
    "is_finite": _finite,
    "clamp": _between,
    "convert_element_type": _converted,
    "bitcast_convert_type": _same_bits,
    **dict.fromkeys(("copy", "copy_p", "stop_gradient", "optimization_barrier"), lambda at, value: value),
}
