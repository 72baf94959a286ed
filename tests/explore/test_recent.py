"""What was computed last is not computed again."""

import pytest

from gatednet.explore.recent import Recent


def test_what_is_kept_is_computed_once():
    kept, made = Recent(), []
    for _ in range(3):
        assert kept.get("a", lambda: made.append("a") or len(made)) == 1
    assert kept.get("b", lambda: made.append("b") or len(made)) == 2
    assert made == ["a", "b"]


def test_what_cannot_be_computed_is_asked_for_again():
    kept = Recent()
    with pytest.raises(ZeroDivisionError):
        kept.get("a", lambda: 1 // 0)
    assert kept.get("a", lambda: 5) == 5


def test_nothing_is_kept_for_ever():
    kept, made = Recent(), []
    for number in range(10_000):
        kept.get(str(number), lambda: None)
    assert kept.get("0", lambda: made.append(0) or "again") == "again"
