"""A number has one colour in all diagrams of an observable that has bounds, and the ends of a scale are always said."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatednet import REGISTRY
from gatednet.explore.diagram import observables
from gatednet.explore.scale import scale_of

BOUNDED = ("accuracy", "task_accuracy", "block_accuracy", "alignment", "unit_alignment", "total_alignment")
BOUNDED += ("specialization", "map_alignment", "silent_alignment")


def test_quantities_that_mean_the_same_everywhere_go_from_0_to_1():
    for name in BOUNDED:
        assert REGISTRY[name].bounds == (0.0, 1.0)
    assert all(REGISTRY[name].bounds is None for name in ("loss", "weight_norm", "time_to_criterion"))


@pytest.mark.parametrize("values", [[0.7], [0.0, 1.0], [-0.3, 1.4], [np.nan]])
def test_a_scale_with_bounds_is_that_of_no_values(values):
    scale = scale_of("total_alignment", np.array(values))
    assert scale == scale_of("total_alignment")
    assert (scale.low, scale.high, scale.ticks[0], scale.ticks[-1]) == (0.0, 1.0, 0.0, 1.0)


def test_what_lies_beyond_an_end_is_said_there():
    scale = scale_of("specialization")
    assert scale.labels(np.array([0.2, 0.9]))[0.0] == "0"
    labels = scale.labels(np.array([-0.2, 1.1, np.nan]))
    assert (labels[0.0], labels[1.0]) == ("≤ 0", "≥ 1")


def test_without_bounds_a_scale_has_round_ends_around_its_values():
    assert scale_of("loss") is None
    scale = scale_of("loss", np.array([[0.013, 0.187], [np.nan, 0.05]]))
    assert (scale.low, scale.high) == (0.0, 0.2)
    assert list(scale.labels(np.zeros(0)).values())[-1] == "0.2"


@given(
    st.lists(st.floats(-1e30, 1e30) | st.sampled_from([np.nan, np.inf, -np.inf]), max_size=6),
    st.sampled_from(sorted(observables())),
)
def test_every_scale_increases_and_says_its_ends(values, name):
    scale = scale_of(name, np.array(values))
    assert scale.low < scale.high
    assert scale.ticks[0] == scale.low
    assert scale.ticks[-1] == scale.high
    known = [each for each in values if np.isfinite(each)]
    labels = scale.labels(np.array(values))
    assert list(labels) == list(scale.ticks)
    assert labels[scale.low].startswith("≤") == any(each < scale.low for each in known)
    assert labels[scale.high].startswith("≥") == any(each > scale.high for each in known)
    if REGISTRY[name].bounds is None and known:
        # Ends are those of the values, but for a small part of their range.
        room = 0.5 * (scale.high - scale.low)
        assert scale.low - room <= min(known)
        assert max(known) <= scale.high + room
