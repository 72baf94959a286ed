"""How the runs of a chunk are shared out among the devices of this process."""

import dataclasses
import threading
import time
from concurrent.futures import CancelledError

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gatednet.sweeps.bisection import Bisection
from gatednet.sweeps.execution.executor import Executor, Shape, _thread_of
from gatednet.sweeps.execution.run import _locally
from gatednet.sweeps.execution.search import Searching
from gatednet.sweeps.planning.plan import plan_of
from gatednet.sweeps.progress import Silent
from tests.sweeps.tools import grid, small


def made(steps=20):
    """An executor on both cores, and a request of the runs of a small grid."""
    plan = plan_of(grid(small(steps=steps)))
    (chunk,) = plan.chunks()
    runs = plan.sweep.runs
    shape = Shape(plan.sweep.recipe(plan.group(chunk)), np.float32, runs, runs, tuple(jax.local_devices()))
    return Executor(shape), plan.request(chunk)


def test_cores_get_whole_lanes_and_share_a_program(monkeypatch):
    compiled = []
    monkeypatch.setattr(
        "gatednet.sweeps.execution.executor.compiled_for",
        lambda recipe, batches, in_parts: compiled.append((recipe, batches, in_parts)) or [None],
    )
    executor, request = made()
    assert len(executor.shape.devices) == 2
    executor.compile(request)
    assert [(recipe, len(batches), parts) for recipe, batches, parts in compiled] == [(executor.shape.recipe, 1, False)]
    width, runs = executor.shape.recipe.width, len(request.seeds)
    # One lane has room for all: the second core would compute copies.
    assert runs <= width
    (packing,) = executor.pack(request)
    assert packing.batch.start.shape == (1, width)


class Slow:
    """In the place of a program: says when it runs."""

    running = most = 0
    lock = threading.Lock()

    def __call__(self, batch):
        with self.lock:
            Slow.running += 1
            Slow.most = max(Slow.most, Slow.running)
        time.sleep(0.02)
        with self.lock:
            Slow.running -= 1
        return {"loss": jnp.asarray(batch.start)}


def test_a_core_runs_one_program_at_a_time_whoever_started_it():
    executors = [made(steps)[0] for steps in (20, 40)]
    _, request = made()
    for each in executors:
        each._programs = {each._homes[0]: Slow()}
    batches = [packing.batch for packing in executors[0].pack(request)]
    running = [future for _ in range(4) for each in executors for future in each.run(batches)]
    for future in running:
        assert future.result(timeout=60)["loss"].shape == batches[0].start.shape
    assert (Slow.most, Slow.running) == (1, 0)


@pytest.mark.parametrize("program", [Slow(), None], ids=["works", "fails"])
def test_what_no_core_has_begun_is_dropped(program):
    executor, request = made()
    executor._programs = {executor._homes[0]: program}
    free = threading.Event()
    _thread_of(executor.shape.devices[0]).submit(free.wait, 60)
    kept, dropped = executor.start(request), executor.start(request)
    dropped.cancel()
    free.set()
    with pytest.raises(CancelledError):
        dropped.fetch()
    if program is None:
        with pytest.raises(TypeError):
            kept.fetch()
    else:
        assert kept.fetch()["loss"].shape == request.seeds.shape
    # What has begun is not dropped any more.
    kept.cancel()
    assert not any(future.cancelled() for future, _ in kept.parts)


class Waiting:
    """In the place of a chunk that devices work on: an interruption comes while it is waited for."""

    def __init__(self):
        self.cancelled = False

    def cancel(self):
        self.cancelled = True

    def fetch(self):
        raise KeyboardInterrupt


def test_an_interruption_drops_what_comes_after(monkeypatch):
    started = []

    class Interrupted:
        def __init__(self, *_):
            pass

        def start(self, chunk):
            started.append(Waiting())
            return started[-1]

    monkeypatch.setattr("gatednet.sweeps.execution.run.Executors", Interrupted)
    plan = plan_of(grid(), 1)
    with pytest.raises(KeyboardInterrupt):
        next(_locally(plan, list(plan.chunks()), jax.local_devices(), Silent()))
    assert [each.cancelled for each in started] == [True, True]


def test_a_search_drops_the_ends_or_the_round_that_devices_have():
    handed = []

    class Ready(Waiting):
        def fetch(self):
            if len(handed) > 2:
                raise KeyboardInterrupt
            return {"loss": np.array([[float(len(handed))]])}

    def start(_):
        handed.append(Ready())
        return handed[-1]

    _, request = made()
    request = dataclasses.replace(request, values={}, seeds=request.seeds[:1], streams=request.streams[:1])
    search = Searching(Bisection("timescales.gates", 0.01, 1.0, "loss", 1.5, 3), request, start)
    search.cancel()
    assert [each.cancelled for each in handed] == [True, True]
    with pytest.raises(KeyboardInterrupt):
        search.fetch()
    search.cancel()
    assert [each.cancelled for each in handed] == [True, True, True]


def test_what_goes_wrong_in_a_thread_is_raised_where_results_are_fetched():
    executor, request = made()

    def broken(_):
        raise MemoryError("no room")

    executor._programs = {executor._homes[0]: broken}
    with pytest.raises(MemoryError, match="no room"):
        executor.start(request).fetch()
