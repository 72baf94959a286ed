"""Starts and teachers of the published runs: the recipe gives the numbers of the authors' runs, bit for bit."""

from __future__ import annotations

import hashlib

import jax
import numpy as np
import pytest
import scipy.stats

from gatednet import (
    Blocked,
    DeepLinear,
    Experiment,
    GatedLinear,
    Phase,
    Phases,
    Population,
    PublishedInitial,
    PublishedTeachers,
    Save,
    SettingError,
    Task,
    draw,
    simulate,
    with_values,
)
from gatednet.random import published

pytestmark = pytest.mark.optimized

PUBLISHED = Experiment(initial=PublishedInitial(), teachers=PublishedTeachers())
# The SHA-256 of arrays of a run of the authors' released code (github.com/aproca/neural_task_abstraction), single
# precision: weights of the ten gated networks (10, 2, 10, 20), their teachers (2, 10, 20), both layers of the ten
# networks without gates, and the weights of the one run with four paths (4, 10, 20). Paths are in an order in which the
# code did not sort them, see `in_one_order`.
DIGESTS = {
    "gated": "c56ba4a533c1d627db28d108d70e1f6fb1b912c9e302e1e4727327f08a0aac4b",
    "teachers": "0e40857b6b6eac5bcb581f87238a36784aa2867009069a719fbb13bea4549b8b",
    "first": "6c2914a87abb11ecf08c2d74dedae4455ddf526fe5b560cb05592715b0fd7b6b",
    "second": "4340ab636f360e1dd75f46033634b048de87aac8b015c7480e7cc66009cfcb92",
    "four": "8aa420928d3ac9ae1d59c3ab6ac6e4d016f46b87cd6b6bbfdd11da89811d76c1",
}
# The one entry of each layer that is another in the run of the code, by three units in the last place, and its value
# there: within a program rounding depends on what is compiled together.
LAST_BITS = {"first": ((3, 6, 7), 0.0019389219814911485), "second": ((0, 3, 3), -0.0018220781348645687)}


def digest(array: np.ndarray) -> str:
    return hashlib.sha256(np.ascontiguousarray(array, "<f4").tobytes()).hexdigest()


def in_one_order(weights: np.ndarray) -> np.ndarray:
    """The paths of each run by their first weight."""
    return np.stack([run[np.argsort(run[:, 0, 0])] for run in weights])


def drawn(experiment: Experiment, seeds: range = range(10)) -> list[np.ndarray]:
    problems = [draw(experiment, seed) for seed in seeds]
    return [np.stack([np.asarray(problem.state[name]) for problem in problems]) for name in ("weights", "gates")]


def test_the_ten_starts_are_the_published_ones() -> None:
    weights, gates = drawn(PUBLISHED)
    assert digest(in_one_order(weights)) == DIGESTS["gated"]
    assert np.all(gates == 0.5)
    # The first weights of the first run, as the authors' code has them.
    first = in_one_order(weights)[0, :, 0, 0]
    np.testing.assert_array_equal(first, np.float32([0.0006939262966625392, 0.00086858996655792]))


def test_the_teachers_are_the_published_ones() -> None:
    teachers = np.asarray(draw(PUBLISHED).teachers)
    assert digest(teachers) == DIGESTS["teachers"]
    np.testing.assert_allclose(teachers.reshape(20, 20) @ teachers.reshape(20, 20).T, np.eye(20) / 20, atol=1e-8)
    in_units = np.asarray(draw(with_values(PUBLISHED, {"teachers.scale": "unit"}), 7).teachers)
    np.testing.assert_allclose(in_units, teachers * np.sqrt(20), rtol=1e-6)
    assert np.array_equal(published.rotation(5, 7), scipy.stats.ortho_group.rvs(7, random_state=5).T)


def test_the_starts_of_two_layers_are_the_published_ones_but_for_two_last_bits() -> None:
    first, second = drawn(with_values(PUBLISHED, {"network": DeepLinear()}))
    for name, array in (("first", first[:, 0]), ("second", second)):
        (place, value), changed = LAST_BITS[name], np.array(array)
        assert changed[place] == pytest.approx(value, rel=4e-7)
        changed[place] = value
        assert digest(changed) == DIGESTS[name]


def test_the_start_of_a_single_run_with_four_paths_is_the_published_one() -> None:
    one = with_values(PUBLISHED, {"network": GatedLinear(paths=4), "initial.keys": 1})
    weights, _ = drawn(one, range(2))
    assert digest(weights[0]) == DIGESTS["four"]
    assert np.array_equal(weights[0], weights[1])


def test_teachers_that_are_not_rotated_lie_along_the_axes() -> None:
    """As those of the published Figure A1."""
    teachers = np.asarray(draw(with_values(PUBLISHED, {"teachers.rotated": False})).teachers).reshape(20, 20)
    np.testing.assert_allclose(teachers, np.eye(20) / np.sqrt(20), rtol=1e-6)


@pytest.mark.parametrize(("way", "dtype"), [("direct", np.float32), ("direct in double", np.float64)])
def test_a_single_start_can_be_drawn_from_the_key_itself(way: str, dtype: type) -> None:
    changes = {"initial.key": 987777942, "initial.keys": 1, "initial.way": way}
    one = with_values(PUBLISHED, changes)
    weights, _ = drawn(one, range(2))
    with jax.threefry_partitionable(False), jax.enable_x64(True):
        expected = 0.01 / np.sqrt(20) * np.asarray(jax.random.normal(jax.random.key(987777942), (2, 10, 20), dtype))
    np.testing.assert_allclose(weights[0], expected, rtol=1e-6)
    assert np.array_equal(weights[0], weights[1])
    with pytest.raises(
        SettingError, match=r"PublishedInitial\.way is 'direct.*', allowed with 10 keys and random weights"
    ):
        with_values(PUBLISHED, {"initial.way": way})
    with pytest.raises(SettingError, match=r"allowed with 1 keys and random weights, gates is 'split'"):
        with_values(one, {"network": DeepLinear()})


def test_seeds_go_round_the_starts_and_no_setting_of_the_process_matters() -> None:
    weights, _ = drawn(PUBLISHED, range(23))
    assert np.array_equal(weights[13], weights[3])
    assert np.array_equal(weights[20:], weights[:3])
    published.starts.cache_clear()
    with jax.threefry_partitionable(False), jax.enable_x64(True), jax.default_prng_impl("rbg"):
        again = np.asarray(draw(PUBLISHED, 3).state.weights)
    assert again.dtype == np.float64
    assert np.array_equal(again, weights[3])
    bigger = np.asarray(draw(with_values(PUBLISHED, {"initial.weight_scale": 0.03}), 3).state.weights)
    np.testing.assert_allclose(bigger, 3 * weights[3], rtol=1e-6)


def test_words_are_those_of_the_former_generator() -> None:
    with jax.threefry_partitionable(False):
        for number, count in ((0, 1), (8897, 10), (2**32 - 1, 7)):
            key = jax.random.key(number)
            mine = np.asarray([0, number], np.uint32)
            np.testing.assert_array_equal(published.words(mine, count), jax.random.bits(key, (count,)))
            keys = jax.random.key_data(jax.random.split(key, count))
            np.testing.assert_array_equal(published.split(mine, count), keys)
            # Of an odd number of values, too.
            np.testing.assert_array_equal(published.normal(mine, (3, 5)), jax.random.normal(key, (3, 5), np.float32))


def test_runs_take_the_starts_of_their_seeds() -> None:
    experiment = with_values(PUBLISHED, {"inputs": Population(), "steps": 20})
    runs = simulate(experiment, ("weights",), range(9, 13), every=20, reduced=False).weights
    for place, seed in enumerate(range(9, 13)):
        start = draw(experiment, seed % 10).state.weights
        np.testing.assert_array_equal(runs.isel(seed=place, step=0).transpose("path", "output", "input"), start)


def test_too_many_starts_and_teachers_are_refused() -> None:
    with pytest.raises(SettingError, match=r"PublishedInitial\.keys is 1000000, allowed are at most 41838 with 401"):
        with_values(PUBLISHED, {"initial.keys": 1_000_000, "network": GatedLinear(paths=1, inputs=40)})
    with pytest.raises(SettingError, match=r"tasks × network\.outputs = 30 orthogonal rows"):
        with_values(PUBLISHED, {"teachers.tasks": 3})


def test_floors_of_blocks_reach_everything_that_counts_them() -> None:
    short = {"curriculum.block_length": 0.02, "curriculum.rounding": "floor", "steps": 60, "inputs": Population()}
    experiment = with_values(PUBLISHED, short)
    # 0.02 // 0.001 is 20.0, and 0.02 // 0.0001 is 199.0.
    assert (experiment.block_steps, experiment.blocks) == (20, 3)
    fine = with_values(experiment, {"dt": 0.0001, "steps": 600})
    assert (fine.block_steps, fine.blocks) == (199, 4)
    assert fine.block_duration == pytest.approx(0.0199)
    assert with_values(fine, {"curriculum.rounding": "nearest"}).block_steps == 200
    loss = simulate(fine, Save(("time_to_criterion",), 600), 0)
    assert loss.time_to_criterion.sizes["block"] == 4
    # No block meets the criterion: each needs its own length, in time constants of the weights.
    np.testing.assert_allclose(loss.time_to_criterion[:3], 0.0199 / 1.3, rtol=1e-5)


def test_phases_count_blocks_as_they_are_told() -> None:
    phases = (Phase((Task(0),), 1), Phase((Task(1),)))
    changes = {"curriculum": Phases(1.0, phases, rounding="floor"), "steps": 3000}
    assert with_values(PUBLISHED, changes).block_steps == 999
    assert Blocked(1.0) == Blocked(1.0, rounding="nearest")
