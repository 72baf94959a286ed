import numpy as np
import pytest

from gatednet.figures.toolkit.regime_map import boundary_distances, distance, farthest_cell, subscripts


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


def test_farthest_cell_is_counted_in_kings_moves():
    table = np.array([[0.9, 0.9, 0.1], [0.9, 0.1, 0.1]])
    assert farthest_cell(table[None], table, 0.8) == 0
    assert farthest_cell(table[None, ::-1], table, 0.8) == 1
    all_specialized = np.full((1, 2, 3), 0.9)
    assert farthest_cell(all_specialized, table, 0.8) == 1
    assert farthest_cell(all_specialized, np.array([[0.9, 0.1, 0.1], [0.9, 0.1, 0.1]]), 0.8) == 2
    assert farthest_cell(all_specialized, np.zeros((2, 3)), 0.8) == np.inf


def test_cells_without_a_number_are_left_out_of_a_distance_and_not_specialized():
    table = np.array([[0.9, np.nan]])
    values = np.array([[[0.8, 0.3]]])
    assert distance(values, table) == pytest.approx(0.1)
    assert list(boundary_distances(values, table, 0.7)) == [0]
    assert list(boundary_distances(values + 0.5, table, 0.7)) == [1]


def test_what_follows_an_underline_is_set_as_a_subscript():
    assert subscripts("τ_W1 / τ_c") == "τ$_{W1}$ / τ$_c$"
    assert subscripts("strength") == "strength"
