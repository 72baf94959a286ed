"""What a sweep stores is what `simulate` gives, however it was cut and wherever it ran."""

import dataclasses
import subprocess
import sys

import jax
import numpy as np
import pytest
import xarray

import gatednet.engine.batch
from gatednet import Population, Save, SettingError, StiffnessWarning, simulate, with_values
from gatednet.sweeps.axes import Axis
from gatednet.sweeps.execution.run import run_sweep
from gatednet.sweeps.progress import Silent
from gatednet.sweeps.store.store import Store
from gatednet.sweeps.sweep import Sweep
from gatednet.sweeps.text import to_text
from tests.sweeps.tools import grid, noisy, small

pytestmark = pytest.mark.optimized

EVERYTHING = Save(
    ("loss", "batch_loss", "weights", "alignment", "total_alignment", "block_loss", "time_to_criterion"), 20
)


def equal(one: xarray.Dataset, other: xarray.Dataset) -> bool:
    """Whether all variables agree bit by bit, NaN with NaN."""
    return set(one) == set(other) and all(
        np.array_equal(one[name].values, other[name].values, equal_nan=one[name].dtype.kind == "f") for name in one
    )


class Interrupting(Silent):
    """Ctrl-C after the first chunk."""

    def stored(self, runs: int, steps: int) -> None:
        del runs, steps
        raise KeyboardInterrupt


@pytest.mark.parametrize("experiment", [small(), noisy()], ids=["reduced", "gaussian"])
def test_results_are_those_of_single_runs_for_any_chunks_and_devices(tmp_path, experiment):
    sweep = Sweep(experiment, grid().axes, EVERYTHING)
    one = run_sweep(sweep, tmp_path / "one", devices=jax.local_devices()[:1]).dataset().load()
    assert len(jax.local_devices()) == 2
    two = run_sweep(sweep, tmp_path / "two", chunk_runs=5)
    assert len(two.plan) > 1
    assert equal(one, two.dataset())
    with pytest.raises(KeyboardInterrupt):
        run_sweep(sweep, tmp_path / "three", chunk_runs=5, progress=Interrupting())
    assert 0 < len(Store.open(tmp_path / "three").done) < len(two.plan)
    assert equal(one, run_sweep(sweep, tmp_path / "three").dataset())
    values = {"timescales.gates": 0.05, "curriculum.block_length": 0.02}
    alone = simulate(with_values(experiment, values), EVERYTHING, seeds=1)
    cell = one.sel(gates=0.05, length=0.02, seed=1)
    for name in alone.data_vars:
        stored = cell[name].values
        # The run alone has two blocks; entries of blocks that others had are NaN.
        if "block" in cell[name].dims:
            assert np.isnan(stored[2:]).all()
            stored = stored[:2]
        np.testing.assert_array_equal(stored, alone[name].values, err_msg=str(name))


def test_each_static_group_is_traced_and_compiled_once(tmp_path, monkeypatch):
    traced: list[object] = []
    compiled: list[float] = []

    def counted(recipe, batch, drawn):
        traced.append(recipe)
        return original(recipe, batch, drawn)

    original = gatednet.engine.programs.run_lanes
    monkeypatch.setattr(gatednet.engine.programs, "run_lanes", counted)

    class Counting(Silent):
        def compiled(self, seconds: float) -> None:
            compiled.append(seconds)

    axes = (Axis("order", "objective.norm_order", (1, 2)), *grid().axes)
    # Numbers of steps that no other test has, and so nothing that is compiled already.
    sweep = Sweep(small(steps=44), axes, Save(("loss",), 22))
    store = run_sweep(sweep, tmp_path / "store", chunk_runs=4, progress=Counting())
    assert len(store.plan) == 8
    assert len(traced) == len(set(traced)) == 2
    assert len(compiled) == 2
    # Another sweep of other floats shares what is compiled.
    other = with_values(sweep.experiment, {"timescales.weights": 0.7, "initial.weight_scale": 0.1})
    run_sweep(dataclasses.replace(sweep, experiment=other), tmp_path / "other", chunk_runs=4, progress=Counting())
    assert len(traced) == len(compiled) == 2
    orders = store.dataset().loss.isel(step=-1)
    assert not np.array_equal(orders.sel(order=1), orders.sel(order=2))


def test_a_static_axis_may_change_the_path_by_which_results_come(tmp_path):
    axes = (Axis("gating", "network.gates", ("path", "neuron")), Axis.seeds(2))
    save = Save(("loss", "gates"), 20)
    data = run_sweep(Sweep(small(), axes, save), tmp_path / "store").dataset()
    for gating in ("path", "neuron"):
        alone = simulate(with_values(small(), {"network.gates": gating}), save, seeds=[0, 1])
        np.testing.assert_array_equal(data.loss.sel(gating=gating), alone.loss)


def test_independent_noise_is_the_same_for_any_chunks_and_differs_between_cells(tmp_path):
    sweep = grid(noisy(), noise="independent")
    one = jax.local_devices()[:1]
    data = run_sweep(sweep, tmp_path / "one", devices=one).dataset().load()
    assert equal(data, run_sweep(sweep, tmp_path / "two", devices=one, chunk_runs=3).dataset())
    starts = data.loss.isel(step=0).values.ravel()
    assert len(np.unique(starts)) == len(starts)
    paired = run_sweep(grid(noisy()), tmp_path / "paired", devices=one).dataset().loss.isel(step=0)
    assert len(np.unique(paired)) == paired.sizes["seed"]


def test_double_precision_is_stored_as_such(tmp_path):
    sweep = Sweep(small(), (Axis.seeds(2),), Save(("loss",), 20), precision="float64")
    data = run_sweep(sweep, tmp_path / "store").dataset()
    assert data.loss.dtype == np.float64
    np.testing.assert_array_equal(data.loss, simulate(small(), sweep.save, seeds=[0, 1], precision="float64").loss)


def test_a_run_that_diverges_is_data(tmp_path):
    axes = (Axis("weights", "timescales.weights", (1.3, 1e-6)), Axis("gates", "timescales.gates", (0.05, 1e-6)))
    with pytest.warns(StiffnessWarning, match=r"objective\.norm is too stiff for steps of dt in 2 of 4 cells"):
        data = run_sweep(Sweep(small(), axes, Save(("loss",), 20)), tmp_path / "store").dataset()
    assert data.result.sel(weights=1.3, gates=0.05) == 0
    assert data.result.sel(weights=1e-6, gates=1e-6) == 1
    assert np.isnan(data.loss.sel(weights=1e-6, gates=1e-6)[-1])
    assert np.isfinite(data.loss.sel(weights=1.3, gates=0.05)).all()


def test_what_is_stored_explains_itself(tmp_path):
    axes = (
        Axis("dt", "dt", (1e-3, 2e-3)),
        Axis("strength", ("objective.norm", "objective.nonnegativity"), ((1.0, 0.1), (0.0, 0.0)), ("strong", "none")),
        Axis.seeds([4, 7]),
    )
    sweep = Sweep(small(), axes, Save(("loss", "block_loss", "gates"), 20))
    folder = run_sweep(sweep, tmp_path / "store").folder
    data = xarray.open_zarr(folder / "arrays.zarr", chunks=None)
    assert data.loss.dims == ("dt", "strength", "seed", "step")
    assert data.gates.dims == ("dt", "strength", "seed", "step", "path")
    assert data.block_loss.sizes["block"] == 8
    assert data.seed.values.tolist() == [4, 7]
    assert [str(label) for label in data.strength.values] == ["strong", "none"]
    assert data["objective.norm"].values.tolist() == [1.0, 0.0]
    assert data.block_steps.values.tolist() == [10, 5]
    assert data.blocks.values.tolist() == [4, 8]
    np.testing.assert_allclose(data.time, np.outer([1e-3, 2e-3], [0, 20, 40]))
    assert set(data.coords) == {
        "dt", "strength", "seed", "step", "time", "objective.norm", "objective.nonnegativity", "block_steps", "blocks"
    }  # fmt: skip
    assert data.dt.attrs == {"path": "dt", "long_name": "length of a step", "units": "time"}
    assert data["objective.norm"].attrs["long_name"].startswith("strength of the penalty")
    assert data.result.attrs["flag_meanings"] == "completed diverged"
    assert list(data.result.attrs["flag_values"]) == [0, 1]
    for name in data.data_vars:
        assert data[name].attrs["long_name"]
        assert data[name].attrs["units"]
    assert data.attrs["experiment"].startswith("dt = 0.001\n")


def test_a_fresh_process_gives_the_same_numbers(tmp_path):
    """On one device and in a process of its own, as on another machine of this kind."""
    sweep = grid(noisy())
    (tmp_path / "plan.toml").write_text(to_text(sweep))
    program = (
        "import pathlib, sys\n"
        "from gatednet.sweeps.execution.run import run_sweep\n"
        "from gatednet.sweeps.text import from_text\n"
        "text = pathlib.Path(sys.argv[1]).read_text()\n"
        "print(run_sweep(from_text(text), sys.argv[2]).fresh)\n"
    )
    answer = subprocess.run(
        [sys.executable, "-W", "error", "-c", program, str(tmp_path / "plan.toml"), str(tmp_path / "there")],
        capture_output=True, text=True, check=True, timeout=300,
    )  # fmt: skip
    assert answer.stdout.strip() == "True"
    # Found finished here.
    store = run_sweep(sweep, tmp_path / "there")
    assert not store.fresh
    assert equal(store.dataset(), run_sweep(sweep, tmp_path / "here", chunk_runs=4).dataset())


def test_a_sweep_of_another_reduction_is_refused_before_anything_is_written(tmp_path):
    with pytest.raises(SettingError, match="cannot be reduced"):
        run_sweep(grid(noisy(), reduced=True), tmp_path / "store")
    assert list(tmp_path.iterdir()) == []
    assert run_sweep(grid(small(inputs=Population()), reduced=False), tmp_path / "store").finished
