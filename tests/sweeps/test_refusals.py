"""Whatever a sweep refuses, it refuses before anything is changed: in a new folder, in a store, before a restart."""

import json
import os
import shutil
from pathlib import Path

import filelock
import jax
import pytest

from gatednet import SettingError, with_values
from gatednet.sweeps import files
from gatednet.sweeps.execution.run import run_sweep
from gatednet.sweeps.planning.plan import Plan
from gatednet.sweeps.store.store import Store
from tests.cli.tools import contents
from tests.sweeps.test_store import CHUNK_RUNS, interrupted
from tests.sweeps.tools import Numbered, grid, small

pytestmark = pytest.mark.usefixtures("numbered", "quick_files")

OTHER = grid(with_values(small(), {"timescales.weights": 0.5}))
DEVICES = "allowed are those of one kind of this process, each once"
# Arguments that are refused, and the message of each.
ALWAYS = {
    "no devices": ({"devices": []}, DEVICES),
    "a device that is none": ({"devices": ["cpu"]}, DEVICES),
    "a device alone": ({"devices": jax.local_devices()[0]}, DEVICES),
    "a device twice": ({"devices": jax.local_devices()[:1] * 2}, DEVICES),
    "no scheduler": ({"cluster": "tcp://127.0.0.1:9"}, "no scheduler answers at 'tcp://127.0.0.1:9'"),
    "no runs in a chunk": ({"chunk_runs": 0}, "chunk_runs is 0, allowed is a whole number, at least 1"),
    "fewer runs than none": ({"chunk_runs": -3}, "chunk_runs is -3, allowed"),
    "a part of a run": ({"chunk_runs": 2.5}, "chunk_runs is 2.5, allowed"),
    "true runs": ({"chunk_runs": True}, "chunk_runs is True, allowed"),
    "a word of runs": ({"chunk_runs": "4"}, "chunk_runs is '4', allowed"),
}


@pytest.fixture(scope="module")
def unfinished(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("unfinished")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gatednet.sweeps.execution.run.Executors", Numbered)
        interrupted(folder / "store", 2)
    return folder


def refused(folder: Path, message: str, sweep=None, **options) -> None:
    before = contents(folder.parent)
    with pytest.raises(SettingError) as found:
        run_sweep(sweep or grid(), folder, **options)
    assert message in str(found.value)
    assert "\n" not in str(found.value)
    after = contents(folder.parent)
    # A lock that was taken may stay: an empty file that means nothing.
    assert {name: each for name, each in after.items() if not name.endswith(".lock")} == {
        name: each for name, each in before.items() if not name.endswith(".lock")
    }


@pytest.mark.parametrize("case", ALWAYS)
def test_arguments(unfinished, tmp_path, case, monkeypatch):
    options, message = ALWAYS[case]
    if "cluster" in options:
        # Which takes its time to find out: see tests/sweeps/test_cluster.py.
        def connected(address):
            raise SettingError(f"no scheduler answers at {address!r}")

        monkeypatch.setattr("gatednet.sweeps.execution.run.connected", connected)
    refused(tmp_path / "deep/er/store", message, **options)
    shutil.copytree(unfinished / "store", tmp_path / "store")
    refused(tmp_path / "store", message, **options)
    refused(tmp_path / "store", message, restart=True, **options)
    refused(tmp_path / "store", message, OTHER, restart=True, **options)


@pytest.mark.parametrize("restart", [False, True])
def test_images_that_are_not_to_be_had(unfinished, tmp_path, monkeypatch, restart):
    def missing(_):
        raise SettingError("no images")

    monkeypatch.setattr("gatednet.sweeps.execution.run.fingerprints", missing)
    refused(tmp_path / "deep/er/store", "no images", restart=restart)
    shutil.copytree(unfinished / "store", tmp_path / "store")
    refused(tmp_path / "store", "no images", restart=restart)


def test_other_features(unfinished, tmp_path, monkeypatch):
    shutil.copytree(unfinished / "store", tmp_path / "store")
    path = tmp_path / "store/provenance.json"
    sessions = json.loads(path.read_text())["sessions"]
    for features, message in (
        ({"digits": {"fingerprint": "a"}}, "was begun with other features of digits; allowed are those and another"),
        # Nor are they passed over where an earlier session does not tell of them.
        (None, "was begun with other features of digits"),
    ):  # fmt: skip
        files.write_record(path, {"sessions": [{**sessions[0], "features": features}]})
        monkeypatch.setattr("gatednet.sweeps.execution.run.fingerprints", lambda _: {"digits": {"fingerprint": "b"}})
        refused(tmp_path / "store", message)
        refused(tmp_path / "store", message, mix_versions=True)
    # Nor where the file that would tell is lost, or damaged.
    os.truncate(path, 10)
    refused(
        tmp_path / "store", "is damaged: provenance.json does not agree with its own digest, and nothing else tells"
    )
    path.unlink()
    refused(tmp_path / "store", "is damaged: provenance.json is missing, and nothing else tells what its chunks were")


def test_other_versions_are_refused_before_a_network_is_trained(unfinished, tmp_path, monkeypatch):
    shutil.copytree(unfinished / "store", tmp_path / "store")
    path = tmp_path / "store/provenance.json"
    (session,) = json.loads(path.read_text())["sessions"]
    files.write_record(path, {"sessions": [{**session, "jax": "0.0.1"}]})
    monkeypatch.setattr("gatednet.sweeps.execution.run.fingerprints", lambda _: pytest.fail("features were requested"))
    refused(tmp_path / "store", "was begun with jax 0.0.1 there and ")


def test_another_plan_another_process_and_no_store(unfinished, tmp_path):
    shutil.copytree(unfinished / "store", tmp_path / "store")
    refused(tmp_path / "store", "is the store of another plan", OTHER)
    with filelock.FileLock(tmp_path / "store/.lock"):
        refused(tmp_path / "store", "is being written by another process, allowed is one at a time")
        refused(tmp_path / "store", "is being written by another process", restart=True)
    (tmp_path / "store/plan.toml").write_text("mine")
    for restart in (False, True):
        refused(tmp_path / "store", "store is no store of gatednet, and is left as it is", restart=restart)
        refused(tmp_path / "store/plan.toml", "no store of gatednet, and is left as it is", restart=restart)
        refused(tmp_path / "store/plan.toml/x", "x cannot be written: nothing can be made in", restart=restart)


@pytest.mark.parametrize(
    "name",
    ["done/_store.json", "provenance.json", "done/1.0.0.json", "arrays.zarr/loss/c/1/0/0/0", "arrays.zarr/loss/c/1"],
)
def test_what_is_in_the_way(unfinished, tmp_path, name):
    """Folders in the place of files that would be written, and files in the place of folders."""
    shutil.copytree(unfinished / "store", tmp_path / "store")
    path = tmp_path / "store" / name
    path.unlink() if path.is_file() else None
    path.parent.mkdir(parents=True, exist_ok=True)
    if name.endswith("/1"):
        path.write_text("mine")
    else:
        path.mkdir()
        (path / "mine").write_text("mine")
    refused(tmp_path / "store", f"is damaged: {name} ")
    if path.is_dir():
        refused(tmp_path / "store", "which is no part of a store, and is left as it is", restart=True)


@pytest.mark.parametrize("lock", ["folder", "link"])
def test_a_lock_that_is_none(unfinished, tmp_path, lock):
    shutil.copytree(unfinished / "store", tmp_path / "store")
    (tmp_path / "store/.lock").unlink()
    (tmp_path / "store/.lock").mkdir() if lock == "folder" else (tmp_path / "store/.lock").symlink_to("plan.toml")
    refused(tmp_path / "store", "store cannot be written: ")


@pytest.mark.parametrize(
    "shape", [(), (1, 1), (0, 1, 1), (-1, 1, 1), (4, 2, 2), (1.0, 1, 1), (True, 1, 1), (1, 1, 10**30)]
)
def test_chunks_that_do_not_fit(shape):
    with pytest.raises(SettingError, match=r"the shape of a chunk is .*, allowed are whole numbers from 1 to"):
        Plan(grid(), shape)


def test_a_new_store_in_the_place_of_something(tmp_path):
    store = Store.create(tmp_path / "store", grid(), CHUNK_RUNS)
    before = contents(tmp_path)
    with pytest.raises(SettingError, match="store is there already, allowed is a new folder, or an empty one"):
        Store.create(store.folder, grid())
    assert contents(tmp_path) == before
