"""Ranges of plots have room for all that is drawn, and do not wobble."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatednet.explore.run_plots import band_of, extent

FINITE = st.floats(-1e30, 1e30)


@given(st.lists(st.lists(FINITE | st.sampled_from([math.nan, math.inf, -math.inf]), max_size=5), max_size=3))
def test_all_that_is_finite_is_within_its_range(values):
    low, high = extent([np.array(each) for each in values])
    known = [each for line in values for each in line if math.isfinite(each)]
    assert low <= 0.0 <= high
    assert low < high
    assert all(low <= each <= high for each in known)


@given(st.lists(FINITE, min_size=1), FINITE, st.floats(0, 1e30))
def test_a_range_has_at_least_what_is_asked_for(values, low, width):
    least = low, low + width
    found = extent([np.array(values)], least)
    assert found[0] <= least[0]
    assert found[1] >= least[1]


@pytest.mark.parametrize(
    ("values", "expected"),
    [([0.2, 0.4796], (0.0, 0.51)), ([0.4801], (0.0, 0.51)), ([-0.1, 1.0], (-0.16, 1.1)), ([0.0], (0.0, 1.0))],
)
def test_ranges_end_at_round_numbers(values, expected):
    assert extent([np.array(values)]) == pytest.approx(expected, rel=1e-12)


def test_a_band_goes_there_above_and_back_below():
    band = band_of(np.array([1.0, 2.0, 3.0]), np.array([0.1, np.nan, 0.3]))
    np.testing.assert_allclose(band, [1.1, 2.0, 3.3, 2.7, 2.0, 0.9])


def test_a_single_seed_has_no_band():
    assert band_of(np.ones(4), np.full(4, np.nan)).size == 0
