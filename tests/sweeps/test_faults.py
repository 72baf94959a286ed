"""Whatever operation on files fails, or is the last one before a kill or a power loss: a store is sound or goes on."""

from __future__ import annotations

import contextlib
import shutil
import sys
from pathlib import Path

import pytest

from gatednet import SettingError, with_values
from gatednet.sweeps.execution.run import run_sweep
from gatednet.sweeps.files import WriteError
from gatednet.sweeps.store.verify import verify
from tests.cli.tools import contents, flip
from tests.sweeps.faults import Died, disk
from tests.sweeps.layouts import as_before
from tests.sweeps.test_store import CHUNK_RUNS, everything, interrupted
from tests.sweeps.tools import Numbered, grid, small

pytestmark = [
    pytest.mark.usefixtures("numbered", "quick_files"),
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="names of open files come from /proc"),
]


def begun(folder: Path) -> None:
    interrupted(folder, 1)


def damaged(folder: Path) -> None:
    run_sweep(grid(), folder, chunk_runs=CHUNK_RUNS)
    flip(folder / "arrays.zarr/loss/c/1/0/0/0")
    (folder / "done/0.0.0.json").unlink()


def of_another_plan(folder: Path) -> None:
    run_sweep(grid(with_values(small(), {"timescales.weights": 0.5})), folder, chunk_runs=CHUNK_RUNS)


def of_before(folder: Path) -> None:
    interrupted(folder, 1)
    as_before(folder)


# What is there, and whether it is replaced.
STARTS = {
    "new": (lambda folder: None, False),
    "deeper": (lambda folder: None, False),
    "begun": (begun, False),
    "damaged": (damaged, False),
    "of before": (of_before, False),
    "restart": (of_another_plan, True),
}
MODES = ("fails", "full", "killed", "power")


@pytest.fixture(scope="module")
def starts(tmp_path_factory):
    """Folders as they are before, and all files of the store that comes out."""
    made = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gatednet.sweeps.execution.run.Executors", Numbered)
        for name, (make, _) in STARTS.items():
            made[name] = tmp_path_factory.mktemp("start")
            # What is not ours, with names that come close to ours.
            (made[name] / ".store.notes.new").mkdir()
            (made[name] / ".store.notes.new" / "plan.toml").write_text("mine")
            (made[name] / ".store.1.old").mkdir()
            (made[name] / ".store.1.old" / "thesis.txt").write_text("precious")
            make(made[name] / "store")
        run_sweep(grid(), made["new"].parent / "expected", chunk_runs=CHUNK_RUNS)
    return made, everything(made["new"].parent / "expected")


def attempt(name: str, folder: Path, **fault) -> int:
    """Run a sweep over a disk with a fault, and the number of operations until then; 0 where it was not hit."""
    store = folder / "in" / "store" if name == "deeper" else folder / "store"
    told = ending = ""
    with disk(folder, **fault) as faulty, contextlib.suppress(Died):
        try:
            run_sweep(grid(), store, restart=STARTS[name][1], chunk_runs=CHUNK_RUNS)
        except SettingError as error:
            told = str(error)
        except WriteError as error:
            told = str(error)
            ending = "; the same sweep again continues it"
    assert "\n" not in told
    assert told.endswith(ending)
    return faulty.count


def check(name: str, folder: Path, expected: dict[str, bytes], where: object) -> None:
    """What is left is sound, and the same command goes on to the same bytes with nothing left over."""
    store = folder / "in" / "store" if name == "deeper" else folder / "store"
    foreign = {".store.notes.new/plan.toml": b"mine", ".store.1.old/thesis.txt": b"precious"}
    if store.exists():
        with contextlib.suppress(SettingError):
            verify(store)
    assert run_sweep(grid(), store, restart=_is_old(store), chunk_runs=CHUNK_RUNS).finished, where
    assert everything(store) == expected, where
    verify(store)
    rest = {path: content for path, content in contents(folder).items() if content is not None}
    left = {path: content for path, content in rest.items() if not path.startswith(("store/", "in/store/"))}
    assert left == foreign, where


def _is_old(store: Path) -> bool:
    return (store / "plan.toml").exists() and "weights = 0.5" in (store / "plan.toml").read_text()


def every(starts, tmp_path, name: str, mode: str, step: int, first: int = 1) -> None:
    made, expected = starts
    shutil.copytree(made[name], tmp_path / "counted")
    number = attempt(name, tmp_path / "counted", limit=0)
    check(name, tmp_path / "counted", expected, "without a fault")
    assert number > 20
    for limit in range(first, number + 1, step):
        folder = tmp_path / str(limit)
        shutil.copytree(made[name], folder)
        attempt(name, folder, limit=limit, mode=mode, seed=limit)
        check(name, folder, expected, (mode, limit))
        shutil.rmtree(folder)


# Every start with half of the modes.
PAIRS = [(name, mode) for row, name in enumerate(STARTS) for column, mode in enumerate(MODES) if (row + column) % 2]


@pytest.mark.parametrize(("name", "mode"), PAIRS)
def test_some_faults(starts, tmp_path, name, mode):
    # Others for each, so that together they are many.
    place = PAIRS.index((name, mode))
    every(starts, tmp_path, name, mode, step=173, first=1 + 14 * place)


@pytest.mark.slow
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", STARTS)
def test_every_fault(starts, tmp_path, name, mode):
    every(starts, tmp_path, name, mode, step=1)
