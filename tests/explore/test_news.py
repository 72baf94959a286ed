"""What a browser is told: the same changes come out of the text and the array as went in."""

import json

import numpy as np
import pytest
from bokeh.models import ColumnDataSource, Range1d
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gatednet.explore.news import News

ARRAYS = arrays(np.float64, st.integers(0, 8), elements=st.floats(width=32))
VALUES = st.one_of(
    ARRAYS, st.text(), st.floats(allow_nan=False, allow_infinity=False), st.lists(ARRAYS, max_size=3), st.booleans()
)


def read(news):
    """What a browser makes of it: arrays are places in the one beside the text."""
    text, numbers = news.root.tags
    assert numbers.dtype == np.float32

    def array(made):
        if made.keys() != {"array"}:
            return made
        first, length = made["array"]
        assert 0 <= first <= first + length <= numbers.size
        return numbers[first : first + length]

    return json.loads(text, object_hook=array)


def same(told, given):
    if isinstance(given, np.ndarray):
        np.testing.assert_array_equal(told, given.astype(np.float32))
    elif isinstance(given, list | tuple):
        assert len(told) == len(given)
        for one, other in zip(told, given, strict=True):
            same(one, other)
    elif isinstance(given, dict):
        assert told.keys() == given.keys()
        for name in given:
            same(told[name], given[name])
    else:
        assert told == given


@given(st.lists(st.dictionaries(st.sampled_from(["xs", "ys", "name"]), VALUES), max_size=4))
def test_what_is_told_is_what_was_given(data):
    news = News()
    changes = [(ColumnDataSource(), {"data": each}) for each in data]
    news.tell(changes)
    same(read(news), [[model.id, attributes] for model, attributes in changes])


@given(ARRAYS, ARRAYS)
def test_no_change_is_told_twice(first, second):
    news, source, span = News(), ColumnDataSource(), Range1d()
    news.tell([(source, {"data": {"x": first}}), (span, {"start": 0.0, "end": 1.0})])
    # Another array of the same numbers is no news, and of a model only what is new is.
    news.tell([(source, {"data": {"x": first.copy()}}), (span, {"start": 0.0, "end": 2.0})])
    same(read(news), [[span.id, {"end": 2.0}]])
    news.tell([(source, {"data": {"x": second}}), (span, {"start": 0.0, "end": 2.0})])
    equal = first.shape == second.shape and np.array_equal(first, second, equal_nan=True)
    same(read(news), [] if equal else [[source.id, {"data": {"x": second}}]])


def test_numbers_and_truth_values_are_different_news():
    news, source = News(), ColumnDataSource()
    for value in (1, 1.0, True, "1", None):
        news.tell([(source, {"name": value})])
        same(read(news), [[source.id, {"name": value}]])


def test_an_array_that_is_met_again_is_sent_once():
    news, time = News(), np.arange(100.0)
    news.tell([(ColumnDataSource(), {"data": {"xs": [time, time], "ys": [time + 1, time + 2]}})])
    assert news.root.tags[1].size == 300


def test_numbers_that_single_precision_has_not_are_infinite():
    news = News()
    news.tell([(ColumnDataSource(), {"data": {"y": np.array([1e300, -1e300, np.nan])}})])
    np.testing.assert_array_equal(news.root.tags[1], np.array([np.inf, -np.inf, np.nan], np.float32))


def test_what_json_has_not_is_refused():
    with pytest.raises(TypeError, match="cannot be told"):
        News().tell([(ColumnDataSource(), {"data": {1, 2}})])
