import numpy as np
import pytest
import scipy.stats

from gatednet.figures.toolkit.regime_map import allowed_outside, boundary_distances, distance, outside, subscripts


def test_distance_to_a_table():
    table = np.array([[0.5, 1.0]])
    values = np.array([[[0.5, 0.8]], [[0.7, 0.8]]])
    assert distance(values, table) == pytest.approx((0.1 + 0.2) / 2)


def test_boundary_is_compared_row_by_row():
    table = np.array([[0.9, 0.9, 0.9], [0.9, 0.1, 0.1]])
    moved = np.array([[[0.9, 0.9, 0.1], [0.1, 0.1, 0.1]]])
    assert boundary_distances(table[None], table, 0.8).max() == 0
    assert boundary_distances(moved, table, 0.8).max() == 1
    assert boundary_distances(moved[:, ::-1], table, 0.8).max() == 3


def test_cells_outside_of_their_intervals_are_found():
    """Runs of -1 and 1 have the deviation √(4/3); 3.182 is Student's 97.5 % quantile for four of them."""
    ours = np.array([-1.0, 1.0, -1.0, 1.0])[:, None, None] * np.ones((1, 2))
    width = 3.182 * np.sqrt(4 / 3) * np.sqrt(1 / 10 + 1 / 4)
    # The error is by bootstrap, which finds it to a few parts in a hundred.
    assert outside(ours, np.array([[0.9 * width, 1.1 * width]]), 10, 0.0, 0.7).tolist() == [[False, True]]
    assert outside(ours, np.array([[-1.1 * width, 1.1 * width]]), 10, 0.2 * width, 0.7).tolist() == [[False, False]]


def test_cells_without_a_number_are_outside_where_ours_are_too_high():
    ours = np.array([[[0.6, 0.9]], [[0.6, 0.9]]])
    assert outside(ours, np.full((1, 2), np.nan), 10, 0.0, 0.7).tolist() == [[False, True]]


def test_as_many_cells_may_be_outside_as_chance_explains():
    for cells in (5, 25):
        allowed = allowed_outside(cells)
        assert scipy.stats.binom.cdf(allowed - 1, cells, 0.05) < 0.95 <= scipy.stats.binom.cdf(allowed, cells, 0.05)
    assert (allowed_outside(5), allowed_outside(25)) == (1, 3)


def test_cells_without_a_number_are_left_out_of_a_distance_and_not_specialized():
    table = np.array([[0.9, np.nan]])
    values = np.array([[[0.8, 0.3]]])
    assert distance(values, table) == pytest.approx(0.1)
    assert list(boundary_distances(values, table, 0.7)) == [0]
    assert list(boundary_distances(values + 0.5, table, 0.7)) == [1]


def test_what_follows_an_underline_is_set_as_a_subscript():
    assert subscripts("τ_W1 / τ_c") == "τ$_{W1}$ / τ$_c$"
    assert subscripts("strength") == "strength"
