import numpy as np
import pytest
import xarray

from gatednet import with_values
from gatednet.figures import open1_overlap as open1
from gatednet.figures.toolkit.boundary import exponent, gain, late_times, pair_specialization, reaches, share
from gatednet.figures.toolkit.forgetting import forgotten, loss
from gatednet.simulation import simulate
from gatednet.sweeps.catalog import open1 as catalog

RNG = np.random.default_rng(0)


def test_axes_are_those_of_the_text():
    sweep = catalog.overlap_map()
    assert sweep.shape == (5, 100, 100, 8)
    _, correlation, ratio, _ = sweep.axes
    assert (correlation.values[0], correlation.values[-1]) == (0.0, 0.99)
    assert (ratio.labels[0], ratio.labels[-1]) == (0.1, 4.0)
    np.testing.assert_allclose(np.diff(np.log(ratio.labels)), np.log(40) / 99, rtol=1e-2)
    np.testing.assert_allclose(np.array(ratio.values) / 0.1, ratio.labels)
    # All runs end with a whole, even number of blocks.
    np.testing.assert_array_equal(sweep.experiment.steps // sweep.block_steps, [192, 96, 48, 24, 12])
    assert not (sweep.experiment.steps % sweep.block_steps).any()
    experiment = sweep.experiment
    assert experiment.objective.norm * 2 * experiment.dt / min(ratio.values) <= 0.5


def test_a_forgetful_network_has_no_constraint_and_no_fast_gate():
    regimes = catalog.forgetting(catalog.Axis.seeds(2)).axes[0]
    values = dict(zip(regimes.labels, regimes.values, strict=True))
    assert values["forgetful"] == (0.1, 0.0, 0.0)
    assert values["moderate gates"] == pytest.approx((0.04, 2.5, 0.5))


def test_seeds_that_are_looked_at_again_are_others():
    first, other = (catalog.SWEEPS[place].build() for place in (2, 3))
    ((first,), (other,)) = ([each.axes[-1].values for each in stores.values()] for stores in (first, other))
    assert len(first) == len(other) == 16
    assert not set(first) & set(other)


def test_specialization_does_not_ask_which_path_is_whose():
    own = np.array([[1.0, 0.4], [0.2, 0.8]])
    np.testing.assert_allclose([pair_specialization(own), pair_specialization(own[::-1])], 0.6)


def test_the_reach_is_between_the_last_that_specializes_and_the_first_that_does_not():
    ratios = np.array([1.0, 2.0, 4.0, 8.0])
    specialized = np.array([[1, 1, 0, 0], [1, 1, 1, 1], [0, 0, 0, 0]]).T > 0
    np.testing.assert_allclose(reaches(specialized, ratios), [2**1.5, 2**3.5, 2**-0.5])


def test_exponent_of_a_power_is_that_of_what_is_known():
    x = np.array([1.0, 2.0, 4.0, 8.0])
    assert exponent(x, np.array([3.0, 1.5, np.nan, 0.375])) == pytest.approx(-1.0)
    assert exponent(x, np.full(4, np.nan)) == 0.0


def test_shares_are_of_each_seed():
    of = np.array([[True, True, False], [True, False, False]])
    np.testing.assert_allclose(share(np.array([[True, False, True], [False, False, False]]), of), [0.5, 0.0, 0.0])


def test_late_times_are_those_of_the_last_blocks_of_each_length():
    values = np.full((2, 3, 6), np.nan)
    values[0, :, :6], values[1, :, :3] = np.arange(6), 10 * np.arange(3)
    found = late_times(xarray.DataArray(values, dims=("length", "cell", "block")), 2)
    np.testing.assert_allclose(found, [[4.5] * 3, [15.0] * 3])


def test_the_gain_compares_runs_of_the_same_overlap_and_blocks():
    times = np.array([[[4.0, 4.0, 1.0], [8.0, 1.0, 1.0], [5.0, 5.0, 5.0]]])[..., None]
    flexible = times == 1
    np.testing.assert_allclose(gain(times, flexible, ~flexible), [np.sqrt(4 * 8)])


def test_the_predicted_time_is_that_of_a_gate_that_opens():
    """Paths are the teachers; the gate of the shown task grows at the cost of the other's."""
    ratio, rho, step = 0.2, 0.5, 1e-5
    shut, time = 1.0, 0.0
    while (1 - rho) * shut**2 >= 0.1:
        shut -= step / ratio * (1 - rho) * shut
        time += step
    assert open1.predicted_time(np.array([rho, 0.9, 0.95]), ratio) == pytest.approx([time, 0, 0], rel=1e-3)


def test_forgetting_is_what_a_block_adds_to_the_loss_of_the_task_before():
    gates, weights = RNG.normal(size=(4, 3, 2)), RNG.normal(size=(4, 3, 2, 5, 6))
    teachers = RNG.normal(size=(3, 2, 5, 6))
    kept, own = forgotten(gates, weights, teachers, 1)
    # The blocks are of the tasks 0, 1, 0: the last of task 1 ends at 2.
    left, later, back = (
        0.5 * (((gates[of, 1, :, None, None] * weights[at, 1]).sum(axis=0) - teachers[1, 1]) ** 2).sum() / 5
        for of, at in ((2, 2), (2, 3), (3, 3))
    )
    assert (kept[1], own[1]) == pytest.approx((later - left, back - left))


def test_the_loss_is_that_of_the_simulation():
    """A save is seen with the task of the step that follows, and the end with that of the last one."""
    values = {"steps": 400, "curriculum.block_length": 0.2, "teachers.correlation": 0.4}
    experiment = with_values(catalog.population(), values)
    data = simulate(experiment, seeds=1, save=("weights", "gates", "teachers", "loss"), every=200)
    for step, task in ((0, 0), (1, 1), (2, 1)):
        at = data.isel(step=step).transpose("task", "path", "output", "input")
        found = loss(at.gates.values, at.weights.values, at.teachers.values[task])
        np.testing.assert_allclose(found, at.loss.values, rtol=1e-4)
