import numpy as np
import pytest
import xarray

from gatednet.figures.toolkit import composition
from gatednet.sweeps.catalog import experiment

# Tasks that paths are aligned with in two runs, and the gates that the released code shows in their places: in the
# second run three paths follow each other in a circle, and the first task's path is shown twice.
NEAREST = np.array([[1, 0, 2], [2, 0, 1]])
SHOWN = np.array([[1, 0, 2], [1, 2, 1]])


@pytest.fixture
def runs():
    """Two saves of two runs whose gates are the numbers of their paths."""
    alignment = np.repeat(np.eye(3)[:, NEAREST].transpose(1, 0, 2)[:, None], 2, axis=1)
    alignment[:, -1] *= 0.5
    return xarray.Dataset(
        {
            "alignment": (("seed", "step", "task", "path"), alignment),
            "gates": (("seed", "step", "path"), np.broadcast_to(np.arange(3.0), (2, 2, 3))),
        },
        {"seed": [0, 1], "step": [0, 10]},
    )


def test_gates_are_in_the_order_of_the_released_code(runs):
    shown = composition.as_released(runs)
    np.testing.assert_array_equal(shown.isel(step=0), SHOWN)
    np.testing.assert_array_equal(composition.wrongly_sorted(runs), [0, 1])


def test_paths_are_aligned_with_the_task_that_they_are_nearest_to(runs):
    np.testing.assert_array_equal(composition.own_as_released(runs), [[1, 0.5], [1, 0.5]])


@pytest.mark.parametrize("name", ["fig3-sums", "fig3-rows"])
def test_the_released_code_meets_switches_later_in_each_third_of_the_run(name):
    """Its records are a little more than three steps apart, so that they fall back by a step in ten blocks."""
    after = composition.steps_until_recorded(experiment(name))
    np.testing.assert_array_equal(after, [0, *[1] * 10, *[2] * 10, *[0] * 9])


def test_peaks_are_those_of_the_first_record_after_each_switch():
    given = experiment("fig3-rows")
    loss = xarray.DataArray(np.arange(float(given.steps)), dims="every_step")
    peaks = composition.recorded_peaks(loss, given)
    np.testing.assert_array_equal(peaks, 100 * np.arange(30) + composition.steps_until_recorded(given))


def test_late_gates_are_means_over_the_second_half_of_whole_blocks():
    steps = np.arange(0, 27, 2)
    gates = xarray.DataArray(1.0 * steps[:, None], {"step": steps}, ("step", "path"))
    np.testing.assert_array_equal(composition.late_gates(gates, 12)[:, 0], [(8 + 10 + 12) / 3, (20 + 22 + 24) / 3])
