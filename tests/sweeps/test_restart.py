"""A restart checks first, replaces at once, and deletes nothing that is not a store's."""

import contextlib
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import filelock
import pytest

from gatednet import SettingError, with_values
from gatednet.sweeps.execution.run import run_sweep
from gatednet.sweeps.store.asides import sweep_up
from gatednet.sweeps.store.store import Store
from gatednet.sweeps.store.verify import verify
from tests.cli.tools import contents
from tests.sweeps.test_store import CHUNK_RUNS, everything, interrupted
from tests.sweeps.tools import Numbered, grid, small

pytestmark = pytest.mark.usefixtures("numbered", "quick_files")

OTHER = grid(with_values(small(), {"timescales.weights": 0.5}))


@pytest.fixture
def old(tmp_path) -> Path:
    """A finished store of another plan."""
    run_sweep(OTHER, tmp_path / "store", chunk_runs=CHUNK_RUNS)
    return tmp_path / "store"


def restarted(folder: Path) -> Store:
    return run_sweep(grid(), folder, restart=True, chunk_runs=CHUNK_RUNS)


def unlocked(folder: Path) -> dict[str, bytes | None]:
    return {name: content for name, content in contents(folder).items() if not name.endswith(".lock")}


def refused(folder: Path, message: str) -> None:
    """A restart is refused with a message, and nothing is changed."""
    before = unlocked(folder.parent)
    for attempt in (lambda: restarted(folder), Store(folder).remove):
        with pytest.raises(SettingError, match=message):
            attempt()
        assert unlocked(folder.parent) == before


def test_a_store_of_any_plan_is_replaced(old):
    assert restarted(old).fresh
    assert Store.open(old).sweep == grid()
    assert [path.name for path in old.parent.iterdir()] == ["store"]


def test_behind_a_link_the_target_is_replaced_and_the_link_stays(old, tmp_path):
    (tmp_path / "disk").mkdir()
    old.rename(tmp_path / "disk/real")
    old.symlink_to("disk/real")
    restarted(old)
    assert os.readlink(old) == "disk/real"
    assert verify(tmp_path / "disk/real").sweep == grid()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["disk", "store"]
    assert [path.name for path in (tmp_path / "disk").iterdir()] == ["real"]
    Store(old).remove()
    assert os.readlink(old) == "disk/real"
    # The link leads nowhere now, and there the store is created.
    run_sweep(grid(), old)
    assert verify(tmp_path / "disk/real").finished


def test_links_that_lead_in_circles_are_one_line(tmp_path):
    (tmp_path / "store").symlink_to("store")
    for restart in (False, True):
        with pytest.raises(SettingError, match=r"store .*(link|Symlink|no store)") as found:
            run_sweep(grid(), tmp_path / "store", restart=restart)
        assert "\n" not in str(found.value)


@pytest.mark.parametrize(
    "name",
    [
        "notes.txt", "done/notes.txt", "arrays.zarr/notes.txt", "arrays.zarr/loss/c/0/mine", "arrays.zarr/loss/c/x/0",
        "arrays.zarr/mine/zarr.json", "done/1.0.0.json.bak", ".plan.toml.backup", "done/.notes.json.1",
        "arrays.zarr/loss/c/0/0.partial", "arrays.zarr/zarr.json~",
    ],
)  # fmt: skip
def test_a_file_of_the_user_is_never_deleted(old, name):
    path = old / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("precious")
    shown = name if path.parent in [old, old / "done", old / "arrays.zarr"] or "loss" in name else "arrays.zarr/mine"
    shown = "arrays.zarr/loss/c/x" if name.endswith("x/0") else shown
    refused(old, rf"holds '{shown}', which is no part of a store, and is left as it is; move that elsewhere first")
    # Beside it the store is as good as before.
    assert verify(old).finished
    assert not run_sweep(OTHER, old).fresh


def test_a_link_in_a_store_is_no_part_of_it(old, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (old / "arrays.zarr/loss/c/0").rename(tmp_path / "elsewhere/0")
    (old / "arrays.zarr/loss/c/0").symlink_to(tmp_path / "elsewhere/0")
    refused(old, r"holds 'arrays\.zarr/loss/c/0', which is no part of a store")
    (old / "done/0.0.0.json").unlink()
    # Nor is anything written through it.
    before = contents(tmp_path / "elsewhere")
    with pytest.raises(SettingError, match=r"damaged: arrays\.zarr/loss/c/0 is no folder; delete it and run the sweep"):
        run_sweep(OTHER, old)
    assert contents(tmp_path / "elsewhere") == before


def test_what_is_no_store_is_left(tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "thesis.txt").write_text("precious")
    refused(folder, "mine is no store of gatednet, and is left as it is")
    with pytest.raises(SettingError, match="mine is no store of gatednet, and is left as it is"):
        run_sweep(grid(), folder)


def test_a_damaged_store_can_be_restarted(old):
    os.truncate(old / "done/_template.json", 10)
    restarted(old)
    os.truncate(old / "plan.toml", 500)
    restarted(old)
    # With neither of the two, nothing tells which files are its own.
    os.truncate(old / "plan.toml", 500)
    os.truncate(old / "done/_template.json", 10)
    refused(old, "is damaged so that nothing tells which files are its own; allowed are another folder, and to delete")


def test_leftovers_inside_are_swept_by_name(tmp_path):
    folder = tmp_path / "store"
    interrupted(folder, 1)
    left = [
        "done/.1.0.0.json.123", ".provenance.json.5", "arrays.zarr/loss/c/0/.0.77", "done/._store.json.1",
        f"arrays.zarr/loss/c/0/1.{'0' * 32}.partial", f"arrays.zarr/loss/zarr.{'a' * 32}.partial",
    ]  # fmt: skip
    mine = [".1.0.0.json.123", "done/.1.0.0.json.x", "done/.mine.json.3", "arrays.zarr/loss/c/0/.backup.1", "notes.1"]
    for name in (*left, *mine):
        (folder / name).write_text("left")
    run_sweep(grid(), folder)
    assert not [name for name in left if (folder / name).exists()]
    assert all((folder / name).read_text() == "left" for name in mine)


OURS = "# The plan of a sweep of gatednet; the folder is a store, format 1.\n"


@pytest.mark.parametrize("name", ["store", "s*", "[st]ore", "st?re", "a.5"])
def test_only_what_this_code_left_beside_is_swept(tmp_path, name):
    place = tmp_path / name
    left = [f".{name}.123.new", f".{name}.9-0123abcd.old", f".{name}.9-00000000.new", f".{name}.77-00000000.new"]
    kept = [f".{name}.backup.new", f".{name}.12x.old", f".{name}.1-0123ABCD.new", ".m.backup.new", ".store2.1.new",
            ".stare.1.new", f"{name}.1.new", f".{name}.1.new.new", ".a.1.new", ".a.5.6.7.new"]  # fmt: skip
    if name == "store":
        left.remove(".store.77-00000000.new")
    for each in (*left, *kept):
        (tmp_path / each).mkdir()
        (tmp_path / each / "plan.toml").write_text(OURS)
    # Neither a folder of ours, nor one that is empty because it was just begun.
    others = [f".{name}.1.old", f".{name}.2.old", f".{name}.3.new", f".{name}.4.new"]
    (tmp_path / others[0]).mkdir()
    (tmp_path / others[0] / "plan.toml").write_text("# A plan.")
    (tmp_path / others[1]).mkdir()
    (tmp_path / others[1] / "plan.toml").write_text(OURS)
    (tmp_path / others[1] / "thesis.txt").write_text("precious")
    (tmp_path / others[2]).write_text("a file")
    (tmp_path / others[3]).symlink_to(tmp_path / ".m.backup.new")
    sweep_up(place)
    assert {path.name for path in tmp_path.iterdir()} == {*kept, *others}
    assert (tmp_path / others[1] / "thesis.txt").exists()


def test_what_is_being_created_is_not_swept(tmp_path):
    aside = tmp_path / ".store.1-00000000.new"
    aside.mkdir()
    (aside / "plan.toml").write_text(OURS)
    with filelock.FileLock(aside / ".lock"):
        sweep_up(tmp_path / "store")
        assert aside.exists()
    sweep_up(tmp_path / "store")
    assert not aside.exists()


def test_a_store_that_is_being_written_is_not_replaced(old):
    with filelock.FileLock(old / ".lock"):
        refused(old, "is being written by another process, allowed is one at a time")


def test_the_root_of_a_file_system_is_not_replaced(old, monkeypatch):
    ismount = os.path.ismount
    for place in (old, old / "arrays.zarr"):
        monkeypatch.setattr(os.path, "ismount", lambda path, place=place: Path(path) == place or ismount(path))
        refused(old, "is the root of a file system")


def test_a_name_that_leaves_no_room_beside_is_refused(tmp_path):
    for length in (240, 300):
        with pytest.raises(SettingError, match=rf"has {length} bytes, allowed are up to 2\d\d in a"):
            run_sweep(grid(), tmp_path / ("x" * length))
    run_sweep(grid(), tmp_path / ("x" * 210))


def test_a_new_store_that_cannot_be_created_leaves_the_old_one(old, monkeypatch):
    def failing(*_):
        raise OSError(5, "Input/output error")

    before = unlocked(old.parent)
    monkeypatch.setattr("gatednet.sweeps.store.creation.write_flushed", failing)
    with pytest.raises(RuntimeError, match="store cannot be written: Input/output error; the same sweep again"):
        restarted(old)
    assert unlocked(old.parent) == before


@contextlib.contextmanager
def as_another_user() -> Iterator[None]:
    """Nothing is forbidden to root: in this context another user tries."""
    if os.geteuid():
        yield
        return
    os.setresgid(65534, 65534, 0)
    os.setresuid(65534, 65534, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)
        os.setresgid(0, 0, 0)


def told(folder: Path, *, restart: bool = False) -> str:
    """The message that another user gets for a sweep into a folder."""
    with as_another_user():
        try:
            store = run_sweep(grid(), folder, restart=restart, chunk_runs=CHUNK_RUNS)
        except SettingError as error:
            return str(error)
    return "done" if store.fresh else "finished"


def test_what_may_not_be_deleted_or_written_is_refused_before_anything_is_changed(old):
    parent = Path(tempfile.mkdtemp())
    try:
        for name in ("readable", "inside", "beside/store", "finished", "mended", "aside/new"):
            (parent / name).parent.mkdir(exist_ok=True)
            shutil.copytree(old, parent / name)
        for name in ("finished", "mended"):
            shutil.rmtree(parent / name)
            run_sweep(grid(), parent / name, chunk_runs=CHUNK_RUNS)
        (parent / "mended/done/0.0.0.json").unlink()
        shutil.rmtree(parent / "aside/new")
        for path in [parent, *parent.rglob("*")]:
            os.chown(path, 65534, 65534) if os.geteuid() == 0 else None
        (parent / "inside/arrays.zarr/loss/c").chmod(0o500)
        (parent / "readable").chmod(0o500)
        (parent / "beside").chmod(0o500)
        for path in [*(parent / "finished").rglob("*"), parent / "finished", *(parent / "mended").rglob("*")]:
            path.chmod(0o500 if path.is_dir() else 0o400)
        (parent / "mended").chmod(0o500)
        (parent / "aside").chmod(0o500)
        before = contents(parent)
        for name, place in (
            ("inside", "inside/arrays.zarr/loss/c"), ("readable", "readable"), ("beside/store", "beside"),
        ):  # fmt: skip
            assert told(parent / name, restart=True) == (
                f"{parent / name} cannot be deleted: nothing can be deleted in {parent / place}"
            )
        # One that is finished is read where nothing can be written.
        assert told(parent / "finished") == "finished"
        assert told(parent / "mended") == f"{parent}/mended cannot be written: Permission denied"
        assert told(parent / "aside/new") == (
            f"{parent}/aside/new cannot be written: nothing can be made in {parent}/aside: Permission denied"
        )
        assert contents(parent) == before
    finally:
        for path in [parent, *parent.rglob("*")]:
            if path.is_dir():
                path.chmod(stat.S_IRWXU)
        shutil.rmtree(parent)


def test_everything_is_the_same_after_a_restart(old, tmp_path):
    run_sweep(grid(), tmp_path / "new", chunk_runs=CHUNK_RUNS)
    restarted(old)
    assert everything(old) == everything(tmp_path / "new")


def test_a_folder_beyond_one_that_is_not_there(tmp_path, monkeypatch):
    # To Python the place is known, to the system it is not: what was created must also be found.
    monkeypatch.setattr("gatednet.sweeps.execution.run.Executors", Numbered)
    folder = tmp_path / "nowhere" / ".." / "store"
    assert run_sweep(grid(), folder).fresh
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == ["store"]
    assert not run_sweep(grid(), folder).fresh
    assert verify(folder).finished
