"""Processes that are at one store at the same time: one computes, the others get one true sentence."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from gatednet import SettingError
from gatednet.sweeps.execution.run import run_sweep
from gatednet.sweeps.files import WriteError
from gatednet.sweeps.store import creation
from gatednet.sweeps.store.store import Store
from gatednet.sweeps.store.verify import verify
from tests.cli.tools import environment
from tests.sweeps.test_store import CHUNK_RUNS, everything
from tests.sweeps.tools import Numbered, grid

# What a process is told to do, line by line, and what it says of each: "done", "finished", or what refused it.
PROGRAM = """
import sys, time
import numpy as np
from gatednet.sweeps.execution import run
from gatednet import SettingError
from gatednet.sweeps.files import WriteError
from gatednet.sweeps.store.store import Store
from gatednet.sweeps.store.verify import verify
from tests.sweeps.tools import Numbered, grid

class Slow(Numbered):
    def start(self, chunk):
        time.sleep(0.005)
        return super().start(chunk)

run.Executors = Slow
folder = sys.argv[1]

def sweep(**options):
    return "done" if run.run_sweep(grid(), folder, chunk_runs=4, **options).fresh else "finished"

def read():
    data = Store.open(folder).dataset()
    assert np.array_equal(data.result_step.values, np.arange(12).reshape(3, 2, 2))
    return "read"

def check():
    verify(folder)
    return "sound"

commands = {"sweep": sweep, "restart": lambda: sweep(restart=True), "read": read, "verify": check}
# Everything is imported and traced once.
run.run_sweep(grid(), sys.argv[2], chunk_runs=4)
print("ready", flush=True)
for line in sys.stdin:
    until, command = line.split()
    time.sleep(max(float(until) - time.time(), 0))
    try:
        print(commands[command](), flush=True)
    except (SettingError, WriteError) as error:
        print(type(error).__name__, error, flush=True)
"""
# True of a store that is sound, whoever else is at it.
TRUE = (
    "is being written by another process, allowed is one at a time",
    "was replaced or deleted",
    "was created by another process in the meantime",
    "does not exist, allowed is the folder of a store",
    "chunks are done, run its sweep again to go on",
    # What `races` deletes now and then.
    "done/0.0.0.json is missing; run the sweep again to mend it",
)


class Racers:
    """Processes that do what they are told at the same moment."""

    def __init__(self, folder: Path, number: int) -> None:
        own = [folder.parent.with_name(f"warm{each}") for each in range(number)]
        self.processes = [self._started(folder, each) for each in own]
        for process in self.processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n", process.communicate()[1]

    @staticmethod
    def _started(*folders: Path) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", PROGRAM, *map(str, folders)], env=environment(),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def race(self, commands: list[str], offsets: list[float]) -> list[str]:
        """What each process says of its command, which begins at its offset in seconds."""
        start = time.time() + 0.02
        for process, command, offset in zip(self.processes, commands, offsets, strict=True):
            assert process.stdin is not None
            process.stdin.write(f"{start + offset} {command}\n")
            process.stdin.flush()
        answers = [process.stdout.readline().strip() for process in self.processes if process.stdout]
        assert all(answers), [process.communicate() for process in self.processes]
        return answers

    def end(self) -> None:
        for process in self.processes:
            process.communicate()


@pytest.fixture
def racers(tmp_path, request):
    made = Racers(tmp_path / "in" / "store", request.param)
    yield made
    made.end()


def check(racers: Racers, seed: int) -> list[str]:
    """One race, after which the store is sound and finished by whoever comes next."""
    chosen = random.Random(seed)
    number = len(racers.processes)
    commands = chosen.choices(["sweep", "restart", "read", "verify"], weights=[4, 2, 2, 1], k=number)
    commands[0] = chosen.choice(["sweep", "restart"])
    answers = racers.race(commands, [chosen.random() * 0.1 if chosen.random() < 0.7 else 0.0 for _ in commands])
    for command, answer in zip(commands, answers, strict=True):
        true = answer in ("done", "finished", "read", "sound") or any(each in answer for each in TRUE)
        assert true, (seed, commands, answers)
        assert answer.startswith("SettingError") or answer in ("done", "finished", "read", "sound"), (seed, answers)
        assert command in ("read", "verify") or answer not in ("read", "sound")
    return answers


def races(racers, tmp_path, seeds) -> None:
    folder = tmp_path / "in" / "store"
    told: set[str] = set()
    expected = None
    for seed in seeds:
        told |= set(check(racers, seed))
        try:
            run_sweep(grid(), folder, chunk_runs=CHUNK_RUNS)
        except SettingError as error:
            pytest.fail(f"after race {seed}: {error}")
        verify(folder)
        assert [path.name for path in folder.parent.iterdir()] == ["store"], seed
        expected = expected or everything(folder)
        assert everything(folder) == expected
        if seed % 2:
            Store(folder).remove()
        elif seed % 3 == 0:
            (folder / "done/0.0.0.json").unlink()
    assert "done" in told


@pytest.mark.parametrize("racers", [2], indirect=True)
@pytest.mark.usefixtures("numbered", "quick_files")
def test_some_races(racers, tmp_path):
    races(racers, tmp_path, range(8))


@pytest.mark.slow
@pytest.mark.parametrize("racers", [2, 4], indirect=True)
@pytest.mark.usefixtures("numbered", "quick_files")
def test_many_races(racers, tmp_path):
    races(racers, tmp_path, range(1000))


@pytest.mark.usefixtures("numbered", "quick_files")
def test_of_two_creations_one_is_told(tmp_path, monkeypatch):
    """Another process creates and finishes the store right before this one puts its own there."""
    folder = tmp_path / "store"
    original = creation._put
    raced: list[bool] = []

    def put(*arguments):
        if not raced:
            raced.append(True)
            run_sweep(grid(), folder, chunk_runs=CHUNK_RUNS)
        return original(*arguments)

    monkeypatch.setattr("gatednet.sweeps.store.creation._put", put)
    # The store of the other one is found, and is all there is to say.
    assert not run_sweep(grid(), folder).fresh
    assert [path.name for path in tmp_path.iterdir()] == ["store"]
    Store(folder).remove()
    raced.clear()
    with pytest.raises(SettingError, match="store was created by another process in the meantime"):
        Store.create(folder, grid())
    assert verify(folder).finished


@pytest.mark.usefixtures("numbered", "quick_files")
def test_a_reader_is_told_of_a_store_that_was_replaced(tmp_path):
    folder = tmp_path / "store"
    store = run_sweep(grid(), folder, chunk_runs=CHUNK_RUNS)
    data = store.dataset()
    run_sweep(grid(noise="independent"), folder, restart=True, chunk_runs=2)
    with pytest.raises(SettingError, match="was replaced or deleted while it was read, allowed is to open it again"):
        data.loss.load()
    assert np.isfinite(Store.open(folder).dataset().loss).all()


@pytest.mark.parametrize("replaced", [True, False])
@pytest.mark.usefixtures("numbered", "quick_files")
def test_a_store_that_is_replaced_while_it_is_looked_at_is_not_called_undeletable(tmp_path, monkeypatch, replaced):
    """A folder of it is gone when it is asked whether anything can be deleted there, and back a moment later."""
    folder, other = tmp_path / "store", tmp_path / "other"
    run_sweep(grid(), folder, chunk_runs=CHUNK_RUNS)
    shutil.copytree(folder, other)
    original = os.access

    def access(path, *mode, **options):
        if Path(path) in (tmp_path, folder):
            return original(path, *mode, **options)
        if replaced and other.exists():
            folder.rename(tmp_path / "moved")
            other.rename(folder)
        return False

    monkeypatch.setattr("gatednet.sweeps.store.asides.os.access", access)
    said = "is being written by another process, allowed is one at a time" if replaced else "nothing can be deleted in"
    with pytest.raises(SettingError, match=said):
        run_sweep(grid(noise="independent"), folder, restart=True)
    assert verify(folder).finished


@pytest.mark.usefixtures("quick_files")
@pytest.mark.parametrize("lost", ["lock", "folder", "replaced"])
def test_a_writer_that_lost_its_lock_stops(tmp_path, monkeypatch, lost):
    """As on a file system that lets others delete it: two at a time could mix two plans."""
    folder = tmp_path / "store"

    class Losing(Numbered):
        left = 2

        def start(self, chunk):
            self.left -= 1
            if not self.left:
                if lost == "lock":
                    (folder / ".lock").unlink()
                else:
                    folder.rename(tmp_path / "moved")
                if lost == "replaced":
                    Store.create(folder, grid(noise="independent"), CHUNK_RUNS)
            return super().start(chunk)

    monkeypatch.setattr("gatednet.sweeps.execution.run.Executors", Losing)
    with pytest.raises(WriteError, match=r"store lost its lock \.lock, and others may write it too; the same sweep "):
        run_sweep(grid(), folder, chunk_runs=CHUNK_RUNS)
    if lost != "lock":
        assert folder.exists() == (lost == "replaced")
        folder = tmp_path / "moved"
    monkeypatch.setattr("gatednet.sweeps.execution.run.Executors", Numbered)
    assert run_sweep(grid(), folder).finished
    verify(folder)
    if lost == "replaced":
        assert not Store.open(tmp_path / "store").done
