"""Messages are one line that can be printed anywhere, whatever value they are about."""

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatednet.refusal import SettingError, printable, shown


@given(st.text())
def test_a_refusal_is_one_line_that_every_stream_can_hold(text: str) -> None:
    told = str(SettingError(text))
    assert told.isprintable()
    assert len(told) <= 2000
    told.encode()
    if text.isprintable() and len(text) <= 2000 and " ".join(text.split()) == text:
        assert told == text
    assert str(pickle.loads(pickle.dumps(SettingError(text)))) == told


@given(st.recursive(st.one_of(st.integers(), st.floats(), st.text(), st.binary()), st.lists))
def test_a_value_is_shown_in_a_few_words(value: object) -> None:
    assert shown(value).isprintable()
    assert len(shown(value)) <= 120


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.1, "0.1"),
        ("a\n", "'a\\n'"),
        ("\udcff", "'\\udcff'"),
        (10**400, "a whole number of about 401 digits"),
        (10**5000, "a whole number of about 5,001 digits"),
        ([10**5000], "[a whole number of about 5,001 digits]"),
        (list(range(10**6)), "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, ...]"),
        (np.zeros((1000, 1000)), "an array of the shape (1000, 1000) and type float64"),
    ],
    # Python itself would not write out all of these.
    ids=map(str, range(8)),
)
def test_values_as_they_are_shown(value: object, text: str) -> None:
    assert shown(value) == text


def test_what_is_long_keeps_its_beginning_and_its_end() -> None:
    told = str(SettingError("a" * 5000 + "b" * 5000))
    assert len(told) == 1999
    assert told == "a" * 997 + " ... " + "b" * 997


def test_deep_values_do_not_end_the_process() -> None:
    deep: list = []
    for _ in range(100_000):
        deep = [deep]
    assert shown(deep) == "[[[[[[[...]]]]]]]"
    assert printable("a\u2028b\tc\0") == "a b c\\x00"
