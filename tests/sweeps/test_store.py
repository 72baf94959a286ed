"""The folder of a sweep: refusals, interruptions, copies, damage. Runs are numbers here, nothing is simulated."""

import shutil
from pathlib import Path

import filelock
import jax
import numpy as np
import pytest
import xarray

from gatednet import SettingError, with_values
from gatednet.sweeps.axes import Axis
from gatednet.sweeps.execution.run import run_sweep
from gatednet.sweeps.files import read_record, write_record
from gatednet.sweeps.store.store import Store
from gatednet.sweeps.store.verify import verify
from gatednet.sweeps.sweep import Sweep
from tests.cli.tools import flip
from tests.sweeps.tools import Numbered, grid, small

pytestmark = pytest.mark.usefixtures("numbered")

# Four chunks of the small grid.
CHUNK_RUNS = 4


@pytest.fixture
def finished(tmp_path) -> Path:
    """A finished store of four chunks."""
    folder = tmp_path / "store"
    run_sweep(grid(), folder, chunk_runs=CHUNK_RUNS)
    return folder


def interrupted(folder: Path, chunks: int) -> None:
    """Leave a store of which some chunks are done."""

    class Stopping(Numbered):
        left = chunks + 1

        def start(self, chunk):
            if not self.left:
                raise KeyboardInterrupt
            self.left -= 1
            return super().start(chunk)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gatednet.sweeps.execution.run.Executors", Stopping)
        with pytest.raises(KeyboardInterrupt):
            run_sweep(grid(), folder, chunk_runs=CHUNK_RUNS)


def numbers(folder: Path) -> np.ndarray:
    return Store.open(folder).dataset().result_step.values


def everything(folder: Path) -> dict[str, bytes]:
    """All files but those that tell of sessions."""
    told = ("provenance.json", "_store.json", ".lock")
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name not in told
    }


def test_every_run_is_stored_at_its_place(finished):
    store = Store.open(finished)
    assert store.finished
    assert store.sweep == grid()
    assert len(store.done) == len(store.plan) == 4
    assert np.array_equal(numbers(finished), np.arange(12).reshape(3, 2, 2))


def test_a_finished_store_is_left_as_it_is(finished):
    before = everything(finished), (finished / "provenance.json").read_bytes()
    store = run_sweep(grid(), finished)
    assert not store.fresh
    assert (everything(finished), (finished / "provenance.json").read_bytes()) == before


def test_an_interrupted_store_is_told_from_a_finished_one_and_continued(tmp_path, finished):
    folder = tmp_path / "interrupted"
    interrupted(folder, 1)
    store = Store.open(folder)
    assert not store.finished
    assert len(store.done) == 1
    with pytest.raises(SettingError, match="is not finished: 1 of 4 chunks are done, run its sweep again to go on"):
        store.dataset()
    assert verify(folder).folder == folder
    # A store keeps the shape of its chunks, whatever shape a later call would give a new one.
    assert run_sweep(grid(), folder, chunk_runs=1).fresh
    assert everything(folder) == everything(finished)
    assert len(read_record(folder / "provenance.json")["sessions"]) == 2


def test_half_written_chunks_are_written_again(tmp_path, finished):
    folder = tmp_path / "interrupted"
    interrupted(folder, 1)
    left = folder / "arrays.zarr/loss/c/0/1/0/0"
    left.parent.mkdir(parents=True, exist_ok=True)
    left.write_bytes(b"half of a chunk")
    run_sweep(grid(), folder)
    assert everything(folder) == everything(finished)


@pytest.mark.parametrize("chunks", [0, 2])
def test_a_copy_verifies_and_continues(tmp_path, finished, chunks):
    folder, copy = tmp_path / "interrupted", tmp_path / "elsewhere/copy"
    interrupted(folder, chunks)
    # Other times, and another order of writing.
    shutil.copytree(folder, copy, copy_function=shutil.copy)
    shutil.rmtree(folder)
    verify(copy)
    run_sweep(grid(), copy)
    assert everything(copy) == everything(finished)
    moved = copy.rename(tmp_path / "moved")
    assert verify(moved).finished
    assert not run_sweep(grid(), moved).fresh


def test_a_copy_that_lacks_files_computes_them_again(tmp_path, finished):
    copy = tmp_path / "copy"
    shutil.copytree(finished, copy)
    (copy / "arrays.zarr/loss/c/0/1/0/0").unlink()
    (copy / "arrays.zarr/loss/c/1/0/0/0").write_bytes(b"short")
    assert [chunk.name for chunk in Store.open(copy).done] == ["0.0.0", "1.1.0"]
    assert run_sweep(grid(), copy).fresh
    assert everything(copy) == everything(finished)


def kinds(folder: Path) -> dict[str, Path]:
    """One file of each kind that a store has."""
    found: dict[str, Path] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name != ".lock":
            name = path.relative_to(folder).as_posix()
            parts = name.split("/")
            if parts[0] == "arrays.zarr":
                array = parts[1] if len(parts) > 2 else ""
                kind = ("metadata of " if path.name == "zarr.json" else "values of ") + array
            else:
                kind = name if not parts[-1][0].isdigit() else "record of a chunk"
            found.setdefault(kind, path)
    return found


def test_a_flipped_byte_is_found_in_every_kind_of_file(finished):
    found = kinds(finished)
    assert {
        "plan.toml",
        "provenance.json",
        "metadata of ",
        "metadata of loss",
        "values of loss",
        "values of gates",
    } < set(found)
    assert {"record of a chunk", "done/_template.json", "done/_store.json", "values of seed", "metadata of seed"} < set(
        found
    )
    verify(finished)
    for kind, path in found.items():
        content = path.read_bytes()
        for place in {0, len(content) // 2, len(content) - 1}:
            damaged = bytearray(content)
            damaged[place] ^= 1
            path.write_bytes(bytes(damaged))
            with pytest.raises(SettingError) as refusal:
                verify(finished)
            text = str(refusal.value)
            assert "\n" not in text, kind
            if place and kind not in ("plan.toml",):
                assert path.name in text, (kind, text)
        path.unlink()
        if kind == "done/_store.json":
            # Without it the store is one that can be finished again.
            assert not verify(finished).finished
        else:
            with pytest.raises(SettingError):
                verify(finished)
        path.write_bytes(content)
    verify(finished)


def test_damage_names_the_chunk_and_what_mends_it(finished):
    before = everything(finished)
    flip(finished / "arrays.zarr/loss/c/1/0/0/0")
    with pytest.raises(
        SettingError,
        match=r"is damaged in chunk 1\.0\.0: arrays\.zarr/loss/c/1/0/0/0 does not agree with its digest; "
        r"run the sweep again to mend it$",
    ):
        verify(finished)
    store = run_sweep(grid(), finished)
    assert (store.fresh, store.mended) == (True, ("1.0.0",))
    verify(finished)
    assert everything(finished) == before


def test_a_record_of_another_chunk_or_plan_is_refused(finished):
    record = finished / "done/1.0.0.json"
    content = record.read_bytes()
    shutil.copy(finished / "done/0.0.0.json", record)
    with pytest.raises(SettingError, match=r"chunk 1\.0\.0: done/1\.0\.0\.json is of another chunk or plan"):
        verify(finished)
    record.write_bytes(content)
    changed = read_record(record)
    changed["plan"] = "0" * 64
    write_record(record, changed)
    with pytest.raises(SettingError, match=r"chunk 1\.0\.0: done/1\.0\.0\.json is of another chunk or plan"):
        verify(finished)
    assert not Store.open(finished).finished


def test_a_damaged_store_is_not_read_or_continued(finished):
    path = finished / "arrays.zarr/gates/c/0"
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    for attempt in (lambda: Store.open(finished).dataset(), lambda: run_sweep(grid(), finished)):
        with pytest.raises(SettingError, match=r"is damaged: arrays\.zarr/gates/c/0 does not agree with its digest"):
            attempt()


def test_a_damaged_chunk_is_noticed_by_whoever_reads_it(finished):
    """The checksum of the codec, for those who read without us."""
    path = finished / "arrays.zarr/result_step/c/1/0/0"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(ValueError, match="checksum"):
        xarray.open_zarr(finished / "arrays.zarr", chunks=None).result_step.load()


def test_another_plan_is_refused_with_the_difference(finished):
    other = grid(with_values(small(), {"timescales.weights": 0.5, "objective.norm": 2.0}))
    with pytest.raises(
        SettingError,
        match=r"is the store of another plan: experiment\.objective\.norm is 0\.909 there and 2\.0 here; "
        r"experiment\.timescales\.weights is 1\.3 there and 0\.5 here; allowed are",
    ):
        run_sweep(other, finished)
    longer = Sweep(small(), (*grid().axes[:2], Axis.seeds(3)), grid().save)
    with pytest.raises(SettingError, match=r"axes\.seed\.values is \[0, 1\] there and \[0, 1, 2\] here"):
        run_sweep(longer, finished)


def test_folders_that_are_no_stores(tmp_path):
    with pytest.raises(SettingError, match="nowhere does not exist, allowed is the folder of a store"):
        Store.open(tmp_path / "nowhere")
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingError, match="file is no store of gatednet"):
        run_sweep(grid(), tmp_path / "file")
    with pytest.raises(SettingError, match="is no store of gatednet"):
        verify(tmp_path)
    with pytest.raises(SettingError, match=r"store cannot be written: .*file: not a folder"):
        run_sweep(grid(), tmp_path / "file/store")


def test_an_empty_folder_is_as_good_as_none(tmp_path):
    (tmp_path / "store").mkdir()
    assert run_sweep(grid(), tmp_path / "store").finished


def test_two_processes_do_not_write_at_once(tmp_path):
    folder = tmp_path / "store"
    interrupted(folder, 1)
    with filelock.FileLock(folder / ".lock"):
        for restart in (False, True):
            with pytest.raises(SettingError, match="store is being written by another process"):
                run_sweep(grid(), folder, restart=restart)
    assert len(Store.open(folder).done) == 1
    assert run_sweep(grid(), folder).finished


def test_a_plan_that_is_damaged_is_one_line(finished):
    text = (finished / "plan.toml").read_text()
    for every in ("", "40"):
        (finished / "plan.toml").write_text(text.replace("every = 20", f"every = {every}"))
        with pytest.raises(SettingError, match=r"is damaged: plan\.toml does not agree with its digest"):
            Store.open(finished)


def test_nan_is_stored_as_a_value(tmp_path):
    """A chunk of runs that all diverged is a file like any other."""
    store = Store.create(tmp_path / "store", grid())
    (chunk,) = store.plan.chunks()
    empty = {
        variable.name: np.full((12, *variable.sizes), np.nan if variable.dtype == "float32" else -1, variable.dtype)
        for variable in store.sweep.variables
    }
    store.begin(jax.devices())
    store.write(chunk, empty)
    store.finish()
    verify(store.folder)
    (store.folder / "arrays.zarr/loss/c/0/0/0/0").unlink()
    with pytest.raises(SettingError, match=r"loss/c/0/0/0/0 is missing"):
        verify(store.folder)
