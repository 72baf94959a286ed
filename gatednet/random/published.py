"""Random numbers of the published runs: those that the authors' released code draws, made again.

They come from two generators. One is JAX's Threefry as it was by default until version 0.5, which counts the words of
an array in another order than today's (`jax_threefry_partitionable` off). Its words are written out here, so that no
setting of JAX matters and none has to last. The other is NumPy's legacy `RandomState`, whose stream is frozen (NEP 19).

Nothing here depends on what is traced: the numbers are made once, outside of every program, and are constants in it.
What is compiled together changes last bits, and these have those of the published runs.
"""

from __future__ import annotations

import functools
import math

import jax
import jax.numpy as jnp
import numpy as np

from gatednet.random.threefry import threefry


def words(key: np.ndarray, count: int) -> np.ndarray:
    """The first words of a key, (count,) unsigned; `key` holds its two words.

    The counters of the first half of the words go together with those of the second half, which is filled up by a 0.
    """
    half = -(-count // 2)
    counters = np.where(np.arange(2 * half) < count, np.arange(2 * half), 0).astype(np.uint32)
    first, second = threefry(key[:, None], counters[:half], counters[half:])
    return np.concatenate([first, second])[:count]


def split(key: np.ndarray, count: int) -> np.ndarray:
    """Keys from a key, (count, 2)."""
    return words(key, 2 * count).reshape(count, 2)


def normal(key: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Standard normal numbers of a key in single precision, (*shape)."""
    bits = words(key, math.prod(shape))
    # From 1 to 2, by their 23 bits, then from just above -1 to 1.
    unit = ((bits >> np.uint32(9)) | np.uint32(0x3F800000)).view(np.float32) - np.float32(1.0)
    least = np.nextafter(np.float32(-1.0), np.float32(0.0))
    uniform = np.maximum(least, unit * (np.float32(1.0) - least) + least)
    with jax.ensure_compile_time_eval(), jax.default_device(_processor()):
        quantiles = np.asarray(jax.lax.erf_inv(jnp.asarray(uniform, jnp.float32)))
    return (np.float32(np.sqrt(2)) * quantiles).reshape(shape)


def normal_in_double(key: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Standard normal numbers of a key in double precision, (*shape); their last digits are those of SciPy."""
    # It takes a tenth of the time of all imports, and few need it.
    import scipy.special

    high, low = np.split(words(key, 2 * math.prod(shape)).astype(np.uint64), 2)
    bits = (high << np.uint64(32)) | low
    unit = ((bits >> np.uint64(12)) | np.uint64(0x3FF0000000000000)).view(np.float64) - 1.0
    least = np.nextafter(-1.0, 0.0)
    return (np.sqrt(2.0) * scipy.special.erfinv(np.maximum(least, unit * (1.0 - least) + least))).reshape(shape)


def _processor() -> jax.Device | None:
    """The device whose last bits are the published ones; None, for the usual one, where JAX has been told not to."""
    try:
        return jax.local_devices(backend="cpu")[0]
    except RuntimeError:
        return None


# How the numbers of a start come from a key.
WAYS = ("split", "direct", "direct in double")


@functools.lru_cache(16)
def starts(key: int, keys: int, shapes: tuple[tuple[int, ...], ...], way: str = "split") -> tuple[np.ndarray, ...]:
    """Standard normal numbers of some shapes for `keys` runs, (keys, *shape) each, in single precision.

    The key of the whole number `key` is split into one for each run, and that of a run into one more than there are
    shapes; the first of these is not used. With the other `WAYS` there is one run and one shape, and the numbers are of
    the key itself, in single or in double precision.
    """
    if way != "split":
        draw = normal if way == "direct" else normal_in_double
        return tuple(draw(np.asarray([0, key], np.uint32), shape).astype(np.float32)[None] for shape in shapes)
    runs = [split(each, 1 + len(shapes))[1:] for each in split(np.asarray([0, key], np.uint32), keys)]
    return tuple(np.stack([normal(run[place], shape) for run in runs]) for place, shape in enumerate(shapes))


@functools.lru_cache(4)
def rotation(seed: int, dimensions: int) -> np.ndarray:
    """A rotation or reflection, uniform over seeds, (dimensions, dimensions) in double precision.

    It is the transpose of `scipy.stats.ortho_group.rvs(dimensions, random_state=seed)` in SciPy's versions since 1.10,
    the factor Q of a Gaussian matrix with the signs of R's diagonal taken out.
    """
    factor, upper = np.linalg.qr(np.random.RandomState(seed).normal(size=(dimensions, dimensions)))
    return (factor * np.sign(np.diagonal(upper))).T
