"""`simulate`: from an experiment to labelled arrays."""

import numpy as np
import pytest

from gatednet import Save, SettingError, simulate, with_values
from gatednet.simulation import LARGEST_SEED
from tests.gatednet.tools import SMALL

pytestmark = pytest.mark.optimized

SAVE = Save(("loss", "loss_after_switch", "loss_every_step"), 10)


def test_dimensions_and_coordinates() -> None:
    runs = simulate(SMALL, SAVE, [3, 8])
    assert runs.loss.dims == ("seed", "step")
    assert runs.loss_after_switch.dims == ("seed", "block", "after_switch")
    assert runs.loss_every_step.dims == ("seed", "every_step")
    assert runs.result.dims == ("seed",)
    assert runs.seed.values.tolist() == [3, 8]
    assert runs.step.values.tolist() == [0, 10, 20, 30, 40]
    np.testing.assert_allclose(runs.time, [0, 0.1, 0.2, 0.3, 0.4])
    assert runs.after_switch.values.tolist() == [1, 2, 3, 4, 5]
    assert runs.every_step.values.tolist() == list(range(40))
    assert runs.loss.dtype == np.float32
    assert runs.result.attrs["flag_values"] == [0, 1]
    assert runs.result.attrs["flag_meanings"] == "completed diverged"
    assert runs.result_step.values.tolist() == [40, 40]


def test_one_seed_has_no_dimension_and_the_same_numbers() -> None:
    one = simulate(SMALL, SAVE, 8)
    assert one.loss.dims == ("step",)
    assert int(one.seed) == 8
    np.testing.assert_array_equal(one.loss, simulate(SMALL, SAVE, [3, 8]).loss.sel(seed=8))


def test_precisions_start_from_the_same_numbers() -> None:
    save = Save(("weights", "teachers", "loss"), 40)
    single, double = (simulate(SMALL, save, precision=each) for each in ("float32", "float64"))
    assert double.weights.dtype == np.float64
    for name in ("weights", "teachers"):
        np.testing.assert_allclose(single[name][0], double[name][0], rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(single.loss, double.loss, rtol=1e-5)


def test_all_seeds_of_32_bits() -> None:
    runs = simulate(SMALL, SAVE, [0, LARGEST_SEED])
    assert np.all(np.isfinite(runs.loss))
    assert np.all(runs.loss[0] != runs.loss[1])


@pytest.mark.parametrize(
    ("seeds", "text"),
    [
        ([], "there are no seeds, allowed are one or more"),
        (-1, "seed is -1, allowed are whole numbers from 0 to 4294967295"),
        (2**32, "seed is 4294967296, allowed are whole numbers from 0 to 4294967295"),
        ([0, -1], "seed is -1, allowed are whole numbers from 0 to 4294967295"),
        ([True], "seed is True, allowed are whole numbers from 0 to 4294967295"),
    ],
)
def test_refused_seeds(seeds: int | list[int], text: str) -> None:
    with pytest.raises(SettingError) as refusal:
        simulate(SMALL, SAVE, seeds)
    assert str(refusal.value) == text


def test_unknown_precision() -> None:
    with pytest.raises(SettingError, match=r"^precision is 'half', allowed is one of 'float32', 'float64'$"):
        simulate(SMALL, SAVE, precision="half")


def test_an_experiment_is_left_as_it_was() -> None:
    before = with_values(SMALL, {})
    simulate(SMALL, SAVE)
    assert before == SMALL


@pytest.mark.parametrize("lane", [1, 2, 5])
def test_narrow_lanes_give_the_same_numbers_up_to_rounding(lane: int) -> None:
    wide, narrow = simulate(SMALL, SAVE, [3, 8, 1]), simulate(SMALL, SAVE, [3, 8, 1], lane=lane)
    for name in wide.data_vars:
        np.testing.assert_allclose(narrow[name], wide[name], rtol=1e-4, atol=1e-6, err_msg=str(name))


def test_a_lane_without_runs_is_refused() -> None:
    with pytest.raises(SettingError, match=r"^lane is 0, allowed is a whole number, at least 1$"):
        simulate(SMALL, SAVE, lane=0)
