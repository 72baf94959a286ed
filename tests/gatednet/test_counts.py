"""Divisions of counts, and loops that gather results."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatednet.arrays.counts import quotient, remainder
from gatednet.engine.loop import for_each, gathered
from gatednet.times import MOST_STEPS

SIZES = st.lists(st.integers(1, MOST_STEPS), min_size=1, max_size=5)


@given(st.integers(0, MOST_STEPS), SIZES)
def test_counts_are_divided_as_by_numpy(count: int, sizes: list[int]) -> None:
    several = np.asarray(sizes, np.int32)
    for number in (count, np.int32(count), jnp.int32(count)):
        np.testing.assert_array_equal(quotient(number, several), count // several)
        np.testing.assert_array_equal(remainder(number, several), count % several)
        assert quotient(number, several).dtype == np.int32
    np.testing.assert_array_equal(remainder(jnp.asarray(several), 7), several % 7)
    np.testing.assert_array_equal(quotient(several[:, None], several), several[:, None] // several)


@pytest.mark.parametrize("number", [1, 2, 7])
def test_turns_are_gathered_as_by_a_scan(number: int) -> None:
    turns = []

    def turn(place: jax.Array, carry: jax.Array) -> tuple[jax.Array, dict[str, jax.Array]]:
        turns.append(place)
        return carry * 2 + place, {"carry": carry, "place": place}

    found = jax.jit(lambda carry: gathered(turn, carry, number))(jnp.ones(3, jnp.int32))
    assert len(turns) == 1
    places = jnp.arange(number, dtype=jnp.int32)
    expected = jax.lax.scan(lambda carry, place: turn(place, carry), jnp.ones(3, jnp.int32), places)
    jax.tree.map(np.testing.assert_array_equal, found, expected)


@pytest.mark.parametrize("count", [0, 1, 3])
def test_what_is_not_gathered_is_zero(count: int) -> None:
    given = np.arange(1.0, 7.0).reshape(3, 2)
    found = jax.jit(lambda count: for_each(lambda each: each * 10, given, count))(count)
    np.testing.assert_array_equal(found, np.where(np.arange(3)[:, None] < count, given * 10, 0))
