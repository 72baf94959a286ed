"""Every file of a store, finished or not, damaged in every way: what is read is right, or refused in one line."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import xarray

from gatednet import SettingError
from gatednet.sweeps.execution.run import is_finished, run_sweep
from gatednet.sweeps.files import read_record, write_record
from gatednet.sweeps.store.store import Store
from gatednet.sweeps.store.verify import verify
from tests.sweeps.layouts import as_before
from tests.sweeps.test_store import CHUNK_RUNS, everything, interrupted
from tests.sweeps.tools import Numbered, grid

pytestmark = pytest.mark.usefixtures("numbered", "quick_files")

FOREIGN = "elsewhere"


def flipped(path: Path, random: random.Random) -> None:
    content = bytearray(path.read_bytes())
    content[random.randrange(len(content))] ^= 1 << random.randrange(8)
    path.write_bytes(content)


def truncated(path: Path, random: random.Random) -> None:
    os.truncate(path, random.randrange(path.stat().st_size))


def emptied(path: Path, _: random.Random) -> None:
    os.truncate(path, 0)


def grown(path: Path, random: random.Random) -> None:
    with path.open("ab") as file:
        file.write(random.randbytes(random.randrange(1, 100)))


def replaced(path: Path, random: random.Random) -> None:
    path.write_bytes(random.randbytes(path.stat().st_size))


def removed(path: Path, _: random.Random) -> None:
    path.unlink()


def a_folder(path: Path, _: random.Random) -> None:
    path.unlink()
    path.mkdir()
    (path / "thesis.txt").write_text("precious")


def a_link(path: Path, _: random.Random) -> None:
    path.unlink()
    path.symlink_to(path.parents[-1] / os.environ["FOREIGN_FILE"])


def a_dangling_link(path: Path, _: random.Random) -> None:
    path.unlink()
    path.symlink_to("nowhere")


def a_loop(path: Path, _: random.Random) -> None:
    path.unlink()
    path.symlink_to(path.name)


def a_pipe(path: Path, _: random.Random) -> None:
    path.unlink()
    os.mkfifo(path)


def deep(path: Path, _: random.Random) -> None:
    path.write_text("[" * 100_000 + "]" * 100_000)


def long_number(path: Path, _: random.Random) -> None:
    path.write_text('{"chunk": [' + "9" * 10_000 + "]}")


def huge(path: Path, _: random.Random) -> None:
    os.truncate(path, 2**40)


DAMAGES = (
    flipped, truncated, emptied, grown, replaced, removed, a_folder, a_link, a_dangling_link, a_loop, a_pipe, deep,
    long_number, huge,
)  # fmt: skip


@pytest.fixture(scope="module")
def stores(tmp_path_factory):
    """A store that is finished, one that is not, and both as an earlier version left them."""
    parent = tmp_path_factory.mktemp("stores")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gatednet.sweeps.execution.run.Executors", Numbered)
        run_sweep(grid(), parent / "finished", chunk_runs=CHUNK_RUNS)
        interrupted(parent / "unfinished", 2)
    for name in ("finished", "unfinished"):
        shutil.copytree(parent / name, parent / f"{name} before")
        as_before(parent / f"{name} before")
    (parent / FOREIGN).write_text("precious")
    os.environ["FOREIGN_FILE"] = str(parent / FOREIGN)
    return parent


def contents(folder: Path) -> dict[str, object]:
    """Everything below a folder: the bytes of files, or their size where they have very many; links as such."""
    found: dict[str, object] = {}
    for path in sorted(folder.rglob("*")):
        regular = path.is_file() and not path.is_symlink()
        large = regular and path.stat().st_size > 2**20
        name = path.relative_to(folder).as_posix()
        if name.endswith(".lock"):
            continue
        found[name] = path.stat().st_size if large else path.read_bytes() if regular else None
        if path.is_symlink():
            found[name] = os.readlink(path)
    return found


def files(folder: Path) -> list[str]:
    return [name for name, content in contents(folder).items() if content is not None]


EXPECTED = np.arange(12).reshape(3, 2, 2)


def tried(attempt: Callable[[], object]) -> str | None:
    """The one line with which something is refused; None where it is done."""
    try:
        attempt()
    except SettingError as error:
        text = str(error)
    else:
        return None
    assert "\n" not in text
    return text


def read(folder: Path) -> None:
    data = Store.open(folder).dataset().load()
    assert np.array_equal(data.result_step.values, EXPECTED)
    assert np.array_equal(data.loss.isel(step=0).values, EXPECTED)
    assert data.gates.values.tolist() == [0.02, 0.05, 0.1]
    assert data.attrs["precision"] == "float32"


def check(stores: Path, kind: str, name: str, damage, seed: int, folder: Path) -> None:
    shutil.copytree(stores / kind, folder / "store")
    store = folder / "store"
    # One of an earlier version may be found sound as it is.
    wholes = [everything(stores / each) for each in ("finished", "finished before")[: 2 if "before" in kind else 1]]
    damage(store / name, random.Random(seed))
    where = (kind, name, damage.__name__)
    damaged = contents(folder)
    refused = tried(lambda: read(store))
    verified = tried(lambda: verify(store))
    # What is refused must be found by `verify` too, and nothing of it changes a file.
    assert contents(folder) == damaged, where
    if kind.startswith("unfinished"):
        assert refused is not None, where
    elif refused is None:
        # Changed, and not noticed: only what means nothing, or a link to the same.
        assert verified is None or name == "provenance.json", where
    mended = tried(lambda: run_sweep(grid(), store, chunk_runs=CHUNK_RUNS))
    assert (stores / FOREIGN).read_text() == "precious", where
    if mended is None:
        assert everything(store) in wholes, where
        verify(store)
        read(store)
        assert is_finished(grid(), store)
    else:
        # Refused means that nothing was changed.
        assert contents(folder) == damaged, (where, mended)
        if "thesis.txt" not in str(list(store.rglob("*"))) and "no store" not in mended and "is no file" not in mended:
            again = tried(lambda: run_sweep(grid(), store, chunk_runs=CHUNK_RUNS, restart=True))
            allowed = ("which is no part of a store", "plan.toml cannot be read")
            assert again is None or any(each in again for each in allowed), (where, again)
    for path in folder.rglob("thesis.txt"):
        assert path.read_text() == "precious"


@pytest.mark.parametrize("kind", ["finished", "unfinished", "finished before", "unfinished before"])
def test_some_damages(stores, tmp_path, kind):
    names = files(stores / kind)
    # Of each kind of file one, each with one damage, others in each kind of store.
    seed = ["finished", "unfinished", "finished before", "unfinished before"].index(kind)
    chosen = random.Random(seed)
    special = [name for name in names if not name.startswith("arrays.zarr/") or name.count("/") == 1]
    others = [name for name in names if name not in special]
    for number, name in enumerate([*special[seed % 2 :: 2], *chosen.sample(others, 3)]):
        damage = DAMAGES[(number * 5 + seed * 3) % len(DAMAGES)]
        check(stores, kind, name, damage, number, tmp_path / str(number))


@pytest.mark.slow
@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("kind", ["finished", "unfinished", "finished before", "unfinished before"])
def test_every_damage(stores, tmp_path, kind, damage):
    for number, name in enumerate(files(stores / kind)):
        check(stores, kind, name, damage, number, tmp_path / str(number))
        shutil.rmtree(tmp_path / str(number))


FORGED = {
    "chunk_shape": [
        -1, 0, [0, 1, 2], [-1, 1, 2], [2, 1], [1e300, 1, 2], ["1", 1, 2], [2**70, 1, 2], {}, None, [True, 1, 2],
    ],
    "files": [
        None, [], {}, {"../../etc/passwd": {"bytes": 1, "sha256": "0" * 64}}, {"/etc/passwd": 3}, {"plan.toml": {}},
    ],
}  # fmt: skip


@pytest.mark.parametrize("key", FORGED)
def test_a_forged_template_is_one_line(stores, tmp_path, key):
    """With a digest that it agrees with, as whoever can write there can make it."""
    shutil.copytree(stores / "unfinished", tmp_path / "store")
    path = tmp_path / "store/done/_template.json"
    record = read_record(path)
    for value in FORGED[key]:
        write_record(path, {**record, key: value})
        for attempt in (Store.open, verify, lambda folder: run_sweep(grid(), folder), read):
            text = tried(lambda attempt=attempt: attempt(tmp_path / "store"))
            assert text is not None, value
            assert "is damaged: done/_template.json" in text, value


def test_forged_records_of_chunks_are_computed_again(stores, tmp_path):
    whole = everything(stores / "finished")
    for number, change in enumerate([
        {"chunk": "0.0.0"}, {"chunk": [0, 0]}, {"chunk": [0, 0, 1]}, {"plan": None}, {"files": None}, {"files": {}},
        {"files": {"arrays.zarr/loss/c/0/0/0/0": {"bytes": -1, "sha256": "0" * 64}}}, {"files": [1]},
    ]):  # fmt: skip
        store = tmp_path / str(number)
        shutil.copytree(stores / "unfinished", store)
        path = store / "done/0.0.0.json"
        record = read_record(path)
        write_record(path, {**record, **change})
        assert run_sweep(grid(), store).mended == ("0.0.0",)
        assert everything(store) == whole


@pytest.mark.parametrize("value", [None, {}, [], "x", [1], {"sessions": 3}])
def test_forged_sessions_are_one_line(stores, tmp_path, value):
    shutil.copytree(stores / "unfinished", tmp_path / "store")
    write_record(tmp_path / "store/provenance.json", {"sessions": value})
    before = contents(tmp_path)
    for attempt in (lambda: run_sweep(grid(), tmp_path / "store"), lambda: verify(tmp_path / "store")):
        text = tried(attempt)
        assert text is not None
        assert "provenance.json does not agree with its own digest, and nothing else tells" in text
    assert contents(tmp_path) == before


def test_records_that_are_exchanged_together_with_their_files_are_found(stores, tmp_path):
    """A chunk that agrees with itself and is not the one that was there when the store was finished."""
    shutil.copytree(stores / "finished", tmp_path / "store")
    store = Store.open(tmp_path / "store")
    chunk = next(store.plan.chunks())
    other = {
        variable.name: np.full((chunk.runs, *variable.sizes), 7, variable.dtype) for variable in store.sweep.variables
    }
    store.write(chunk, other)
    with pytest.raises(SettingError, match=r"chunk 0\.0\.0: done/0\.0\.0\.json does not agree with its digest"):
        verify(store.folder)
    with pytest.raises(SettingError, match="is not finished: 3 of 4 chunks are done"):
        store.dataset()
    run_sweep(grid(), store.folder)
    read(store.folder)


def test_values_are_compared_with_their_digests_when_they_are_read(stores, tmp_path):
    """Damage of equal size, and files that are lost after the store was opened."""
    shutil.copytree(stores / "finished", tmp_path / "store")
    data = Store.open(tmp_path / "store").dataset()
    path = tmp_path / "store/arrays.zarr/loss/c/1/0/0/0"
    content = path.read_bytes()
    line = r"store is damaged in chunk 1\.0\.0: arrays\.zarr/loss/c/1/0/0/0 {}; run the sweep again to mend it$"
    # Another chunk's bytes, with a right checksum of the codec.
    path.write_bytes((tmp_path / "store/arrays.zarr/loss/c/0/0/0/0").read_bytes())
    with pytest.raises(SettingError, match=line.format("does not agree with its digest")):
        data.loss.load()
    assert np.array_equal(data.result_step, EXPECTED)
    path.unlink()
    with pytest.raises(SettingError, match=line.format("is missing")):
        data.loss.isel(gates=-1).load()
    # Other chunks are read, and so is this one when it is there again.
    assert np.isfinite(data.loss.isel(gates=0)).all()
    path.write_bytes(content)
    assert np.isfinite(data.loss).all()
    shutil.rmtree(tmp_path / "store")
    with pytest.raises(SettingError, match="was replaced or deleted while it was read, allowed is to open it again"):
        data.block_loss.load()


def test_without_this_package_a_store_reads_the_same(stores):
    for name in ("finished", "finished before"):
        ours = Store.open(stores / name).dataset().load()
        theirs = xarray.open_zarr(stores / name / "arrays.zarr", chunks=None).load()
        xarray.testing.assert_identical(ours, theirs)


def test_a_dataset_is_read_in_other_processes(stores):
    import pickle

    data = pickle.loads(pickle.dumps(Store.open(stores / "finished").dataset()))
    assert np.array_equal(data.result_step, EXPECTED)


def test_a_store_of_an_earlier_version_is_read_and_continued(stores, tmp_path):
    whole = everything(stores / "finished")
    assert verify(stores / "finished before").finished
    read(stores / "finished before")
    assert not run_sweep(grid(), stores / "finished before").fresh
    for name in ("finished before", "unfinished before"):
        shutil.copytree(stores / name, tmp_path / name)
        (tmp_path / name / "done/0.0.0.json").unlink()
        assert run_sweep(grid(), tmp_path / name).fresh
        # With the metadata that are final from the start now.
        assert everything(tmp_path / name) == whole
        verify(tmp_path / name)


def test_edited_metadata_are_refused_from_the_start(stores, tmp_path):
    """As they could be edited while a sweep was interrupted, and were signed at its end."""
    for name in ("unfinished", "unfinished before"):
        for text, other in (('"precision": "float32"', '"precision": "float64"'), ("steps = 40", "steps = 41")):
            store = tmp_path / f"{name}{len(text)}"
            shutil.copytree(stores / name, store)
            path = store / "arrays.zarr/zarr.json"
            assert text in path.read_text()
            path.write_text(path.read_text().replace(text, other))
            with pytest.raises(
                SettingError, match=r"is damaged: arrays\.zarr/zarr\.json does not agree with its digest; allowed is a"
            ):
                run_sweep(grid(), store)


def test_a_store_that_never_came_to_be_is_created_again(stores, tmp_path):
    whole = everything(stores / "finished")
    for number, lost in enumerate([["done/_template.json"], ["done/_template.json", "arrays.zarr/zarr.json"]]):
        store = tmp_path / str(number)
        Store.create(store, grid(), CHUNK_RUNS)
        for name in lost:
            os.truncate(store / name, 0)
        with pytest.raises(SettingError, match="was never completed, its sweep creates it again"):
            verify(store)
        other = grid(noise="independent")
        with pytest.raises(SettingError, match="is the store of another plan: noise is 'paired' there"):
            run_sweep(other, store)
        run_sweep(grid(), store, chunk_runs=CHUNK_RUNS)
        assert everything(store) == whole
    # With a chunk it is no such thing.
    shutil.copytree(stores / "unfinished", tmp_path / "begun")
    os.truncate(tmp_path / "begun/done/_template.json", 0)
    with pytest.raises(SettingError, match=r"is damaged: done/_template\.json is not what was written; allowed is a"):
        run_sweep(grid(), tmp_path / "begun")
