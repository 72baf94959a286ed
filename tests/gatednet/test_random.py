"""Random numbers: the bits are JAX's, the normal variates normal and independent."""

import functools
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.stats
from jax.extend.random import threefry_2x32

from gatednet import GatedLinear, Initial, Teachers
from gatednet.dynamics.problem import DATA, Origin, draw
from gatednet.random.threefry import folded, normal, normals, threefry
from gatednet.shield import GENERATOR

pytestmark = pytest.mark.optimized

KEYS = jnp.array([[1, 0xFFFFFFFF, 12345], [2, 0x80000001, 0]], jnp.uint32)
# The smallest probability that we accept of a sample at least this unusual; the numbers are the same in every run.
UNUSUAL = 1e-4


def test_bits_are_those_of_jax() -> None:
    counters = jax.random.bits(jax.random.key(0), (2, 64), jnp.uint32)
    high, low = jax.jit(threefry)(KEYS, counters[0][:, None], counters[1][:, None])
    for run in range(KEYS.shape[1]):
        expected = threefry_2x32(KEYS[:, run], counters.reshape(-1)).reshape(2, 64)
        np.testing.assert_array_equal(np.stack([high[:, run], low[:, run]]), expected)


@pytest.mark.parametrize("number", [0, 7, 2**31, 2**32 - 1])
def test_a_number_is_folded_into_keys_as_jax_does(number: int) -> None:
    for keys in (KEYS, np.asarray(KEYS)):
        words = np.stack(folded((keys[0], keys[1]), np.full(3, number, np.uint32)), axis=-1)
        for run, found in enumerate(words):
            key = jax.random.wrap_key_data(KEYS[:, run], impl=GENERATOR)
            np.testing.assert_array_equal(found, jax.random.key_data(jax.random.fold_in(key, np.uint32(number))))


@pytest.mark.parametrize(("seed", "stream"), [(0, 0), (3, 1), (2**32 - 1, 2**32 - 1)])
def test_the_key_of_data_is_folded_from_seed_purpose_and_stream(seed: int, stream: int) -> None:
    origin = Origin(Initial(), Teachers(), GatedLinear(inputs=4, outputs=2))
    key = jax.random.key(np.uint32(seed), impl=GENERATOR)
    expected = jax.random.fold_in(jax.random.fold_in(key, DATA), np.uint32(stream))
    for found in (
        draw(origin, seed, stream),
        jax.jit(functools.partial(draw, origin))(np.uint32(seed), np.uint32(stream)),
    ):
        np.testing.assert_array_equal(found.key, jax.random.key_data(expected))


@pytest.fixture(scope="module")
def sample() -> np.ndarray:
    """Two million variates: (4 steps, 50 000, 10 runs)."""
    keys = jax.random.bits(jax.random.key(1), (2, 10), jnp.uint32)
    drawn = jax.jit(jax.vmap(lambda step: normals(keys, step, (500, 100))))
    return np.asarray(drawn(jnp.arange(4, dtype=jnp.uint32)), np.float64).reshape(4, -1, 10)


def test_variates_are_normal(sample: np.ndarray) -> None:
    assert scipy.stats.kstest(sample.ravel(), scipy.stats.norm.cdf).pvalue > UNUSUAL


def test_moments(sample: np.ndarray) -> None:
    # Of z^k: mean 0 1 0 3 0 15, and the variance of z^k is the 2k-th moment less the mean's square.
    for power, mean, variance in [(1, 0, 1), (2, 1, 2), (3, 0, 15), (4, 3, 96), (6, 15, 10395 - 225)]:
        error = np.mean(sample**power) - mean
        assert abs(error) < 4 * np.sqrt(variance / sample.size)


@pytest.mark.parametrize("level", [2.0, 3.0, 4.0, 4.5])
def test_tails(sample: np.ndarray, level: float) -> None:
    for tail in (sample.ravel() > level, sample.ravel() < -level):
        beyond = scipy.stats.binomtest(int(np.sum(tail)), sample.size, float(scipy.stats.norm.sf(level)))
        assert beyond.pvalue > UNUSUAL


def test_all_magnitudes_are_finite_and_bounded(sample: np.ndarray) -> None:
    assert np.all(np.isfinite(sample))
    assert np.max(np.abs(sample)) < 6.7


@pytest.mark.parametrize("function", [lambda z: z, np.square, np.abs], ids=["itself", "square", "magnitude"])
def test_independent_over_steps_counters_and_runs(sample: np.ndarray, function: Callable) -> None:
    values = function(sample)
    values = (values - values.mean()) / values.std()
    pairs = {
        "steps": (values[:-1], values[1:]),
        "neighbours": (values[:, :-1], values[:, 1:]),
        "halves": (values[:, :25_000], values[:, 25_000:]),
        "runs": (values[..., :-1], values[..., 1:]),
    }
    for one, other in pairs.values():
        assert abs(np.mean(one * other)) < 4 / np.sqrt(one.size)


def test_a_run_has_the_same_numbers_alone() -> None:
    drawn = jax.jit(lambda keys: normals(keys, jnp.uint32(7), (5, 3)))
    together, alone = drawn(KEYS), drawn(KEYS[:, 1:2])
    np.testing.assert_array_equal(together[..., 1:2], alone)


def test_both_precisions_see_the_same_numbers() -> None:
    single = np.asarray(normal(jax.random.key(3), (10,)))
    with jax.enable_x64(True):
        double = np.asarray(normal(jax.random.key(3), (10,)))
    assert double.dtype == np.float64
    np.testing.assert_array_equal(single, double)
