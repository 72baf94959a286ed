import numpy as np
import pytest

from gatednet.figures import figa13_correlation as figa13


def test_speed_is_that_of_blocks_without_their_first_loss():
    """By hand: two blocks of five losses; the fall at the switch itself, of 9, does not count."""
    loss = np.array([0.0, 1.0, 3.0, 3.0, 3.0, 10.0, 1.0, 0.5, 0.5, 0.5, 77.0])
    # First block: 1 at its start, then (3 - 0)/2 = 1.5. Second one: .5 at its start.
    assert figa13.speed(loss, 5, 1.0) == pytest.approx((1.5 + 0.5) / 2)
    assert figa13.speed(loss, 5, 0.1) == pytest.approx((15 + 5) / 2)
    # Two losses at the end are no block.
    assert figa13.speed(np.array([*loss[:-1], 5.0, 9.0, 99.0, 77.0])[:13], 5, 1.0) == pytest.approx(1.0)


def test_specialization_is_the_largest_late_difference_of_a_path():
    """161 saves: the last eighth is 20 of them, and the filter 2 wide."""
    alignment = np.zeros((161, 2, 2))
    alignment[:141, 0, 0] = 1.0
    assert figa13.specialization(alignment) == 0
    alignment[150:152, 1, 1], alignment[150:152, 0, 1] = 0.7, -0.2
    assert figa13.specialization(alignment) == pytest.approx(0.9)
    # A single save is halved by the filter.
    alignment[151] = 0
    assert figa13.specialization(alignment[None])[0] == pytest.approx(0.45)


def test_points_outside_are_counted():
    runs = np.array([[0.0, 0.0], [2.0, 2.0], [1.0, 1.0]])
    # The deviation is 1; a single run lies within 4.303 · √(4/3) of the mean.
    assert figa13.points_outside(runs, (5.5, 6.5), 0.0).value == 1
    assert figa13.points_outside(runs, (5.5, 6.5), 1.0).value == 0


def test_measures_are_of_the_stored_runs(data, stores):
    stored = stores("figa13")["figa13"].dataset()
    assert int(stored.block_steps) == 99
    one = stored.isel(correlation=1, seed=2)
    given = data("figa13").isel(correlation=1, seed=2)
    loss = one.batch_loss.values[:-1]
    slopes = [np.abs(np.gradient(loss[99 * block + (block > 0) : 99 * (block + 1)], 0.01)).max() for block in range(11)]
    assert float(given.adaptation_speed) == pytest.approx(np.mean(slopes), rel=1e-5)
    # A thousand steps: the last eighth are 125 saves, and the filter is 12 wide; it reaches its edges with fewer.
    late = one.alignment.transpose("step", "task", "path").values[-125:]
    smooth = [np.convolve(late[:, 0, path] - late[:, 1, path], np.ones(12) / 12, "same") for path in range(2)]
    assert float(given.specialization) == pytest.approx(np.abs(smooth).max(), rel=1e-5)
