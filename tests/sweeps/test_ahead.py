"""What sweeps need is compiled before they come."""

import threading
import time

import numpy as np
import pytest

from gatednet.engine.kept import Kept
from gatednet.sweeps.execution import ahead as sweeps_ahead
from gatednet.sweeps.execution.ahead import Ahead
from gatednet.sweeps.execution.executor import KEPT, Executor, Executors
from gatednet.sweeps.execution.run import run_sweep
from gatednet.sweeps.progress import Silent
from tests.sweeps.tools import grid, small

# Numbers of steps that no other test has, and so nothing that is compiled already.
STEPS = (1100, 1120, 1140, 1160)
# How many sweeps ahead, in place of what is of use.
FARTHEST = 2


class Told(Silent):
    """Remembers the compilations that a sweep waited for."""

    def __init__(self) -> None:
        self.waited = 0

    def compiled(self, seconds: float) -> None:
        self.waited += 1


@pytest.fixture
def compiled(monkeypatch):
    """The steps of what is compiled, in order, and an event without which no compilation ends."""
    found, allowed, real = [], threading.Event(), Executor.compile
    allowed.set()

    def compiling(executor, request):
        allowed.wait(timeout=60)
        real(executor, request)
        found.append(executor.shape.recipe.static.steps)

    monkeypatch.setattr(Executor, "compile", compiling)
    monkeypatch.setattr(Executors, "_kept", Kept(KEPT))
    monkeypatch.setattr(sweeps_ahead, "FARTHEST", FARTHEST)
    return found, allowed


def until(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def sweeps():
    return [grid(small(steps=steps)) for steps in STEPS]


def test_programs_are_compiled_a_few_sweeps_ahead_and_found(compiled, tmp_path):
    found, _ = compiled
    all_sweeps = sweeps()
    with Ahead(all_sweeps) as ahead:
        until(lambda: len(found) == FARTHEST)
        told = Told()
        ahead.advance()
        store = run_sweep(all_sweeps[0], tmp_path / "first", progress=told)
        assert told.waited == 0
        until(lambda: len(found) == FARTHEST + 1)
    assert found == list(STEPS[: FARTHEST + 1])
    np.testing.assert_array_equal(store.dataset().loss, run_sweep(all_sweeps[0], tmp_path / "again").dataset().loss)


def test_what_is_under_way_is_waited_for_and_not_compiled_twice(compiled, tmp_path):
    found, allowed = compiled
    allowed.clear()
    all_sweeps = sweeps()
    with Ahead(all_sweeps) as ahead:
        until(lambda: len(Executors._kept) == 1)
        ahead.advance()
        threading.Timer(0.2, allowed.set).start()
        told = Told()
        run_sweep(all_sweeps[0], tmp_path / "first", progress=told)
        assert told.waited == 1
    assert found.count(STEPS[0]) == 1


def test_a_compilation_that_failed_is_tried_again(compiled, tmp_path, monkeypatch):
    found, _ = compiled
    working = Executor.compile

    def broken(*_):
        raise MemoryError

    monkeypatch.setattr(Executor, "compile", broken)
    with pytest.raises(MemoryError):
        run_sweep(sweeps()[0], tmp_path / "store")
    monkeypatch.setattr(Executor, "compile", working)
    assert run_sweep(sweeps()[0], tmp_path / "store").finished
    assert found == [STEPS[0]]


def test_nothing_more_is_compiled_after_the_end(compiled):
    found, _ = compiled
    ahead = Ahead(sweeps())
    with ahead:
        until(lambda: len(found) == FARTHEST)
    ahead._thread.join(timeout=60)
    assert not ahead._thread.is_alive()
    assert found == list(STEPS[:FARTHEST])
