"""What is kept by key is made once for all threads, and what cannot be made is told to all and tried again."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from gatednet.engine.kept import Kept


def test_many_threads_want_a_value_and_one_makes_it():
    kept, made, all_there = Kept(2), [], threading.Barrier(4)

    def make():
        made.append(threading.get_ident())
        # The others ask while it is under way.
        threading.Event().wait(0.05)
        return object()

    def get(_):
        all_there.wait(timeout=60)
        return kept.get("key", make)

    with ThreadPoolExecutor(4) as pool:
        values = list(pool.map(get, range(4)))
    assert len(made) == len(set(map(id, values))) == 1


def test_the_latest_are_kept():
    kept, made = Kept(2), []

    def get(key):
        return kept.get(key, lambda: made.append(key) or key)

    for key in "aba":
        assert get(key) == key
    get("c")
    assert (made, len(kept)) == (["a", "b", "c"], 2)
    get("a")
    assert made == ["a", "b", "c"]
    get("b")
    assert made == ["a", "b", "c", "b"]


def test_a_failure_is_told_to_all_and_tried_again():
    kept = Kept(2)
    assert not kept.ready("key")
    future, is_new = kept.claim("key")
    assert is_new
    assert not kept.ready("key")
    waiting, is_new = kept.claim("key")
    assert not is_new
    with pytest.raises(KeyboardInterrupt), kept.owing("key", future):
        raise KeyboardInterrupt
    # It is nobody else's interruption.
    with pytest.raises(RuntimeError, match="interrupted in another thread"):
        waiting.result(timeout=60)
    assert kept.get("key", lambda: 7) == 7
    assert kept.ready("key")


def test_an_interruption_after_the_value_is_there_changes_nothing():
    kept = Kept(2)
    future, _ = kept.claim("key")

    def interrupted_late():
        with kept.owing("key", future):
            future.set_result(7)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted_late()
    assert kept.get("key", lambda: 8) == 7
