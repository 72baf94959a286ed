"""Stores record what compiled their runs, and are resumed by nothing else."""

import contextlib
import dataclasses
import json

import numpy as np
import pytest

from gatednet import SettingError, simulate
from gatednet.kernels import choice
from gatednet.kernels.kernel import named
from gatednet.sweeps.execution.run import run_sweep
from gatednet.sweeps.progress import Silent
from gatednet.sweeps.store.provenance import differing
from gatednet.sweeps.text import from_text, to_text
from tests.sweeps.tools import grid, noisy

pytestmark = pytest.mark.optimized

SWEEP = grid()
VECTOR = named("vector", "cpu")


class Stop(Silent):
    """An interruption after the first chunk."""

    def stored(self, runs, steps):
        raise KeyboardInterrupt


def begun(sweep, folder):
    with pytest.raises(KeyboardInterrupt):
        run_sweep(sweep, folder, progress=Stop(), chunk_runs=4)
    return folder


def kernels(store):
    return [session["kernel"] for session in json.loads((store.folder / "provenance.json").read_text())["sessions"]]


@contextlib.contextmanager
def without_llvmlite():
    """This machine, as if llvmlite were not installed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(choice, "_missing", lambda: ("llvmlite is not installed", "; install it"))
        patch.setattr(choice, "_warn", lambda text: None)
        yield


def test_plans_name_a_kernel_that_is_not_the_default():
    assert "kernel" not in to_text(SWEEP)
    for kernel in ("xla", "vector"):
        assert from_text(to_text(dataclasses.replace(SWEEP, kernel=kernel))).kernel == kernel
    with pytest.raises(SettingError, match=r"^kernel is 'fast', allowed is one of 'auto', 'xla', 'vector', 'pallas'"):
        dataclasses.replace(SWEEP, kernel="fast")
    with pytest.raises(
        SettingError, match=r"^kernel is 'pallas', allowed here are 'auto' and 'xla': inputs are Gaussian"
    ):
        grid(noisy(), kernel="pallas")


def test_runs_of_a_store_are_those_of_its_kernel(tmp_path):
    for kernel in ("auto", "xla"):
        sweep = dataclasses.replace(SWEEP, kernel=kernel)
        store = run_sweep(sweep, tmp_path / kernel, chunk_runs=4)
        assert kernels(store) == [VECTOR if kernel == "auto" else "xla"]
        cell = sweep.cell({0: 1, 1: 1})
        alone = simulate(cell, sweep.save, (0, 1), kernel=kernel)
        np.testing.assert_array_equal(store.dataset().loss[1, 1], alone.loss)
    with pytest.raises(SettingError, match=r"another plan: kernel is missing there and 'xla' here"):
        run_sweep(sweep, tmp_path / "auto")


def test_a_store_of_drawn_inputs_goes_on_with_what_began_it(tmp_path):
    sweep = grid(noisy())
    assert kernels(run_sweep(sweep, tmp_path / "kernel")) == [VECTOR]
    # As an earlier version left it: its plans name no kernel, and XLA computed all inputs that are drawn.
    with without_llvmlite():
        begun(sweep, tmp_path / "store")
    store = run_sweep(sweep, tmp_path / "store")
    assert kernels(store) == ["xla", "xla"]
    other = run_sweep(dataclasses.replace(sweep, kernel="xla"), tmp_path / "other")
    np.testing.assert_array_equal(store.dataset().loss, other.dataset().loss)


def test_a_store_that_xla_began_goes_on_with_xla(tmp_path):
    with without_llvmlite():
        begun(grid(), tmp_path / "store")
    store = run_sweep(SWEEP, tmp_path / "store")
    assert kernels(store) == ["xla", "xla"]
    other = run_sweep(dataclasses.replace(SWEEP, kernel="xla"), tmp_path / "other")
    np.testing.assert_array_equal(store.dataset().loss, other.dataset().loss)


def test_a_store_that_a_kernel_began_is_refused_without_it(tmp_path):
    folder = begun(SWEEP, tmp_path / "store")
    with without_llvmlite():
        with pytest.raises(SettingError, match=rf"was begun with kernel {VECTOR} there and xla here, so that"):
            run_sweep(grid(), folder)
        assert kernels(run_sweep(grid(), folder, mix_versions=True)) == [VECTOR, "xla"]


def test_a_store_of_an_earlier_version_was_computed_by_xla(tmp_path):
    """Its sessions name no kernel."""
    folder = begun(dataclasses.replace(SWEEP, kernel="xla"), tmp_path / "store")
    record = json.loads((folder / "provenance.json").read_text())
    assert record["sessions"][0].pop("kernel") == "xla"
    assert differing(record["sessions"][0], [{"kernel": "xla"}]) == []
    assert differing(record["sessions"][0], [{"kernel": VECTOR}]) == [f"kernel xla there and {VECTOR} here"]
