"""Widgets report what a visitor wants, and a slider only where it comes to rest."""

import pytest
from bokeh.document import Document

from gatednet.explore.fields import whole_numbers
from gatednet.explore.widgets import Widgets


class Hand:
    """A slider on a page, what it has reported, and the time that passes."""

    def __init__(self):
        self.reported = []
        self.widgets = Widgets(lambda wish: wish())
        self.slider = self.widgets.slider("slider", self.reported.append, 100)
        self.document = Document()
        self.document.add_root(self.slider)

    def wait(self):
        """Until all that was put off is done."""
        for each in self.document.session_callbacks:
            each.callback()


def test_a_slider_reports_its_first_place_at_once_and_the_last_one_soon():
    hand = Hand()
    for place in (3, 4, 5, 6):
        hand.slider.value = place
    assert hand.reported == [3]
    hand.wait()
    assert hand.reported == [3, 6]
    hand.wait()
    assert hand.reported == [3, 6]
    hand.slider.value = 7
    assert hand.reported == [3, 6, 7]


def test_a_slider_on_its_way_is_not_put_elsewhere():
    hand = Hand()
    hand.slider.value = 3
    hand.slider.value = 5
    with hand.widgets.filled():
        hand.widgets.put(hand.slider, 3)
    assert hand.slider.value == 5
    hand.wait()
    assert hand.reported == [3, 5]


def test_what_the_page_fills_itself_is_no_wish():
    hand = Hand()
    with hand.widgets.filled():
        hand.widgets.put(hand.slider, 8)
    hand.wait()
    assert hand.slider.value == 8
    assert hand.reported == []


@pytest.mark.parametrize("value", [0, 1, 2, 7, 32])
def test_small_whole_numbers_are_offered_one_by_one(value):
    assert {value, 1, 2, 3, 32} <= set(whole_numbers(value))
    assert whole_numbers(value) == sorted(whole_numbers(value))


@pytest.mark.parametrize("value", [33, 600, 20_000])
def test_large_whole_numbers_have_parts_and_multiples(value):
    offered = whole_numbers(value)
    assert offered == sorted(offered)
    assert {value, 2 * value, 10 * value} <= set(offered)
    assert 1 <= offered[0] <= value / 5
