"""Curricula are counted in whole steps, whatever floats make of block lengths."""

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatednet import Blocked, Save, simulate, with_values
from gatednet.curricula import LONGEST_BLOCK, Schedule
from tests.gatednet.tools import SMALL


def steps_of(block_length: float, dt: float) -> int:
    """The length of a block in steps."""
    return int(Blocked(block_length=block_length).schedule(dt).block_steps)


@pytest.mark.parametrize(
    ("block_length", "dt", "steps"),
    # Quotients that floor division makes one too small among them.
    [
        (0.3, 0.1, 3),
        (0.7, 1e-3, 700),
        (0.1, 1e-3, 100),
        (1.0, 0.1, 10),
        (0.6, 0.2, 3),
        (1.0, 1e-3, 1000),
        (1.0, 0.3, 3),
    ],
)
def test_blocks_are_rounded_to_steps(block_length: float, dt: float, steps: int) -> None:
    assert steps_of(block_length, dt) == steps


@given(st.integers(1, 10**6), st.floats(1e-6, 1e3))
def test_multiples_of_the_step_are_exact(steps: int, dt: float) -> None:
    assert steps_of(steps * dt, dt) == steps


@given(st.integers(1, 10**6), st.integers(1, 6))
def test_decimal_fractions_are_exact(steps: int, digits: int) -> None:
    # As people write them: 123 steps of "1e-3" in a block of "0.123".
    assert steps_of(float(f"{steps}e-{digits}"), float(f"1e-{digits}")) == steps


def test_every_block_has_a_step_and_none_overflows() -> None:
    assert steps_of(1.0, 1.0) == 1
    assert steps_of(1e300, 1e-3) == LONGEST_BLOCK


def test_lengths_of_many_runs() -> None:
    lengths = Blocked(block_length=0.1).schedule(np.array([0.1, 0.05, 0.03])).block_steps
    assert lengths.tolist() == [1, 2, 3]
    assert lengths.dtype == np.int32


SCHEDULE = Schedule(jnp.array([3, 5]))


def test_where_a_step_lies() -> None:
    steps = range(12)
    curriculum = Blocked()
    blocks = np.array([curriculum.block(SCHEDULE, jnp.int32(step)) for step in steps])
    places = np.array([curriculum.step_in_block(SCHEDULE, jnp.int32(step)) for step in steps])
    np.testing.assert_array_equal(blocks.T, [[0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3], [0] * 5 + [1] * 5 + [2] * 2])
    np.testing.assert_array_equal(places.T, [[0, 1, 2] * 4, [0, 1, 2, 3, 4] * 2 + [0, 1]])
    # The next switch of the run that comes first.
    ends = [int(curriculum.next_change(SCHEDULE, jnp.int32(step))) for step in steps]
    assert ends == [3, 3, 3, 5, 5, 6, 9, 9, 9, 10, 12, 12]


@pytest.mark.parametrize("order", [(), (1,), (2, 0, 1), (0, 0, 1)])
def test_tasks_come_in_their_order(order: tuple[int, ...]) -> None:
    curriculum = Blocked(order=order)
    for step in range(30):
        weights = curriculum.task_weights(SCHEDULE, jnp.int32(step), 3)
        tasks = [(order or (0, 1, 2))[step // length % len(order or (0, 1, 2))] for length in (3, 5)]
        np.testing.assert_array_equal(weights, np.eye(3)[tasks].T)


def test_switches_come_at_exact_multiples() -> None:
    # The loss on the batch of a step jumps at a switch, and only there.
    experiment = with_values(
        SMALL,
        {"curriculum.block_length": 0.3, "dt": 0.1, "steps": 30, "timescales.weights": 30.0, "timescales.gates": 30.0},
    )
    saved = simulate(experiment, Save(("loss_every_step", "effective_map", "teachers"), 1), precision="float64")
    error = (saved.effective_map - saved.teachers).isel(step=slice(None, -1))
    losses = 0.5 * (error**2).sum(("output", "input")).transpose("step", "task").values
    task = np.arange(30) // 3 % 2
    np.testing.assert_allclose(saved.loss_every_step, losses[np.arange(30), task], rtol=1e-12)
    assert np.all(np.abs(losses[:, 0] / losses[:, 1] - 1) > 1e-6)
