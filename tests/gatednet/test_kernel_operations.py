"""What kernels compute of single values and arrays, against XLA, operation by operation and in random programs."""

import functools
import operator

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jax import lax

from gatednet.kernels.entries import ELEMENTWISE
from gatednet.kernels.moves import UnsupportedError
from gatednet.kernels.operations import OPERATIONS
from gatednet.kernels.program import advanced_by
from gatednet.kernels.vector import call
from gatednet.shield import shielded

RUNS = 32
EXTREMES = [0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 3.0, 1e-30, -1e30, np.inf, -np.inf, np.nan, 7.25, -7.25, 100.0, 1e-3]
WHOLE = [0, 1, -1, 2, -2, 3, 7, -7, 31, 32, 33, -32, 2**31 - 1, -(2**31), 12345, -999]


def compared(function, *arrays, rtol=0.0):
    """A function of arrays, whose results are those of the kernel and of XLA."""
    shapes = jax.eval_shape(function, *arrays)
    results = tuple(jnp.zeros(shape.shape, shape.dtype) for shape in jax.tree.leaves(shapes))

    def run(carried, *arrays):
        del carried
        return tuple(jax.tree.leaves(function(*arrays)))

    found = jax.jit(functools.partial(advanced_by, call, run))(results, *arrays)
    expected = jax.jit(run)(results, *arrays)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=rtol)


def floats(dtype):
    """All pairs of extreme values, as two arrays of runs."""
    one, other = np.meshgrid(np.array(EXTREMES, dtype), np.array(EXTREMES, dtype))
    return jnp.asarray(one.ravel()), jnp.asarray(other.ravel())


def whole(dtype):
    one, other = np.meshgrid(np.array(WHOLE, np.int64).astype(dtype), np.array(WHOLE, np.int64).astype(dtype))
    return jnp.asarray(one.ravel()), jnp.asarray(other.ravel())


OF_FLOATS = {
    "add": operator.add, "sub": operator.sub, "mul": operator.mul, "div": operator.truediv, "rem": lax.rem,
    "max": jnp.maximum, "min": jnp.minimum, "eq": operator.eq, "ne": operator.ne, "lt": operator.lt,
    "le": operator.le, "gt": operator.gt, "ge": operator.ge,
    "neg": lambda a, b: -a, "abs": lambda a, b: jnp.abs(a), "sign": lambda a, b: jnp.sign(a),
    "is_finite": lambda a, b: jnp.isfinite(a), "floor": lambda a, b: jnp.floor(a), "ceil": lambda a, b: jnp.ceil(a),
    "square": lambda a, b: lax.square(a), "sqrt": lambda a, b: jnp.sqrt(a),
    "integer_pow": lambda a, b: (lax.integer_pow(a, 3), lax.integer_pow(a, 2), lax.integer_pow(a, -1)),
    "clamp": lambda a, b: lax.clamp(jnp.float32(-1).astype(a.dtype), a, jnp.abs(b)),
    "convert_element_type": lambda a, b: (a.astype(jnp.float32), a > 0, (a > 0).astype(a.dtype), a.astype(bool)),
    "convert_to_whole": lambda a, b: (a.astype(jnp.int32), a.astype(jnp.uint32)),
    "copy": lambda a, b: lax.stop_gradient(a) + 0,
}  # fmt: skip
NEARLY = {
    "exp": jnp.exp, "exp2": jnp.exp2, "log": jnp.log, "sin": jnp.sin, "cos": jnp.cos, "tan": jnp.tan, "tanh": jnp.tanh,
    "logistic": jax.nn.sigmoid, "rsqrt": lax.rsqrt,
}  # fmt: skip
OF_WHOLE = {
    "add": operator.add, "sub": operator.sub, "mul": operator.mul, "div": lax.div, "rem": lax.rem,
    "floor_divide": operator.floordiv, "remainder": operator.mod,
    "max": jnp.maximum, "min": jnp.minimum, "eq": operator.eq, "ne": operator.ne, "lt": operator.lt,
    "le": operator.le, "gt": operator.gt, "ge": operator.ge,
    "and": operator.and_, "or": operator.or_, "xor": operator.xor, "not": lambda a, b: ~a,
    "sign": lambda a, b: jnp.sign(a), "abs": lambda a, b: jnp.abs(a), "square": lambda a, b: a * a,
    "shift_left": lax.shift_left, "shift_right_logical": lax.shift_right_logical,
    "shift_right_arithmetic": lax.shift_right_arithmetic,
    "convert_element_type": lambda a, b: (a.astype(jnp.float32), a.astype(jnp.int8), a.astype(bool)),
    "bitcast_convert_type": lambda a, b: lax.bitcast_convert_type(a, jnp.float32),
}  # fmt: skip


def test_every_operation_is_compared():
    named = {*OF_FLOATS, *NEARLY, *OF_WHOLE, "pow", "add_any", "neg"}
    assert set(OPERATIONS) == ELEMENTWISE
    assert set(OPERATIONS) - named == {"copy_p", "stop_gradient", "optimization_barrier"}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_operations_on_floats_are_those_of_xla(dtype):
    with shielded(double=dtype is np.float64):
        for function in OF_FLOATS.values():
            compared(function, *floats(dtype))


@pytest.mark.parametrize(("dtype", "rtol"), [(np.float32, 1e-5), (np.float64, 1e-13)])
def test_functions_of_floats_are_those_of_xla_up_to_rounding(dtype, rtol):
    with shielded(double=dtype is np.float64):
        values = jnp.asarray(np.linspace(-8.0, 8.0, 128), dtype)
        for function in NEARLY.values():
            compared(function, values, rtol=rtol)
        compared(lambda a: 0.99 ** jnp.floor(a).astype(jnp.int32), values, rtol=rtol)
        compared(lambda a: jnp.abs(a) ** (a / 4), values, rtol=10 * rtol)


@pytest.mark.parametrize("dtype", [np.int32, np.uint32])
def test_operations_on_whole_numbers_are_those_of_xla(dtype):
    with shielded(double=False):
        for function in OF_WHOLE.values():
            compared(function, *whole(dtype))


@pytest.mark.parametrize("dtype", [np.int32, np.uint32, np.uint8])
def test_shifts_by_chosen_numbers_are_those_of_xla(dtype):
    bits = 8 * np.dtype(dtype).itemsize
    values = whole(np.uint32)[0].astype(dtype)
    with shielded(double=False):
        for by in (0, 1, bits - 1, bits, bits + 1):
            for shift in (lax.shift_left, lax.shift_right_logical, lax.shift_right_arithmetic):
                compared(lambda a, by=by, shift=shift: shift(a, jnp.asarray(by, a.dtype)), values)


def test_entries_are_moved_as_by_xla():
    values = jnp.arange(3 * 4 * RUNS, dtype=jnp.float32).reshape(3, 4, RUNS)

    def moved(values):
        return (
            values[1:, ::2].reshape(4, values.shape[-1]),
            values.transpose(1, 0, 2)[::-1],
            jnp.stack([values[0], values[2]], axis=1),
            jnp.concatenate([values[:, :1], values], axis=1),
            jnp.broadcast_to(values[0, :1], values.shape[1:]) + jnp.arange(4.0)[:, None],
            lax.pad(values, -1.5, [(1, 2, 1), (-1, 3, 0), (0, 0, 0)]),
            *jnp.split(values, [1, 3], axis=1),
            *jnp.unstack(values, axis=1),
            values.sum(axis=(0, 1)),
            values.max(axis=0),
            values.min(axis=1),
            jnp.argmax(values, axis=1),
            jnp.argmin(-values, axis=0),
            jnp.any(values > 5, axis=0),
            jnp.where(values[0, 0] > 3, values[0], values[1, :, :]),
            jnp.select([values[0, 0] > 3, values[0, 0] > 1], [values[0, 1], values[0, 2]], 7.0),
        )

    compared(moved, values, rtol=1e-6)


def test_runs_do_not_meet():
    values = jnp.ones((4, RUNS))
    for function in (
        lambda values: jnp.broadcast_to(values.sum(), values.shape[-1:]),
        lambda values: values[0, ::-1],
        lambda values: values.reshape(values.shape[-1], 4).T,
        lambda values: jnp.cumsum(values[0]),
        lambda values: values[0] + jnp.arange(values.shape[-1]),
        lambda values: values[0] + np.arange(values.shape[-1], dtype=np.float32),
        lambda values: values[0] + jnp.ones(RUNS),
    ):
        with pytest.raises(UnsupportedError):
            compared(function, values)


def test_loops_end_where_all_runs_end_and_arrays_of_steps_are_written_in_place():
    steps = 300

    def run(carried, first, last, rate):
        def step(at, carried):
            value, kept = carried
            value = value * rate + at
            return value, kept.at[at].set(value)

        return lax.fori_loop(first, last, step, carried)

    def of_two(carried, first, last, rate):
        def turn(at):
            number, carried = at
            return number + 1, run(carried, first + 3 * number, first + 3 * number + 2, rate)

        return lax.while_loop(lambda at: at[0] < last, turn, (jnp.int32(0), carried))[1]

    start = jnp.zeros(RUNS), jnp.full((steps, RUNS), -1.0)
    rate = jnp.linspace(0.1, 0.9, RUNS)
    for function, first, last in ((run, 5, 290), (run, 5, 5), (run, 290, 310), (of_two, 2, 4)):
        found = jax.jit(functools.partial(advanced_by, call, function))(start, jnp.int32(first), jnp.int32(last), rate)
        for one, other in zip(found, jax.jit(function)(start, jnp.int32(first), jnp.int32(last), rate), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-5)


def test_parts_of_arrays_are_read_and_set_at_places_that_are_not_known_before():
    def run(carried, table, one, first):
        result, last = carried
        runs = table.shape[-1]

        def turn(at, carried):
            result, _ = carried
            column = first.astype(at.dtype)
            # Two rows of a column, and one that begins outside for the last turns.
            rows = lax.dynamic_slice(table, (at, column, 0), (2, 1, runs)) * one
            tile = lax.dynamic_slice(table, (at.astype(jnp.uint32), jnp.uint32(1), jnp.uint32(0)), (1, 3, runs))
            result = lax.dynamic_update_slice(result, rows + tile, (at - 1, column + at, 0))
            return result, lax.dynamic_slice(result, (at, 0, 0), (1, 1, runs))[0, 0]

        return lax.fori_loop(0, 7, turn, (result, last))

    rng = np.random.default_rng(0)
    given = (jnp.zeros((6, 4, RUNS)), jnp.zeros(RUNS)), jnp.asarray(rng.normal(size=(5, 4, RUNS)), jnp.float32)
    for double in (False, True):
        with shielded(double=double):
            each = (*jax.tree.map(jnp.asarray, given), jnp.linspace(1.0, 2.0, RUNS, dtype=jnp.float32), jnp.int32(2))
            found = jax.jit(functools.partial(advanced_by, call, run))(*each)
            expected = jax.jit(run)(*each)
        assert np.count_nonzero(expected[0]) > RUNS
        for one, other in zip(found, expected, strict=True):
            # A kernel makes multiply-adds of products that are used more than once, too.
            np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-7)


def test_axes_of_one_entry_are_spread():
    compared(lambda a, b: a.reshape(4, 1, -1) * b.reshape(1, 4, -1), *(jnp.ones((4, RUNS)) * each for each in (2, 3)))


def test_what_was_overwritten_is_not_read():
    def run(carried, value):
        once = carried.at[3].set(value)
        return carried.at[4].set(2 * value) + 0 * once[0]

    with pytest.raises(UnsupportedError):
        jax.jit(functools.partial(advanced_by, call, run))(jnp.zeros((200, RUNS)), jnp.ones(RUNS))


LEAVES = st.sampled_from(["a", "b", "c", "number", "step"])
UNARY = {
    "neg": operator.neg, "abs": jnp.abs, "sign": jnp.sign, "square": lambda a: a * a, "tanh": jnp.tanh,
    "sqrt": lambda a: jnp.sqrt(jnp.abs(a)), "cube": lambda a: lax.integer_pow(jnp.tanh(a), 3),
}  # fmt: skip
BINARY = {
    "add": operator.add, "sub": operator.sub, "mul": operator.mul, "max": jnp.maximum, "min": jnp.minimum,
    "div": lambda a, b: a / (1 + jnp.abs(b)), "where": lambda a, b: jnp.where(a < b, a, b * 0.5),
}  # fmt: skip
PROGRAMS = st.recursive(
    LEAVES,
    lambda inner: (
        st.tuples(st.sampled_from(list(UNARY)), inner) | st.tuples(st.sampled_from(list(BINARY)), inner, inner)
    ),
    max_leaves=12,
)


def value_of(program, known):
    """The value of an expression."""
    if isinstance(program, str):
        return known[program]
    name, *parts = program
    return (UNARY if len(parts) == 1 else BINARY)[name](*(value_of(part, known) for part in parts))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(program=PROGRAMS, seed=st.integers(0, 2**16))
def test_random_programs_agree_in_double_precision(program, seed):
    with shielded(double=True):
        a, b, c = jnp.asarray(np.random.default_rng(seed).normal(size=(3, RUNS)))

        def run(carried, b, c, steps):
            def step(at, a):
                known = {"a": a, "b": b, "c": c, "number": jnp.float64(0.3), "step": at.astype(jnp.float64)}
                return 0.9 * a + 0.1 * jnp.tanh(jnp.broadcast_to(value_of(program, known), a.shape))

            return lax.fori_loop(0, steps, step, carried)

        found = jax.jit(functools.partial(advanced_by, call, run))(a, b, c, jnp.int32(20))
        np.testing.assert_allclose(found, jax.jit(run)(a, b, c, jnp.int32(20)), rtol=1e-9, atol=1e-12)
