"""Random numbers of a lane: JAX's own generator, written with the runs last.

`jax.random` maps over keys with the runs first, which would cost a transposition for each step. The twenty rounds of
Threefry-2x32 (Salmon et al., SC11, section 4) are element-wise, so here they are written out on arrays whose last
axis is the run; the bits are those of `jax.extend.random.threefry_2x32`.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from gatednet.kernels.parts import by_xla, each, part, together

_ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
_PARITY = np.uint32(0x1BD11BDA)

# sin(pi x / 2) / x as a polynomial of x², for |x| at most 1, good to single precision.
_NODES = np.linspace(0.0, 1.0, 2001)[1:]
_SINE = np.polynomial.Chebyshev.fit(_NODES**2, np.sin(np.pi / 2 * _NODES) / _NODES, 5)

# log(1 + x) = x - x²/2 + x³ p(x): three parts of p, each by powers, and log 2 in two parts.
_LOGARITHM = np.array(
    [
        [1.1676998740e-1, -1.1514610310e-1, 7.0376836292e-2],
        [-1.6668057665e-1, 1.4249322787e-1, -1.2420140846e-1],
        [3.3333331174e-1, -2.4999993993e-1, 2.0000714765e-1],
    ],
    np.float32,
)
_LN2 = np.array([-2.12194440e-4, 0.693359375], np.float32)


def threefry(
    key: Array | np.ndarray | tuple[Any, Any], high: Array | np.ndarray, low: Array | np.ndarray
) -> tuple[Any, Any]:
    """Two random words for each counter, as arrays of JAX, or of NumPy where they are not traced.

    `key` holds the two words of the keys, unsigned 32-bit, such as (2, runs), or a pair of arrays of one shape; the
    counter (`high`, `low`) has any shape that broadcasts against that of the keys.
    """
    keys = (key[0], key[1], key[0] ^ key[1] ^ _PARITY)
    first, second = high.astype(jnp.uint32) + keys[0], low.astype(jnp.uint32) + keys[1]
    # The trace of each of two kinds of four rounds is reused: to trace a hundred operations is slow.
    if isinstance(first, np.ndarray | np.generic):
        four_rounds = _four_rounds
    else:
        four_rounds = _four_rounds_traced
        first, second = jnp.broadcast_arrays(first, second)
    for group in range(5):
        first, second = four_rounds(first, second, group % 2)
        first = first + keys[(group + 1) % 3]
        second = second + keys[(group + 2) % 3] + np.uint32(group + 1)
    return first, second


def _four_rounds(first: Any, second: Any, odd: int) -> tuple[Any, Any]:
    for rotation in _ROTATIONS[odd]:
        first = first + second
        second = (second << rotation) | (second >> (32 - rotation))
        second = first ^ second
    return first, second


_four_rounds_traced = jax.jit(_four_rounds, static_argnums=2, inline=True)


def folded(key: tuple[Array | np.ndarray, Array | np.ndarray], number: Array | np.ndarray) -> tuple[Any, Any]:
    """The two words of `jax.random.fold_in`, for keys of any shape and unsigned numbers that broadcast with them."""
    return threefry(key, np.zeros((1,) * number.ndim, np.uint32), number)


def folded_in(seeds: Array, *numbers: Array) -> Array:
    """The two words of the keys of some seeds, with numbers folded in one after the other: (keys, 2), of (keys,) each.

    They are those of `jax.random.fold_in`, which takes as long to compile as all variates of weights and teachers.
    """
    return together(_folded_in)(jnp.stack([seeds, *numbers], axis=-1))


def _folded_in(given: Array) -> Array:
    """The words (2, keys) for seeds and numbers (1 + numbers, keys)."""
    return part(_folded, _put_folded, given, once=jax.ShapeDtypeStruct((2,), given.dtype))


def _folded(given: Array) -> Array:
    seed, *numbers = jnp.unstack(given)

    # In a loop, so that one hash is compiled for all numbers.
    def fold(_: Any, at: tuple[Any, list[Array]]) -> tuple[Any, list[Array]]:
        words, (number, *others) = at
        return folded(words, number), [*others, number]

    words, _ = jax.lax.fori_loop(0, len(numbers), fold, ((jnp.zeros_like(seed), seed), numbers))
    return jnp.stack(words)


def _put_folded(result: Array, given: Array) -> Array:
    return jax.lax.dynamic_update_slice(result, _folded(given), (0, 0))


def below(words: Array, number: Array | int) -> Array:
    """Random words as whole numbers below a number of at most 2¹⁶, each as likely as any other up to 2⁻¹⁶."""
    return ((words >> 16) * jnp.asarray(number, jnp.uint32)) >> 16


def normals(key: Array, step: Array, shape: tuple[int, ...]) -> Array:
    """Independent standard normal variates of a step, (*shape, runs), by Box and Muller's method.

    `key` is (2, runs) as in `threefry`, `step` a scalar. The values have single precision whatever the precision of the
    simulation, so that runs in either precision see the same noise. The largest magnitude that can occur is 6.7.

    Of the two variates of the method only the one with the cosine is used. The other would be free for a compiler that
    writes two arrays from one loop; XLA makes a loop for each, and with them the random bits again.
    """
    drawn = each(
        lambda place, key, step: normals_at(key, step, place), math.prod(shape), key, jnp.asarray(step, jnp.uint32)
    )
    return drawn.reshape(*shape, key.shape[1])


def normals_at(key: Array, step: Array, counter: Array) -> Array:
    """The normal variates of some counters of a step, of the shape that `counter` has together with (runs,)."""
    first, second = threefry(key, jnp.broadcast_to(step, (1,)), counter)
    uniform = (first.astype(jnp.float32) + 0.5) * np.float32(2.0**-32)
    # The angle is pi x with x from -1 to 1; its cosine is 1 - 2 sin² of its half.
    x = jax.lax.bitcast_convert_type(second, jnp.int32).astype(jnp.float32) * np.float32(2.0**-31)
    sine = x * horner(powers(_SINE), x * x)
    return jnp.sqrt(-2.0 * logarithm(uniform)) * (1.0 - 2.0 * sine * sine)


def logarithm(x: Array) -> Array:
    """The natural logarithm of positive, normal numbers of single precision, by element-wise operations.

    It is that of Moshier's Cephes library (logf), with the sum of its polynomial in three parts, as XLA computes the
    logarithm on processors, bit by bit. Written out, it has these bits in every compiler.
    """
    bits = jax.lax.bitcast_convert_type(x, jnp.int32)
    exponent = jax.lax.shift_right_logical(bits, np.int32(23)) - np.int32(126)
    mantissa = jax.lax.bitcast_convert_type((bits & np.int32(0x7FFFFF)) | np.int32(0x3F000000), jnp.float32)
    # The mantissa from √½ to √2, less 1.
    small = mantissa < np.float32(np.sqrt(0.5))
    power = exponent.astype(jnp.float32) - jnp.where(small, np.float32(1), np.float32(0))
    rest = (mantissa - np.float32(1)) + jnp.where(small, mantissa, np.float32(0))
    square = rest * rest
    cube = square * rest
    high, middle, low = (horner(part, rest) for part in _LOGARITHM)
    value = ((high * cube + middle) * cube + low) * cube + _LN2[0] * power
    return ((rest - np.float32(0.5) * square) + value) + _LN2[1] * power


def powers(fit: np.polynomial.Chebyshev) -> np.ndarray:
    """The coefficients of a fitted polynomial by powers, the constant first, in single precision."""
    return fit.convert(kind=np.polynomial.Polynomial).coef.astype(np.float32)


def horner(coefficients: np.ndarray, x: Array) -> Array:
    """The value at x of a polynomial; `coefficients` has the powers first: numbers, or arrays that broadcast with x."""
    value = jnp.broadcast_to(coefficients[-1], x.shape)
    for coefficient in coefficients[-2::-1]:
        value = value * x + coefficient
    return value


def normal(key: Array, shape: tuple[int, ...]) -> Array:
    """Standard normal numbers of a key, of single precision in the precision of the simulation: the same in both.

    They are `normals` and not JAX's own, which take longer to compile than all the rest of a simulation.
    """
    words = jax.random.key_data(key)[None]
    number = math.prod(shape)
    drawn = (_of_keys(number)(words.T).T if by_xla() else together(_of_keys(number))(words))[0].reshape(shape)
    # No variate is as large. The last operation on one is a product, which XLA, unlike a kernel that hands it over,
    # would make a part of a multiply-add with what is added to it: a seed would have other numbers among many.
    return jnp.minimum(drawn, np.float32(8.0)).astype(float)


@functools.cache
def _of_keys(number: int) -> Callable[[Array], Array]:
    """So many variates of each of some keys, (2, keys) to (number, keys)."""
    result = jax.ShapeDtypeStruct((number,), np.float32)
    return lambda words: each(_of_key, number, words, once=result)


def _of_key(place: Array, key: Array) -> Array:
    return normals_at(key, jnp.uint32(0), place)
