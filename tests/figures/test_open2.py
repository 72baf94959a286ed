import numpy as np
import pytest
import xarray

from gatednet import Population, Proximal
from gatednet.figures import open2_many_tasks as open2
from gatednet.figures.toolkit import own_paths
from gatednet.figures.toolkit.power import power
from gatednet.sweeps.catalog import open2 as catalog
from gatednet.sweeps.catalog import sweeps_of


def alignment(values) -> xarray.DataArray:
    """Alignments of one run, tasks × paths."""
    return xarray.DataArray(np.array(values, np.float32), dims=("task", "path"))


def test_what_counts_of_a_teacher_is_the_same_for_all_numbers_of_tasks():
    """The reduced problem has unit teachers: Σ s² over the outputs that the loss is averaged over is 1."""
    for name, sweep in sweeps_of("open2").items():
        experiment = sweep.experiment
        outputs = experiment.network.outputs
        norm = {"unit": 1.0, "input": experiment.network.inputs**-0.5}[experiment.teachers.scale]
        assert (experiment.objective.reduction, outputs * norm**2 / outputs) == ("mean", 1.0), name
        assert isinstance(experiment.rule, Proximal), name
        assert isinstance(experiment.inputs, Population) == (name != "open2-batches"), name
        assert (experiment.dt, experiment.timescales.weights) == (0.04, 1.0), name


def test_sweeps_are_those_of_the_text():
    sweeps = sweeps_of("open2")
    of_maps = {name: sweep for name, sweep in sweeps.items() if name.removeprefix("open2-").isdigit()}
    assert sorted(each.experiment.network.paths for each in of_maps.values()) == [2, 3, 4, 6, 8, 12, 16, 32, 64]
    for sweep in sweeps.values():
        tasks = sweep.experiment.teachers.number
        assert sweep.experiment.steps * sweep.experiment.dt == pytest.approx(24 * tasks)
        assert sweep.save.every * sweep.experiment.dt == pytest.approx(tasks)
    further = [sweep for name, sweep in sweeps.items() if "further" in name]
    pairs = {(each.experiment.network.paths, shown) for each in further for shown in each.axes[0].values}
    pairs |= {(paths, round(paths * each)) for paths in catalog.PATHS for each in (0.5, 2.0)}
    numbers = (2, 3, 4, 6, 8, 12, 16, 32, 64)
    assert pairs == {(2 * each, each) for each in numbers} | {(each // 2, each) for each in numbers if each % 2 == 0}
    many = {name: sweep for name, sweep in sweeps.items() if "orders" in name}
    assert {name: (each.experiment.network.paths, each.shape) for name, each in many.items()} == {
        "open2-orders-64": (64, (2, 3)),
        "open2-orders-32": (32, (2, 8)),
    }
    shown = {name: sweep.axes[0].values for name, sweep in sweeps.items() if "paths" in name}
    assert shown == {"open2-paths-8": (4.0, 8.0, 16.0), "open2-paths-16": (8.0, 16.0, 32.0)}
    rows = [sweeps[f"open2-inputs-{inputs}"].experiment for inputs in catalog.FEW_INPUTS]
    assert [each.teachers.number * each.network.outputs / each.network.inputs for each in rows] == [2, 8]


def test_a_path_belongs_to_one_task():
    assert float(own_paths.owned(alignment([[0.95, 0.1], [0.1, 0.92]]))) == 1.0
    assert float(own_paths.owned(alignment([[0.95, 0.1], [0.1, 0.89]]))) == 0.5
    # A path that both tasks have, and two paths of one task.
    assert float(own_paths.owned(alignment([[0.95, 0.1], [0.93, 0.2]]))) == 0.5
    assert float(own_paths.owned(alignment([[0.95, 0.94], [0.0, 0.0]]))) == 0.5
    # More tasks than paths: none is left over.
    assert float(own_paths.owned(alignment([[0.95], [0.2], [0.1], [0.3]]))) == 0.25


def test_neighbours_follow_each_other_round_the_circle():
    # The first path has tasks 0 and 3, which follow each other, the second 1 and 3.
    values = alignment([[0.7, 0.1], [0.1, 0.6], [0.2, 0.0], [0.6, 0.7]])
    assert float(own_paths.neighbours(values)) == 0.5


def test_times_and_limits_are_read_off_between_points():
    runs = np.array([[0.0, 0.2, 0.6, 1.0], [0.0, 0.2, 0.6, 0.8]])
    assert own_paths.half_time(runs, 8) == pytest.approx(8 * 1.75)
    assert own_paths.half_time(runs[:, :2], 8) == 8
    points = np.array([1.0, 2.0, 4.0, 8.0])
    assert own_paths.shortest(points, runs) == pytest.approx(2 * 2**0.75)
    assert own_paths.shortest(points, runs + 0.5) == 1.0
    assert own_paths.shortest(points, 0 * runs) == 8.0
    # From the other end: the share falls from .6 at 2 to .2 at 4.
    assert own_paths.slowest(points, runs[:, ::-1]) == pytest.approx(2 * 2**0.25)
    assert own_paths.slowest(points, 0 * runs) == 1.0


def test_exponent_and_factor_of_a_power():
    tasks = np.array([2, 4, 16])
    np.testing.assert_allclose(power(tasks, 3.0 * tasks**1.5), (1.5, 3.0))


@pytest.mark.slow
def test_values_are_those_of_the_stores(data, stores):
    given, stored = data("open2"), stores("open2")
    cell = {"relative_length": 4.0, "ratio": 0.1}
    run = stored["open2-8"].dataset().sel(**cell, order="in turn").isel(seed=1)
    best = run.alignment.transpose("step", "task", "path").values.max(axis=-1)
    np.testing.assert_allclose(
        given.course.sel(tasks=8, order="in turn").isel(seed=1), (best >= 0.9).mean(axis=1), rtol=1e-6
    )
    norms = run.path_norm.isel(step=-1).values
    np.testing.assert_allclose(given.cost.sel(tasks=8).isel(seed=1), (norms**2).sum() / 16, rtol=1e-5)
    # Runs of four tasks end where they have had 24 τ_w for each: a quarter of those of 16.
    some = stored["open2-paths-8"].dataset().sel(shown=4, order="random", relative_length=2.0).isel(seed=2, step=6)
    best = some.alignment.transpose("task", "path").values[:4].max(axis=-1)
    kept = given.kept.sel(paths=8, tasks_per_path=0.5, path_order="random", path_length=2.0).isel(seed=2)
    assert float(kept) == pytest.approx((best >= 0.9).mean())
    # Of twice as many paths as tasks, the paths that are the best of a task that they are aligned with.
    ends = stored["open2-further-4"].dataset().alignment.sel(shown=2, order="random").isel(step=6, task=slice(2))
    ends = ends.transpose("seed", "task", "path").values
    own = [len({int(row.argmax()) for row in run if row.max() >= 0.9}) / 2 for run in ends]
    pair = given.isel(pair=(given.pair_tasks.values == 2) & (given.pair_paths.values == 4)).sel(path_order="random")
    np.testing.assert_allclose(pair.pair_kept, np.mean(own), rtol=1e-6)
    np.testing.assert_allclose(pair.pair_error, np.std(own, ddof=1) / np.sqrt(3), atol=1e-6)
    added = stored["open2-orders-32"].dataset().alignment.isel(step=-1).transpose("order", "seed", "task", "path")
    best = added.sel(order="Zipf").values.max(axis=-1) >= 0.9
    halves = given.added_share.sel(added_tasks=32, added_group=["frequent", "rare"])
    np.testing.assert_allclose(halves, [best[:, :16].mean(), best[:, 16:].mean()], rtol=1e-6)
    rare = stored["open2-6"].dataset().sel(**cell, order="Zipf").isel(seed=0, step=-1)
    best = rare.alignment.transpose("task", "path").values.max(axis=-1)
    np.testing.assert_allclose(
        given.halves.sel(tasks=6).isel(seed=0).sel(half=["frequent", "rare"]),
        [(best[:3] >= 0.9).mean(), (best[3:] >= 0.9).mean()],
        rtol=1e-6,
    )
    assert open2.law(given)[0] == pytest.approx(open2.claims(given)[0].measured.value)
