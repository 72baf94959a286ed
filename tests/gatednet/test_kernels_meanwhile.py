"""Kernels are compiled by other threads while a program is traced, and are there before it is compiled."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from gatednet import Save, simulate, with_values
from gatednet.kernels import vector
from gatednet.kernels.meanwhile import compiled_meanwhile, soon, wait
from tests.gatednet.tools import SMALL


def test_a_kernel_is_compiled_at_once_where_nothing_else_is_under_way():
    done: list[int] = []
    soon(lambda: done.append(1))
    assert done == [1]


def test_whoever_needs_a_kernel_waits_for_it_in_any_thread():
    may_end, done = threading.Event(), []

    def slow():
        may_end.wait(60)
        done.append(1)

    with ThreadPoolExecutor(1) as pool, compiled_meanwhile(pool):
        soon(slow)
        assert not done
        other = threading.Thread(target=lambda: (wait(), done.append(2)))
        other.start()
        may_end.set()
        other.join(60)
    assert done == [1, 2]


def test_what_goes_wrong_is_raised_where_it_is_waited_for_once():
    def fails():
        raise RuntimeError("no such instruction")

    with ThreadPoolExecutor(1) as pool, compiled_meanwhile(pool):
        soon(fails)
    with pytest.raises(RuntimeError, match="no such instruction"):
        wait()
    wait()


def test_a_context_ends_with_its_pool():
    with ThreadPoolExecutor(1) as pool, compiled_meanwhile(pool):
        pass
    names: list[str] = []
    soon(lambda: names.append(threading.current_thread().name))
    assert names == [threading.current_thread().name]


def test_a_simulation_has_its_kernel_however_long_that_takes(monkeypatch):
    tried = with_values(SMALL, {"dt": 0.011, "steps": 44})
    compiled, may_end = vector._compile, threading.Event()

    def slow(text, name):
        may_end.wait(0.5)
        compiled(text, name)

    monkeypatch.setattr(vector, "_compile", slow)
    found = simulate(tried, Save(("loss", "weights"), 11), range(2), kernel="vector", lane=48)
    expected = simulate(tried, Save(("loss", "weights"), 11), range(2), kernel="vector")
    np.testing.assert_array_equal(found.weights, expected.weights)
