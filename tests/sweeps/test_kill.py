"""A process that is killed at a random moment, again and again, leaves a store that verifies and continues."""

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from gatednet.sweeps.execution.run import run_sweep
from gatednet.sweeps.store.store import Store
from gatednet.sweeps.store.verify import verify
from tests.sweeps.tools import Numbered, grid

# What the processes compute are numbers that tell which run they are of, slowly enough to be caught at it.
PROGRAM = """
import gc, sys, time
# An interruption amid a callback of the collector, such as JAX has one, cannot be raised.
gc.disable()
import gatednet.sweeps.execution.run
from tests.sweeps.tools import Numbered, grid

class Slow(Numbered):
    def start(self, chunk):
        time.sleep(0.02)
        return super().start(chunk)

gatednet.sweeps.execution.run.Executors = Slow
print("ready", flush=True)
sys.stdin.readline()
try:
    gatednet.sweeps.execution.run.run_sweep(grid(), sys.argv[1], chunk_runs=1)
except KeyboardInterrupt:
    sys.exit(130)
"""


def process(folder: Path) -> subprocess.Popen:
    """A process that waits for a line before it begins its sweep."""
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(folder)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def let_go(sweeping: subprocess.Popen, seconds: float, number: int) -> tuple[int, str]:
    """Let a process work for some time, send it a signal, and return how it ended and what it complained about."""
    assert sweeping.stdout is not None
    assert sweeping.stdin is not None
    assert sweeping.stdout.readline() == "ready\n"
    sweeping.stdin.write("\n")
    sweeping.stdin.flush()
    time.sleep(seconds)
    sweeping.send_signal(number)
    _, complaint = sweeping.communicate(timeout=60)
    return sweeping.returncode, complaint


def time_of_a_sweep(folder: Path) -> float:
    """The seconds that a process works on a sweep, which is removed."""
    sweeping = process(folder)
    assert sweeping.stdout is not None
    assert sweeping.stdout.readline() == "ready\n"
    start = time.monotonic()
    _, complaint = sweeping.communicate("\n", timeout=60)
    assert sweeping.returncode == 0, complaint
    seconds = time.monotonic() - start
    Store(folder).remove()
    return seconds


@pytest.fixture
def expected(tmp_path, monkeypatch) -> np.ndarray:
    monkeypatch.setattr("gatednet.sweeps.execution.run.Executors", Numbered)
    return run_sweep(grid(), tmp_path / "expected", chunk_runs=1).dataset().loss.values


@pytest.mark.slow
def test_kills_at_random_moments(tmp_path, expected):
    moments = random.Random(20241106)
    folder = tmp_path / "store"
    # How long a process works that is not killed depends on the machine, and on what else it does.
    whole = time_of_a_sweep(tmp_path / "whole")
    kills = left = 0
    while kills < 20:
        sweeping = process(folder)
        code, complaint = let_go(sweeping, moments.uniform(0.05, whole), signal.SIGKILL)
        kills += code == -signal.SIGKILL
        assert code in (0, -signal.SIGKILL), complaint
        if folder.exists():
            store = verify(folder)
            left += 0 < len(store.done) < len(store.plan)
            if store.finished:
                np.testing.assert_array_equal(store.dataset().loss, expected)
                run_sweep(grid(), folder, chunk_runs=1, restart=True)
                store.remove()
    assert left > 5, "the moments were all before or after what they should fall into"
    store = run_sweep(grid(), folder, chunk_runs=1)
    verify(folder)
    np.testing.assert_array_equal(store.dataset().loss, expected)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["expected", "store"]


def test_an_interrupt_from_the_keyboard_leaves_a_store_that_continues(tmp_path, expected):
    folder = tmp_path / "store"
    sweeping = process(folder)
    code, complaint = let_go(sweeping, 0.4, signal.SIGINT)
    assert (code, complaint) in ((130, ""), (0, ""))
    if folder.exists():
        verify(folder)
    np.testing.assert_array_equal(run_sweep(grid(), folder, chunk_runs=1).dataset().loss, expected)
    assert len(Store.open(folder).done) == 12
