"""`Turns`: long work goes piece by piece, and short work first."""

import threading
import time

import pytest

from gatednet.explore.turns import Turns

# No test waits so long, unless it fails.
PATIENCE = 10.0


class Pieces:
    """Long work in a thread of its own: it writes its name into `done` at each turn."""

    def __init__(self, turns, name, done, pieces=1, wanted=lambda: True, ready=lambda: True):
        self.name, self.done, self.pieces = name, done, pieces
        self.answers = []
        self._thread = threading.Thread(target=self._work, args=(turns, wanted, ready), daemon=True)
        self._thread.start()

    def _work(self, turns, wanted, ready):
        with turns.long(wanted, ready) as at_its_turn:
            for _ in range(self.pieces):
                self.answers.append(at_its_turn())
                if not self.answers[-1]:
                    return
                self.done.append(self.name)

    @property
    def over(self):
        return not self._thread.is_alive()

    def wait(self):
        self._thread.join(PATIENCE)
        assert self.over


@pytest.fixture
def turns():
    return Turns()


@pytest.fixture
def done():
    return []


def test_alone_each_piece_has_its_turn_at_once(turns, done):
    Pieces(turns, "only", done, 100).wait()
    assert done == ["only"] * 100


def test_several_take_turns_one_after_the_other(turns, done):
    # Whose turn it is has one of them alone, until it asks again.
    with turns.long(lambda: True, lambda: True) as first:
        assert first()
        others = [Pieces(turns, name, done, 3) for name in "bcd"]
        end = time.monotonic() + PATIENCE
        while len(turns._waiting) < 1 + len(others):
            assert time.monotonic() < end
            time.sleep(0.001)
        assert done == []
        for number in (1, 2, 3):
            assert first()
            assert len(done) == 3 * number
    for each in others:
        each.wait()
    assert [set(done[at : at + 3]) for at in (0, 3, 6)] == [set("bcd")] * 3


def test_nobody_has_a_turn_during_short_work(turns, done):
    with turns.short():
        with turns.short():
            work = Pieces(turns, "long", done)
            time.sleep(0.1)
        time.sleep(0.1)
        assert done == []
    work.wait()
    assert done == ["long"]


def test_short_work_that_fails_is_over(turns, done):
    with pytest.raises(ValueError, match="no such curves"), turns.short():
        raise ValueError("no such curves")
    Pieces(turns, "long", done).wait()
    assert done == ["long"]


def test_work_that_is_not_ready_lets_others_go_first(turns, done):
    ready = threading.Event()
    late = Pieces(turns, "late", done, ready=ready.is_set)
    time.sleep(0.05)
    Pieces(turns, "early", done, 5).wait()
    assert not late.over
    ready.set()
    late.wait()
    assert done == ["early"] * 5 + ["late"]


def test_work_that_is_not_wanted_any_more_is_told_so_and_is_not_waited_for(turns, done):
    gone = threading.Event()
    with turns.short():
        work = Pieces(turns, "unwanted", done, wanted=lambda: not gone.is_set())
        time.sleep(0.05)
        assert work.answers == []
        gone.set()
        work.wait()
    assert work.answers == [False]
    Pieces(turns, "next", done).wait()
    assert done == ["next"]


def test_work_that_fails_at_its_turn_is_not_waited_for(turns, done):
    def fails():
        with turns.long(lambda: True, lambda: True) as at_its_turn:
            assert at_its_turn()
            raise ValueError("no such cell")

    with pytest.raises(ValueError, match="no such cell"):
        fails()
    Pieces(turns, "next", done).wait()
    assert done == ["next"]
