"""Ranges of plots have room for all that is drawn, and do not wobble."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatednet.explore.run_plots import PlanePlot, band_of, extent
from tests.explore.tools import by_hand, short

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


def test_no_line_of_the_plane_draws_its_axes_again_and_theory_is_below_the_runs():
    plane = PlanePlot("plane", (300, 200))
    assert {each.level for each in plane.drawn} == {"overlay"}
    in_order = [each.data_source for each in plane.plot.renderers if each.level == "overlay"]
    assert in_order == [plane.theory, plane.run, plane.end]
    # Nothing cuts them off there: theory is within the range, however large the ratio.
    alignment = np.ones((1, 3, 2, 2))
    for gates in (0.03, 3.0, 300.0):
        experiment = short(timescales__gates=gates, curriculum__block_length=1.0)
        component = np.stack([alignment[..., 0], -alignment[..., 1]], axis=-1)
        curves = by_hand(experiment, gates=np.full((1, 3, 2), 0.5), alignment=alignment, teacher_component=component)
        told = {id(model): attributes for model, attributes in plane.fill(curves)}
        known, theory = (told[id(plane.theory)]["data"][name] for name in ("x", "y"))
        finite = theory[np.isfinite(theory)]
        assert (
            told[id(plane.plot.y_range)]["start"] < finite.min() <= finite.max() < told[id(plane.plot.y_range)]["end"]
        )
        assert told[id(plane.plot.x_range)]["start"] < known.min() < known.max() < told[id(plane.plot.x_range)]["end"]
