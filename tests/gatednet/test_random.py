"""Random numbers: the bits are JAX's, the normal variates normal and independent."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.stats
from jax.extend.random import threefry_2x32

from gatednet import GatedLinear, Initial, Teachers
from gatednet.dynamics.problem import DATA, INITIAL, TEACHERS, Origin, draw
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
@pytest.mark.parametrize("shared", [False, True], ids=["own", "shared"])
def test_keys_are_folded_from_seed_purpose_and_stream(seed: int, stream: int, shared: bool) -> None:
    network = GatedLinear(inputs=4, outputs=2)
    origin = Origin(Initial(shared=shared), Teachers(), network)

    def key(seed: int, purpose: int) -> jax.Array:
        of_seed = jax.random.key(np.uint32(seed), impl=GENERATOR)
        return jax.random.fold_in(jax.random.fold_in(of_seed, purpose), np.uint32(stream))

    teachers = origin.teachers.draw(key(seed, TEACHERS), network)
    initial = origin.initial.draw(key(0 if shared else seed, INITIAL), network, teachers)
    for found in (
        draw(origin, seed, stream),
        jax.tree.map(
            lambda each: each[0], jax.vmap(draw, (None, 0, None))(origin, np.array([seed], np.uint32), stream)
        ),
    ):
        np.testing.assert_array_equal(found.key, jax.random.key_data(key(seed, DATA)))
        np.testing.assert_allclose(found.teachers, teachers, rtol=1e-5)
        np.testing.assert_allclose(found.state.weights, initial.weights, rtol=1e-5)


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
