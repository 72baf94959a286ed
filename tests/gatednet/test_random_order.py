"""Orders of tasks that are drawn for each run."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gatednet import Blocked, RandomOrder, SettingError, from_toml, simulate, to_toml, with_values
from gatednet.curricula.base import Schedule
from tests.gatednet.tools import SMALL

# Blocks of one step, so that steps are blocks; the two words of the keys of two runs.
SCHEDULE = Schedule(jnp.array([1, 1]))
KEY = jnp.array([[1, 2], [3, 4]], jnp.uint32)


def tasks_shown(curriculum: RandomOrder, steps: int, tasks: int, schedule: Schedule = SCHEDULE) -> np.ndarray:
    """The task at each step, (steps, runs)."""
    at = jax.vmap(lambda step: curriculum.task_weights(schedule, step, KEY, (tasks, 2)))
    weights = np.asarray(jax.jit(at)(jnp.arange(steps, dtype=jnp.int32)))
    np.testing.assert_array_equal(weights.sum(axis=1), 1)
    return weights.argmax(axis=1)


def close(found: np.ndarray, shares: np.ndarray) -> None:
    """Assert that numbers of draws are those of some shares, to four standard deviations of a binomial number."""
    number = found.sum()
    assert np.all(np.abs(found - number * shares) < 4 * np.sqrt(number * shares * (1 - shares)))


@pytest.mark.parametrize("skew", [0.0, 1.0, 2.5])
def test_tasks_are_drawn_by_the_law_of_zipf(skew: float) -> None:
    found = tasks_shown(RandomOrder(skew=skew), 6000, 5)
    shares = np.arange(1, 6.0) ** -skew
    for run in range(2):
        close(np.bincount(found[:, run], minlength=5), shares / shares.sum())
    # Each run has an order of its own, and a block does not depend on the one before.
    together = np.mean(found[:, 0] == found[:, 1])
    repeated = np.mean(found[1:, 0] == found[:-1, 0])
    alike = np.sum((shares / shares.sum()) ** 2)
    assert abs(together - alike) < 4 * np.sqrt(alike / 6000)
    assert abs(repeated - alike) < 4 * np.sqrt(alike / 6000)


def test_only_the_first_tasks_are_shown() -> None:
    drawn = tasks_shown(RandomOrder(skew=1.0, shown=3.0), 3000, 7)
    shares = np.array([1, 1 / 2, 1 / 3]) / (11 / 6)
    close(np.bincount(drawn[:, 0], minlength=3), shares)
    in_turn = tasks_shown(RandomOrder(randomness=0.0, shown=3.0), 8, 7)
    np.testing.assert_array_equal(in_turn.T, [[0, 1, 2, 0, 1, 2, 0, 1]] * 2)
    # As many as there are, where more are asked for.
    np.testing.assert_array_equal(tasks_shown(RandomOrder(randomness=0.0, shown=9.0), 4, 2)[:, 0], [0, 1, 0, 1])


def test_a_share_of_blocks_is_drawn_and_the_others_come_in_turn() -> None:
    steps = 6000
    found = tasks_shown(RandomOrder(randomness=0.25), steps, 4)
    turn = np.arange(steps) % 4
    for run in range(2):
        # Of the blocks that are drawn a quarter show the task whose turn it is.
        close(np.bincount(found[:, run] == turn, minlength=2), np.array([0.25 * 0.75, 1 - 0.25 * 0.75]))


def test_a_block_shows_one_task() -> None:
    uneven = Schedule(jnp.array([3, 5]))
    blocks = tasks_shown(RandomOrder(), 40, 3)
    found = tasks_shown(RandomOrder(), 15, 3, uneven)
    np.testing.assert_array_equal(found[:, 0], np.repeat(blocks[:5, 0], 3))
    np.testing.assert_array_equal(found[:, 1], np.repeat(blocks[:3, 1], 5))
    ends = [int(RandomOrder().next_change(uneven, jnp.int32(step))) for step in (0, 3, 4, 5)]
    assert ends == [3, 5, 5, 6]


def test_without_randomness_it_is_blocked() -> None:
    saves = ("weights", "gates", "loss")
    found, expected = (
        simulate(with_values(SMALL, {"curriculum": each}), saves, range(3), every=5, precision="float64", kernel="xla")
        for each in (RandomOrder(0.1, randomness=0.0), Blocked(0.1))
    )
    for name in saves:
        np.testing.assert_array_equal(found[name], expected[name])


def test_precision_does_not_change_the_order() -> None:
    experiment = with_values(SMALL, {"curriculum": RandomOrder(0.1, skew=0.7), "steps": 100})
    single, double = (
        simulate(experiment, ("effective_map", "loss"), range(4), every=10, precision=precision)
        for precision in ("float32", "float64")
    )
    np.testing.assert_allclose(single.effective_map, double.effective_map, atol=1e-5)
    np.testing.assert_allclose(single.loss, double.loss, atol=1e-5)


def test_numbers_of_the_order_are_checked_and_written_down() -> None:
    curriculum = RandomOrder(0.5, 0.25, 1.5, 3.0, rounding="floor")
    experiment = with_values(SMALL, {"curriculum": curriculum})
    assert from_toml(to_toml(experiment)) == experiment
    assert from_toml(to_toml(with_values(experiment, {"curriculum.shown": np.inf}))).curriculum.shown == np.inf
    for name, value in {"randomness": 1.5, "skew": -1.0, "shown": 0.5}.items():
        with pytest.raises(SettingError, match=f"RandomOrder.{name} is {value}, allowed is"):
            dataclasses.replace(curriculum, **{name: value})
