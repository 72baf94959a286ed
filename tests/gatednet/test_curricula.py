"""Curricula are counted in whole steps, whatever floats make of block lengths."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatednet import (
    Blocked,
    ChosenRows,
    Experiment,
    Interleaved,
    Mixture,
    Objective,
    Phase,
    Phases,
    Released,
    RowsInTurn,
    Save,
    SettingError,
    Smooth,
    Sum,
    Task,
    simulate,
    with_values,
)
from gatednet.curricula import targets
from gatednet.curricula.base import Schedule
from gatednet.times import MOST_STEPS
from tests.gatednet.tools import SMALL, run_many


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
    assert steps_of(1e300, 1e-3) == MOST_STEPS


def test_lengths_of_many_runs() -> None:
    lengths = Blocked(block_length=0.1).schedule(np.array([0.1, 0.05, 0.03])).block_steps
    assert lengths.tolist() == [1, 2, 3]
    assert lengths.dtype == np.int32


SCHEDULE = Schedule(jnp.array([3, 5]))
# The two words of the keys of two runs.
KEY = jnp.array([[1, 2], [3, 4]], jnp.uint32)


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
        weights = curriculum.task_weights(SCHEDULE, jnp.int32(step), KEY, (3, 2))
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


def weights_at(curriculum, steps: int, tasks: int = 3, outputs: int = 2) -> np.ndarray:
    """The weights at each step, (steps, tasks, [outputs,] runs)."""
    at = jax.vmap(lambda step: curriculum.task_weights(SCHEDULE, step, KEY, (tasks, outputs)))
    return np.asarray(jax.jit(at)(jnp.arange(steps, dtype=jnp.int32)))


def test_phases_show_their_targets_in_turn() -> None:
    phases = Phases(
        phases=(
            Phase(targets.parts(3), blocks=4),
            Phase((Sum((2, 0)), Sum((0, 1), mixing=0.25)), blocks=2),
            Phase((Task(1),)),
        )
    )
    parts = np.eye(3)
    expected = [*parts, parts[0], [0.5, 0, 0.5], [0.25, 0.75, 0], parts[1], parts[1], parts[1]]
    for run, length in enumerate((3, 5)):
        found = weights_at(phases, 8 * length)[..., run]
        np.testing.assert_array_equal(found, np.repeat(expected[:8], length, axis=0))
    assert phases.isotropic
    ends = [int(phases.next_change(SCHEDULE, jnp.int32(step))) for step in (0, 3, 4, 5)]
    assert ends == [3, 5, 5, 6]


def test_rows_of_several_tasks() -> None:
    phases = Phases(phases=(Phase((Task(2), RowsInTurn((0, 2)), RowsInTurn((1, 0, 2)))),))
    assert not phases.isotropic
    found = weights_at(phases, 9, outputs=4)[::3, ..., 0]
    # Which task each of the four outputs is shown.
    np.testing.assert_array_equal(found.argmax(axis=1), [[2, 2, 2, 2], [0, 2, 0, 2], [1, 0, 2, 1]])
    np.testing.assert_array_equal(found.sum(axis=1), 1)


def test_rows_of_chosen_tasks() -> None:
    rows = ChosenRows((0, 2, 1.25, 2))
    expected = [[1, 0, 0, 0], [0, 0, 0.75, 0], [0, 1, 0.25, 1]]
    np.testing.assert_array_equal(rows.weights(3, 4)[..., 0], expected)
    assert rows.named == (0, 0, 2, 2, 1, 2, 2, 2)
    phases = Phases(phases=(Phase((Task(1), rows)),))
    assert not phases.isotropic
    np.testing.assert_array_equal(weights_at(phases, 6, outputs=4)[3, ..., 0], expected)


def test_mixtures_of_all_tasks() -> None:
    phases = Phases(phases=(Phase((Mixture((0.2, -1, 0.5)), Task(1))),))
    assert phases.isotropic
    found = weights_at(phases, 6)[..., 0]
    np.testing.assert_allclose(found[[0, 3]], [[0.2, -1, 0.5], [0, 1, 0]], rtol=1e-6)


def test_targets_vary_within_one_compilation() -> None:
    """A run among others, each with rows and a mixture of its own, is the run that has them alone."""
    phases = Phases(block_length=0.1, phases=(Phase((ChosenRows((0, 0)), Mixture((1, 0)))),))
    experiment = with_values(SMALL, {"curriculum": phases, "network.gates": "neuron"})
    places = ("0.tasks.0", "0.tasks.1", "1.shares.0", "1.shares.1")
    cases = np.array([[0, 1, 0.5, 0.5], [1, 0, 0.2, 0.7], [0.5, 1, 1, -1]])
    values = {f"curriculum.phases.0.targets.{place}": each for place, each in zip(places, cases.T, strict=True)}
    together = run_many(experiment, Save(("loss",), 10), values, precision="float64")["loss"]
    assert np.ptp(together[:, -1]) > 1e-3
    for case, found in zip(cases, together, strict=True):
        alone = Phases(0.1, (Phase((ChosenRows(case[:2]), Mixture(case[2:]))),))
        expected = simulate(with_values(experiment, {"curriculum": alone}), ("loss",), every=10, precision="float64")
        np.testing.assert_allclose(found, expected.loss, rtol=1e-12)


@given(st.integers(1, 6), st.integers(1, 7), st.floats(0, 1))
def test_targets_are_averages_of_tasks(tasks: int, outputs: int, mixing: float) -> None:
    for target in (
        *targets.parts(tasks),
        *targets.sums(targets.pairs(tasks), mixing),
        *targets.sums(targets.neighbours(tasks)),
        *targets.rows_in_turn(targets.neighbours(tasks)),
    ):
        target.check(tasks)
        weights = np.asarray(target.weights(tasks, outputs))
        assert weights.shape == (tasks, 1) if target.whole else (tasks, outputs, 1)
        if not (isinstance(target, Sum) and len(set(target.tasks)) == 1):
            np.testing.assert_allclose(weights.sum(axis=0), 1, rtol=1e-6)


def test_groups_of_tasks() -> None:
    assert targets.neighbours(3) == ((2, 0), (0, 1), (1, 2))
    assert targets.pairs(4) == ((0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3))


@pytest.mark.parametrize(
    ("build", "text"),
    [
        (Phases, "Phases.phases is empty, allowed are one or more phases"),
        (lambda: Phases(phases=(Phase(),)), "Phases.phases.0.targets is empty, allowed are one or more targets"),
        (
            lambda: Phases(phases=(Phase((Task(0),)), Phase((Task(1),)))),
            "Phases.phases.0.blocks is 0, allowed in the last phase only",
        ),
        (
            lambda: Phases(phases=(Phase((Task(0),)),) * 2),
            "Phases.phases.0.blocks is 0, allowed in the last phase only",
        ),
        (lambda: Phases(phases=(Phase((Task(3),)),)), "Task names task 3, allowed are 0 to 1"),
        (lambda: Phases(phases=(Phase((Sum(()),)),)), "Sum names no task, allowed are one or more of 0 to 1"),
        (
            lambda: Phases(phases=(Phase((ChosenRows(),)),)),
            "ChosenRows names no task, allowed are one or more of 0 to 1",
        ),
        (lambda: Phases(phases=(Phase((ChosenRows((0, 1.5)),)),)), "ChosenRows names task 2, allowed are 0 to 1"),
        (
            lambda: Phases(phases=(Phase((ChosenRows((0, 1, 1)),)),)),
            "ChosenRows names teachers for 3 rows, allowed is 2",
        ),
        (lambda: Phases(phases=(Phase((Mixture((1,)),)),)), "Mixture has 1 weights, allowed is 2, one for each task"),
        (lambda: Smooth(order=(2,)), "Smooth.order names task 2, allowed are 0 to 1"),
    ],
)
def test_curricula_that_do_not_go_with_the_tasks(build, text: str) -> None:
    with pytest.raises(SettingError) as refusal:
        with_values(SMALL, {"curriculum": build()})
    assert str(refusal.value) == text


def test_smooth_switching_by_hand() -> None:
    curriculum = Smooth(hardness=2.0, order=(0, 2, 1))
    found = weights_at(curriculum, 40)
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-6)
    for run, length in enumerate((3, 5)):
        for step in range(40):
            for place, task in enumerate((0, 2, 1)):
                apart = abs((step / length) % 3 - place - 0.5)
                apart = min(apart, 3 - apart, 1.0)
                wave = np.cos(np.pi * apart)
                expected = 0.5 * (1 + np.sign(wave) * abs(np.sin(np.pi * wave / 2)) ** 0.5)
                assert found[step, task, run] == pytest.approx(expected, abs=2e-5)


def test_long_blocks_give_way_as_short_ones_do() -> None:
    longest = Schedule(jnp.array([MOST_STEPS]))
    found = Smooth().task_weights(longest, jnp.int32(MOST_STEPS // 2), KEY, (3, 2))
    np.testing.assert_array_equal(found[:, 0], [1, 0, 0])


def test_hard_switching_is_in_blocks() -> None:
    # The step in the middle of two blocks is shared by both; no other is.
    found = weights_at(Smooth(hardness=1e4), 60)[..., 1]
    blocked = weights_at(Blocked(), 60)[..., 1]
    inside = np.arange(60) % 5 != 0
    np.testing.assert_allclose(found[inside], blocked[inside], atol=1e-3)
    np.testing.assert_allclose(weights_at(Smooth(order=(1,)), 12)[:, 1], 1)


def test_interleaved_tasks_are_equally_likely_and_their_own_for_each_run() -> None:
    steps = 3000
    found = weights_at(Interleaved(), steps).argmax(axis=1)
    for run in range(2):
        counts = np.bincount(found[:, run], minlength=3)
        # Four standard deviations of a binomial number.
        assert np.all(np.abs(counts - steps / 3) < 4 * np.sqrt(steps * 2 / 9))
        repeats = np.mean(found[1:, run] == found[:-1, run])
        assert abs(repeats - 1 / 3) < 4 * np.sqrt(2 / 9 / steps)
    assert abs(np.mean(found[:, 0] == found[:, 1]) - 1 / 3) < 4 * np.sqrt(2 / 9 / steps)
    assert int(Interleaved().next_change(SCHEDULE, jnp.int32(7))) == 8


def test_penalties_end_when_they_are_released() -> None:
    experiment = with_values(SMALL, {"objective": Objective(norm=2.0, nonnegativity=0.5), "steps": 40, "dt": 0.01})
    free = with_values(experiment, {"objective": Objective(norm=0.0, nonnegativity=0.0)})
    released = with_values(experiment, {"objective": Released(norm=2.0, nonnegativity=0.5, until=0.25)})
    never = with_values(released, {"objective.until": 0.0})
    save = Save(("weights", "neuron_gates"), 1)
    runs = {
        name: simulate(each, save, 3, precision="float64")
        for name, each in {"kept": experiment, "free": free, "released": released, "never": never}.items()
    }
    assert runs["never"].equals(runs["free"])
    before = {"step": slice(0, 26)}
    assert runs["released"].isel(before).equals(runs["kept"].isel(before))
    assert not runs["released"].isel(step=26).equals(runs["kept"].isel(step=26))


class Backwards(Blocked):
    """Blocks of all tasks, the last one first."""

    def tasks_in_order(self, tasks: int) -> jax.Array:
        return jnp.arange(tasks - 1, -1, -1, dtype=jnp.int32)


class Short(Blocked):
    """A curriculum with weights of one task."""

    def task_weights(self, schedule, step, key, shape):
        return jnp.ones((1, 1))


def test_an_own_order_of_tasks_is_kept() -> None:
    tried = Experiment(steps=100, curriculum=Blocked(0.1, order=(1, 0)))
    found = simulate(with_values(tried, {"curriculum": Backwards(0.1)}), ("loss",), every=10)
    np.testing.assert_array_equal(found.loss, simulate(tried, ("loss",), every=10).loss)


def test_weights_of_another_number_of_tasks_are_refused() -> None:
    with pytest.raises(
        SettingError, match=r"^curriculum Short: task_weights gives weights of 1 tasks, allowed are .* 2"
    ):
        simulate(Experiment(steps=10, curriculum=Short()), ("loss",), every=10)
