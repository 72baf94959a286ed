"""A shuffled order is a bijection, another one for every run and epoch, and a place may go anywhere."""

import functools
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from gatednet.random.shuffle import orders, shuffled, sides

pytestmark = pytest.mark.optimized


def keys(runs: int, seed: int = 0) -> jax.Array:
    """The two words of the keys of some runs, (2, runs)."""
    return jax.random.bits(jax.random.key(seed), (2, runs), jnp.uint32)


def whole(size: int, runs: int = 1, epochs: int = 1, seed: int = 0) -> np.ndarray:
    """Whole orders, (epochs, runs, size)."""
    return at(jnp.arange(size, dtype=jnp.uint32), keys(runs, seed), epochs, size)


def at(places: jax.Array, key: jax.Array, epochs: int, size: int) -> np.ndarray:
    """What stands at some places of the orders of the first epochs, (epochs, runs, places)."""
    return np.asarray(_compiled(places, key, epochs, size))


@functools.partial(jax.jit, static_argnums=(2, 3))
def _compiled(places: jax.Array, key: jax.Array, epochs: int, size: int) -> jax.Array:
    """As in a run, in one program: operation by operation each would be compiled for itself at every size."""
    epoch = jnp.arange(epochs, dtype=jnp.uint32)
    return shuffled(orders(key, epoch, size), epoch[:, None, None], places, size)


# Each size compiles a program of its own.
@settings(max_examples=15)
@given(st.integers(1, 3000), st.integers(0, 2**32 - 1))
def test_every_order_has_every_number_once(size: int, seed: int) -> None:
    made = whole(size, runs=2, epochs=2, seed=seed)
    assert made.shape == (2, 2, size)
    np.testing.assert_array_equal(np.sort(made, axis=-1), np.broadcast_to(np.arange(size), made.shape))


# One, squares and their neighbours, primes, powers of two, and the numbers of the images of the digits and of MNIST.
@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 8, 9, 10, 15, 16, 17, 97, 1024, 1297, 1597, 60_000])
def test_chosen_sizes_have_every_number_once(size: int) -> None:
    np.testing.assert_array_equal(np.sort(whole(size)[0, 0]), np.arange(size))


def test_orders_differ_between_runs_and_epochs() -> None:
    size = 1000
    made = whole(size, runs=3, epochs=3).reshape(9, size)
    for one in range(9):
        for other in range(one):
            # By chance one place is the same; seven or more are so in one of 12,000 pairs.
            assert np.sum(made[one] == made[other]) < 7


def test_an_order_belongs_to_its_key_and_epoch_whatever_stands_beside() -> None:
    together = whole(50, runs=4, epochs=3)
    key = keys(4)[:, 2:3]
    one = jnp.ones(1, jnp.uint32)
    alone = shuffled(orders(key, one, 50), jnp.zeros((1, 1), jnp.uint32), jnp.arange(50, dtype=jnp.uint32), 50)
    np.testing.assert_array_equal(alone[0], together[1, 2])
    some = shuffled(orders(key, one, 50), jnp.zeros((1, 1), jnp.uint32), jnp.array([49, 7], jnp.uint32), 50)
    np.testing.assert_array_equal(some[0], together[1, 2, [49, 7]])


def images(size: int, places: tuple[int, ...], many: str) -> np.ndarray:
    """What stands at some places of orders of many runs or epochs, forty for each number, (orders, places)."""
    number = 40 * size
    runs, epochs = (number, 1) if many == "runs" else (1, number)
    return at(jnp.asarray(places, jnp.uint32), keys(runs), epochs, size).reshape(number, len(places))


@pytest.mark.parametrize("size", [97, 1000, 1297])
@pytest.mark.parametrize("many", ["runs", "epochs"])
def test_a_place_may_go_anywhere_with_equal_chance(size: int, many: str) -> None:
    for image in images(size, (0, 1, size // 2, size - 1), many).T:
        assert scipy.stats.chisquare(np.bincount(image, minlength=size)).pvalue > 1e-4


@pytest.mark.parametrize("many", ["runs", "epochs"])
def test_classes_of_a_batch_vary_as_those_of_a_sample_without_replacement(many: str) -> None:
    # Sorted examples, 1297 of ten classes as the digits have them, in batches of 100.
    size, classes, batch, number = 1297, 10, 100, 100
    made = whole(size, **{many: number}).reshape(number, size)[:, : size // batch * batch] * classes // size
    counts = (made.reshape(-1, batch)[..., None] == np.arange(classes)).sum(axis=1)
    shares = np.bincount(np.arange(size) * classes // size) / size
    expected = batch * shares * (1 - shares) * (size - batch) / (size - 1)
    # The variance over all classes, whose standard error is that of as many squares with one constraint.
    found = np.mean((counts - batch * shares) ** 2, axis=0).sum() / expected.sum()
    assert abs(found - 1) < 4 * math.sqrt(2 / (len(counts) * (classes - 1)))


def test_the_next_number_comes_next_as_often_as_by_chance() -> None:
    # Once in an order, as a Poisson variate, whose sum over orders has the root of their number as standard error.
    size, runs = 1297, 400
    following = np.sum(np.diff(whole(size, runs=runs)[0], axis=-1) == 1)
    assert abs(following - runs) < 4 * math.sqrt(runs)


@given(st.integers(1, 10**6))
def test_a_grid_has_room_and_little_besides(size: int) -> None:
    height, width = sides(size)
    assert size <= height * width
    root = math.isqrt(size - 1) + 1
    # Not far from a square, so that both halves of a place are random, and never larger than the square.
    assert height * width <= root**2
    assert root // 2 <= width <= root <= height <= 2 * root


@pytest.mark.parametrize(
    ("size", "shape"), [(1, (1, 1)), (2, (2, 1)), (9, (3, 3)), (1297, (59, 22)), (60_000, (250, 240)), (16, (4, 4))]
)
def test_known_grids(size: int, shape: tuple[int, int]) -> None:
    assert sides(size) == shape
