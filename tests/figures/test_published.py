import numpy as np
import pytest
import xarray

from gatednet.figures.toolkit.published import difference, over_starts, share_farther


def runs(seeds):
    """A run has the number of its seed in the first block, and ten times that in the second."""
    values = np.asarray(seeds)[:, None] * [1.0, 10.0]
    return xarray.DataArray(values, {"seed": seeds}, ("seed", "block"))


def test_means_over_starts_are_taken_for_each_set_of_batches():
    found = over_starts(runs(list(range(30))))
    assert found.dims == ("batches", "block")
    np.testing.assert_allclose(found, [[4.5, 45], [14.5, 145], [24.5, 245]])


def test_a_last_set_that_is_not_whole_is_left_out_and_few_runs_are_sets_of_their_own():
    np.testing.assert_allclose(over_starts(runs(list(range(25)))), [[4.5, 45], [14.5, 145]])
    np.testing.assert_allclose(over_starts(runs([0, 1, 2])), [[0, 0], [1, 10], [2, 20]])


def test_difference_is_that_of_the_mean_and_of_numbers_that_are_there():
    sets = np.array([[1.0, 5.0], [3.0, 5.0]])
    assert difference(sets, np.array([2.5, np.nan])) == pytest.approx(0.5)


def test_share_of_sets_that_are_farther():
    sets = np.random.default_rng(1).normal(size=(400, 6))
    assert share_farther(sets, np.zeros(6)).value == 1.0
    assert share_farther(sets, np.full(6, 5.0)).value == 0.0
    # Of one more set it is anything: here about as many are farther as should be.
    more = np.random.default_rng(2).normal(size=(200, 6))
    shares = [share_farther(sets, each).value for each in more]
    assert np.mean(np.array(shares) < 0.05) == pytest.approx(0.05, abs=0.045)
    assert np.mean(shares) == pytest.approx(0.5, abs=0.08)
