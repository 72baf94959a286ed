"""Where numbers come from is told, without paths; and other versions do not mix without a word."""

import json
import re
import sys

import jax
import pytest

from gatednet import SettingError
from gatednet.sweeps import files
from gatednet.sweeps.execution.run import run_sweep
from gatednet.sweeps.store.provenance import BITS, differing, provenance, versions
from gatednet.sweeps.store.store import Store
from tests.cli.tools import contents
from tests.sweeps.layouts import as_before
from tests.sweeps.test_store import interrupted
from tests.sweeps.tools import grid

pytestmark = pytest.mark.usefixtures("numbered", "quick_files")


@pytest.fixture
def begun(tmp_path):
    interrupted(tmp_path / "store", 2)
    return tmp_path / "store"


def changed(monkeypatch, **other: str) -> None:
    """This process has other versions from now on."""
    here = versions(jax.local_devices(), grid().used_kernel)
    for module in ("gatednet.sweeps.store.store", "gatednet.sweeps.store.provenance"):
        monkeypatch.setattr(f"{module}.versions", lambda devices, kernel: {**here, **other})


def test_a_session_tells_what_its_bits_depend_on(begun):
    (session,) = json.loads((begun / "provenance.json").read_text())["sessions"]
    told = {
        "gatednet",
        "jax",
        "jaxlib",
        "numpy",
        "python",
        "machine",
        "device",
        "revision",
        "date",
        "command",
        "platform",
    }
    assert told <= set(session)
    here = versions(jax.local_devices(), grid().used_kernel)
    assert {name: session[name] for name in here} == here
    assert set(here) <= set(BITS)
    assert here["jax"] == jax.__version__
    if sys.platform.startswith("linux"):
        assert here["processor"]
        assert here["instructions"]
    texts = [path.read_bytes() for path in begun.rglob("*.json")] + [(begun / "plan.toml").read_bytes()]
    assert not any(str(begun.parent).encode() in text for text in texts)


@pytest.mark.parametrize(
    ("name", "there", "here"),
    [
        ("jax", "0.9.2", "0.10.2"), ("jaxlib", "0.9.2", "0.10.2"), ("numpy", "2.1.0", "2.4.6"),
        ("device", "TPU v4", "cpu"),
        ("gatednet", "0.1", "9.0"), ("machine", "aarch64", "x86_64"), ("processor", "One CPU", "Another CPU"),
        ("flags", "none", "--xla_cpu_enable_fast_math=true"),
    ],
)  # fmt: skip
def test_other_versions_are_refused_unless_told_to(begun, monkeypatch, name, there, here):
    path = begun / "provenance.json"
    record = json.loads(path.read_text())
    if there == "none":
        record["sessions"][0].pop(name, None)
    else:
        record["sessions"][0][name] = there
    files.write_record(path, {"sessions": record["sessions"]})
    changed(monkeypatch, **{name: here})
    before = contents(begun.parent)
    with pytest.raises(
        SettingError,
        match=rf"store was begun with {re.escape(f'{name} {there} there and {here} here')}, so that last bits "
        r"may differ; allowed are what it was begun with, another folder, and mixing \(mix_versions, --mix-versions\)",
    ):
        run_sweep(grid(), begun)
    assert contents(begun.parent) == before
    store = run_sweep(grid(), begun, mix_versions=True)
    assert len(store.sessions()) == 2
    # Finished, it is read by any version.
    assert Store.open(begun).dataset().loss.size
    assert not run_sweep(grid(), begun).fresh


def test_a_chunk_is_not_computed_again_with_other_versions(tmp_path, monkeypatch):
    run_sweep(grid(), tmp_path / "store", chunk_runs=4)
    (tmp_path / "store/arrays.zarr/loss/c/0/0/0/0").unlink()
    changed(monkeypatch, jax="9.9")
    with pytest.raises(SettingError, match=r"was begun with jax \S+ there and 9\.9 here"):
        run_sweep(grid(), tmp_path / "store")


def test_mending_versions_of_python_and_unknown_ones_are_no_difference(begun, monkeypatch):
    changed(monkeypatch, python=".".join(map(str, sys.version_info[:2])) + ".99")
    as_before(begun)
    assert run_sweep(grid(), begun).fresh


def test_where_nothing_is_done_versions_do_not_matter(tmp_path, monkeypatch):
    interrupted(tmp_path / "store", 0)
    changed(monkeypatch, jax="9.9")
    store = run_sweep(grid(), tmp_path / "store")
    assert [session["jax"] for session in store.sessions()] == ["9.9"]


def test_instructions_differ_in_what_one_has_alone():
    one, other = {"instructions": "avx avx2 fma sse"}, {"instructions": "avx avx512f sse"}
    assert differing(one, [other]) == ["instructions avx2 fma only there and avx512f only here"]
    assert differing({**one, "processor": "a"}, [{**other, "processor": "b"}]) == ["processor a there and b here"]
    assert differing(one, [one]) == differing({}, [one]) == differing(one, [{}]) == []


def test_workers_are_told_apart_from_this_process():
    worker = {"jax": "0.10.2", "device": "NVIDIA H200"}
    session = provenance(jax.local_devices(), [worker, dict(worker), {**worker, "jax": "0.10.1"}])
    assert session["workers"] == [worker, {**worker, "jax": "0.10.1"}]
    assert differing(session, [worker]) == ["jax 0.10.1 there and 0.10.2 here"]
    assert differing(provenance(jax.local_devices(), [worker]), [worker]) == []


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["/home/x/.venv/bin/gatednet", "sweep", "/home/x/mine.toml", "--out", "/data/runs"],
         ["gatednet", "sweep", "mine.toml", "--out", "runs"]),
        (["gatednet", "--out=/data/runs", "--file", "curve=/home/x/a.csv"],
         ["gatednet", "--out=runs", "--file", "curve=a.csv"]),
        (["gatednet", "~/runs", "../up/one", "C:\\Users\\x\\mine.toml"], ["gatednet", "runs", "one", "C:mine.toml"]),
        (["gatednet", "--axis", "g=timescales.gates=geomspace(0.01,1,9)", "--set", "a.b=1e-3"],
         ["gatednet", "--axis", "g=timescales.gates=geomspace(0.01,1,9)", "--set", "a.b=1e-3"]),
        (["x", "--cluster", "tcp://node1:8786", "file:///home/x/y"], ["x", "--cluster", "tcp://node1:8786", "file:y"]),
    ],
)  # fmt: skip
def test_a_command_is_told_without_paths(monkeypatch, arguments, expected):
    monkeypatch.setattr(sys, "argv", arguments)
    assert provenance(jax.local_devices())["command"] == expected


def test_flags_of_the_compiler_are_told_without_paths(monkeypatch):
    monkeypatch.setenv(
        "XLA_FLAGS", "--xla_dump_to=/home/x --xla_b=2  --xla_a=/opt/y/lib.so --xla_force_host_platform_device_count=4"
    )
    assert versions(jax.local_devices())["flags"] == "--xla_a=lib.so --xla_b=2"
    monkeypatch.delenv("XLA_FLAGS")
    assert "flags" not in versions(jax.local_devices())
