"""The chunks of a sweep on dask workers, in processes of their own: a process that has started JAX must not fork."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gatednet import SettingError
from gatednet.kernels.choice import here
from gatednet.sweeps.execution import cluster as module
from gatednet.sweeps.execution.cluster import ClusterError, check_alike, connected, on_workers, versions_of_workers
from gatednet.sweeps.planning.plan import plan_of
from gatednet.sweeps.store.provenance import BITS, versions
from tests.cli.test_own_parts import PARTS
from tests.cli.test_own_parts import SPEC as OWN
from tests.cli.tools import SPEC, TIMEOUT, contents, environment, gatednet, refusal, start, together, wait_for_a_chunk
from tests.sweeps.tools import grid

# Four chunks of 20 000 steps, each compiled for itself.
FOUR = (
    SPEC.replace("[axes]\n", '[axes]\nwidth = { path = "network.paths", values = [1, 2, 3, 4] }\n')
    .replace('"loss", "weights"', '"loss"')
    .replace("every = 20", "every = 20000")
    .replace("steps = 40", "steps = 20000")
)
SCRIPT = """
import sys

from distributed import LocalCluster

from gatednet import Experiment, GatedLinear, Population, Save, Teachers
from gatednet.sweeps import Axis, Sweep, run_sweep

if __name__ == "__main__":
    here, there = sys.argv[1:]
    small = Experiment(network=GatedLinear(inputs=6, outputs=2), inputs=Population(), steps=300)
    axes = (Axis("gate_time", "timescales.gates", (0.03, 0.05, 0.1)), Axis.seeds(2))
    sweep = Sweep(small, axes, Save(("loss", "gates", "alignment"), 100))
    run_sweep(sweep, here, chunk_runs=2)
    with LocalCluster(n_workers=2, threads_per_worker=2, dashboard_address=None) as cluster:
        run_sweep(sweep, there, chunk_runs=2, cluster=cluster.scheduler_address)
"""


def test_workers_compute_the_same_store(tmp_path: Path) -> None:
    import xarray

    (tmp_path / "script.py").write_text(SCRIPT)
    folders = [tmp_path / "here", tmp_path / "there"]
    # A path of this process that is relative, such as ".", is none of the workers'.
    variables = {**os.environ, "PYTHONPATH": os.pathsep.join(str(Path(each).resolve()) for each in sys.path if each)}
    command = [sys.executable, "script.py", *map(str, folders)]
    subprocess.run(command, cwd=tmp_path, env=variables, check=True, timeout=300)
    here, there = (xarray.open_zarr(folder / "arrays.zarr", chunks=None).load() for folder in folders)
    xarray.testing.assert_identical(here, there)
    assert here.sizes["gate_time"] == 3
    assert here.sizes["seed"] == 2
    # The provenance names what computed, not what submitted it: both workers are alike, and so one entry.
    ours, theirs = (json.loads((folder / "provenance.json").read_text())["sessions"][0] for folder in folders)
    assert "workers" not in ours
    assert theirs["workers"] == [{name: ours[name] for name in BITS if name in ours}]


def wait_for(found, what: str, seconds: float = 60):
    """What a function finds, once it finds something."""
    end = time.monotonic() + seconds
    while not (answer := found()):
        assert time.monotonic() < end, what
        time.sleep(0.05)
    return answer


class Cluster:
    """A scheduler and workers, each a process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.processes: list[subprocess.Popen] = []
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
        port = self.address.rpartition(":")[2]
        self.scheduler = self._start("scheduler", "--host", "127.0.0.1", "--port", port, "--no-dashboard")
        wait_for(self._listens, "the scheduler")

    def worker(self, name: str = "worker", **variables: str) -> subprocess.Popen:
        """Start a worker, without anything that would start it again."""
        return self._start(
            "worker", self.address, "--nthreads", "1", "--no-dashboard", "--no-nanny", "--name", name,
            "--local-directory", str(self.folder), **variables,
        )  # fmt: skip

    def workers(self) -> int:
        """The number of workers that the scheduler has."""
        with connected(self.address) as client:
            return len(client.nthreads())

    def _start(self, kind: str, *arguments: str, **variables: str) -> subprocess.Popen:
        process = subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.dask_{kind}", *arguments],
            cwd=self.folder, env={**environment(), **variables},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        self.processes.append(process)
        return process

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", int(self.address.rpartition(":")[2]))) == 0

    def close(self) -> None:
        """End all of it."""
        for process in self.processes:
            process.kill()
            process.wait()


@pytest.fixture
def cluster(tmp_path_factory) -> Iterator[Cluster]:
    made = Cluster(tmp_path_factory.mktemp("cluster"))
    yield made
    made.close()


@contextlib.contextmanager
def sweeping(folder: Path, cluster: Cluster, spec: str = FOUR) -> Iterator[subprocess.Popen[str]]:
    """A sweep that runs on a cluster."""
    (folder / "mine.toml").write_text(spec)
    process = start("-m", "gatednet", "sweep", "mine.toml", "--cluster", cluster.address, folder=folder)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def told(process: subprocess.Popen[str]) -> tuple[int, list[str]]:
    """How a command ended, and what it told, line by line."""
    out, err = process.communicate(timeout=TIMEOUT)
    assert out == "" or process.returncode == 0
    return process.returncode, err.splitlines()


def until(process: subprocess.Popen[str], text: str) -> None:
    """Read what a process tells until a line that has a text."""
    assert process.stderr is not None
    for line in process.stderr:
        if text in line:
            return
    raise AssertionError(f"{text!r} was not told")


@pytest.mark.slow
def test_workers_are_waited_for_and_a_lost_scheduler_is_told(cluster, tmp_path):
    with sweeping(tmp_path, cluster) as process:
        until(process, "waiting for workers, of which the cluster has none")
        cluster.scheduler.kill()
        code, lines = told(process)
    assert code == 1
    assert len(lines) == 1
    assert re.match(r"gatednet: the scheduler of the cluster was lost", lines[0])


@pytest.mark.slow
def test_an_interruption_on_a_cluster_is_one_line(cluster, tmp_path):
    cluster.worker()
    with sweeping(tmp_path, cluster) as process:
        wait_for_a_chunk(tmp_path, process)
        process.send_signal(signal.SIGINT)
        code, lines = told(process)
    assert (code, lines[-1]) == (130, "gatednet: interrupted; the same command again continues it")
    assert all(line.startswith("mine: ") for line in lines[:-1])


@pytest.mark.slow
def test_a_scheduler_that_is_killed_amid_chunks_is_one_line_and_the_sweep_goes_on(cluster, tmp_path):
    cluster.worker()
    with sweeping(tmp_path, cluster) as process:
        wait_for_a_chunk(tmp_path, process)
        cluster.scheduler.kill()
        code, lines = told(process)
    assert code == 1
    assert lines[-1].startswith("gatednet: the scheduler of the cluster was lost")
    assert all(line.startswith("mine: ") for line in lines[:-1])
    answer = gatednet("sweep", "mine.toml", folder=tmp_path)
    assert answer.code == 0
    assert not answer.err.startswith("mine: 0 of")


@pytest.mark.slow
def test_a_worker_that_is_killed_costs_its_chunk_alone(cluster, tmp_path):
    first = cluster.worker("first")
    with sweeping(tmp_path, cluster) as process:
        wait_for_a_chunk(tmp_path, process)
        first.kill()
        until(process, "waiting for workers")
        cluster.worker("second")
        code, lines = told(process)
    assert code == 0, lines
    assert "16 of 16 runs" in lines[-1]


# A worker that dies when it is given a chunk.
DEADLY = """
import os
from gatednet.kernels.choice import here
from gatednet.sweeps.execution import cluster
cluster.described = dict
cluster._executors = lambda *_: os._exit(9)
"""


@pytest.mark.slow
def test_a_chunk_that_kills_workers_is_named(cluster, tmp_path):
    (tmp_path / "deadly").mkdir()
    (tmp_path / "deadly" / "sitecustomize.py").write_text(DEADLY)
    path = os.pathsep.join([str(tmp_path / "deadly"), environment()["PYTHONPATH"]])
    for number in range(4):
        cluster.worker(f"w{number}", PYTHONPATH=path)
    wait_for(lambda: cluster.workers() == 4, "workers")
    with sweeping(tmp_path, cluster, SPEC) as process:
        code, lines = told(process)
    assert code == 1
    assert re.match(r"gatednet: chunk \d\S*: 4 workers died over it, the last one at tcp://127\.0\.0\.1:\d+", lines[-1])


BROKEN = "import sys\nsys.modules['gatednet.sweeps'] = None\n"


@pytest.mark.slow
def test_a_worker_without_the_package_is_refused(cluster, tmp_path):
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "sitecustomize.py").write_text(BROKEN)
    cluster.worker(PYTHONPATH=os.pathsep.join([str(tmp_path / "broken"), environment()["PYTHONPATH"]]))
    wait_for(lambda: cluster.workers() == 1, "a worker")
    (tmp_path / "mine.toml").write_text(FOUR)
    before = contents(tmp_path)
    answer = gatednet("sweep", "mine.toml", "--cluster", cluster.address, folder=tmp_path)
    assert re.match(
        r"the worker at tcp://127\.0\.0\.1:\d+ cannot compute: .*No module named .gatednet\.sweeps", refusal(answer)
    )
    assert contents(tmp_path) == before


def test_workers_need_the_parts_of_a_user(cluster, tmp_path):
    # In the current folder of the worker is one module of two.
    (cluster.folder / "my_parts.py").write_text(PARTS)
    cluster.worker()
    for name in ("my_parts", "other_parts"):
        (tmp_path / f"{name}.py").write_text(PARTS if name == "my_parts" else "")
    (tmp_path / "mine.toml").write_text(OWN)
    (tmp_path / "both.toml").write_text(OWN.replace('"my_parts"', '"my_parts", "other_parts"'))
    wait_for(lambda: cluster.workers() == 1, "a worker")
    options = ("--import", "my_parts", "--import", "other_parts")
    there = ("--cluster", cluster.address)
    lacking, swept, here = together(
        [
            (tmp_path, ("sweep", "both.toml", *options, *there, "--out", "none")),
            (tmp_path, ("sweep", "mine.toml", *options, *there)),
            (tmp_path, ("sweep", "mine.toml", *options, "--out", "here")),
        ]
    )
    assert re.match(r"the worker at tcp://\S+ cannot compute: module other_parts is not found", refusal(lacking))
    assert not (tmp_path / "none").exists()
    assert (swept.code, swept.out) == (0, "runs/mine: done, 8 runs\n"), swept.err
    assert here.code == 0, here.err
    files = [contents(tmp_path / name / "mine" / "arrays.zarr") for name in ("runs", "here")]
    assert files[0] == files[1]


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("", r"the address of the cluster is '', allowed is tcp://HOST:PORT or tls://HOST:PORT"),
        ("nowhere", r"is 'nowhere', allowed is tcp://"),
        ("tcp://", r"is 'tcp://', allowed is tcp://"),
        ("tcp://127.0.0.1", r"is 'tcp://127\.0\.0\.1', allowed is tcp://"),
        ("127.0.0.1:99999", r"is '127\.0\.0\.1:99999', allowed is tcp://"),
        ("tcp://127.0.0.1:0", r"allowed is tcp://"),
        ("tcp://127.0.0.1:-1", r"allowed is tcp://"),
        ("tcp://127.0.0.1:٣", r"allowed is tcp://"),
        ("ftp://127.0.0.1:9", r"is 'ftp://127\.0\.0\.1:9', allowed is tcp://"),
        ("tcp://a\0b:9", r"allowed is tcp://"),
        (f"tcp://{'x' * 300}:9", r"the name of its host is none"),
        ("127.0.0.1:9", r"no scheduler answers at '127\.0\.0\.1:9': ConnectionRefusedError"),
        ("tcp://127.0.0.1:9", r"no scheduler answers at 'tcp://127\.0\.0\.1:9': ConnectionRefusedError"),
        ("tcp://[::1]:9", r"no scheduler answers at 'tcp://\[::1\]:9'"),
        ("tls://127.0.0.1:9", r"no scheduler answers at 'tls://127\.0\.0\.1:9', with the certificates of dask's"),
        ("tcp://no.such.host.invalid:9", r"no scheduler answers at 'tcp://no\.such\.host\.invalid:9'"),
    ],
)
def test_addresses_without_a_scheduler_are_refused_at_once(address: str, message: str) -> None:
    began = time.monotonic()
    with pytest.raises(SettingError, match=message) as caught, connected(address):
        pass
    assert "\n" not in str(caught.value)
    assert time.monotonic() - began < 5


def test_encryption_without_certificates_is_refused() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        address = f"tls://127.0.0.1:{server.getsockname()[1]}"
        with (
            pytest.raises(SettingError, match=rf"no scheduler answers at '{address}', with the certificates of dask's"),
            connected(address),
        ):
            pass
    # A client that nobody closed would be closed wherever it is collected, and could wait there for ever.
    assert "IO loop" not in {thread.name for thread in threading.enumerate()}


SAID = {"gatednet": "1", "jax": "0.10.2", "python": "3.11.7", "device": "cpu", "platform": "Linux-6.1", "date": "now"}


def test_workers_are_alike_where_their_numbers_depend_on_it() -> None:
    check_alike({})
    check_alike({"tcp://a:1": SAID, "tcp://b:1": {**SAID, "platform": "Linux-6.5", "date": "then"}})
    for key in ("gatednet", "jax", "python", "device"):
        with pytest.raises(
            SettingError, match=rf"workers differ: {key} is {SAID[key]} at tcp://a:1 and 9 at tcp://c:1"
        ):
            check_alike({"tcp://a:1": SAID, "tcp://b:1": SAID, "tcp://c:1": {**SAID, key: "9"}})


@pytest.fixture(scope="module")
def local():
    """Two workers that are threads of this process."""
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=False, dashboard_address=None) as made,
        distributed.Client(made) as client,
    ):
        yield client


def test_workers_say_what_they_are(local) -> None:
    import jax

    found = versions_of_workers(local)
    assert sorted(found) == sorted(local.nthreads())
    # Threads of this process are what it is itself.
    assert list(found.values()) == [versions(jax.local_devices(), here("auto"))] * 2
    assert found[next(iter(found))]["jax"] == jax.__version__


def test_what_a_worker_refuses_is_one_line_with_its_chunk(local, monkeypatch) -> None:
    def refuse(*_: object) -> None:
        raise SettingError("digits are not at hand")

    monkeypatch.setattr(module, "_executors", refuse)
    plan = plan_of(grid())
    with pytest.raises(ClusterError, match=r"^chunk \d\S*: a worker cannot compute it: digits are not at hand$"):
        list(on_workers(local, plan, list(plan.chunks())))


def test_a_worker_that_joins_with_another_version_is_told_before_its_numbers_are_stored(local, monkeypatch) -> None:
    from distributed import get_worker

    names = sorted(local.nthreads())
    monkeypatch.setattr(module, "_description", lambda: {**SAID, "jax": f"0.{names.index(get_worker().address)}"})

    class Zeros:
        plan = plan_of(grid(), 1)

        def start(self, chunk):
            time.sleep(0.05)  # so that both workers get some
            return self

        def cancel(self):
            pass

        def fetch(self):
            return {}

    monkeypatch.setattr(module, "_executors", lambda *_: Zeros())
    chunks = list(Zeros.plan.chunks())
    with pytest.raises(ClusterError, match=r"^workers differ: jax is 0\.[01] at \S+ and 0\.[01] at \S+; allowed are"):
        list(on_workers(local, Zeros.plan, chunks))
    assert len(list(on_workers(local, Zeros.plan, chunks, mix_versions=True))) == len(chunks)
