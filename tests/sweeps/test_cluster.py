"""The chunks of a sweep on dask workers, in processes of their own: a process that has started JAX must not fork."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gatednet import SettingError
from sweeps.cluster import connected

SCRIPT = """
import sys

from distributed import LocalCluster

from gatednet import Experiment, GatedLinear, Population, Save, Teachers
from sweeps import Axis, Sweep, run_sweep

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
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(str(Path(each).resolve()) for each in sys.path if each)}
    command = [sys.executable, "script.py", *map(str, folders)]
    subprocess.run(command, cwd=tmp_path, env=environment, check=True, timeout=300)
    here, there = (xarray.open_zarr(folder / "arrays.zarr", chunks=None).load() for folder in folders)
    xarray.testing.assert_identical(here, there)
    assert here.sizes["gate_time"] == 3
    assert here.sizes["seed"] == 2


def test_a_scheduler_that_does_not_answer_is_refused() -> None:
    with pytest.raises(SettingError, match=r"no scheduler answers at 'tcp://127\.0\.0\.1:9'"):
        connected("tcp://127.0.0.1:9")
