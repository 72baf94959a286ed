import numpy as np
import pytest
import xarray

from gatednet.figures import fig02_dynamics as fig02


@pytest.fixture(scope="module")
def dataset(data):
    return data("fig2")


def test_switches_and_block_ends_are_found():
    blocks, per_block = 4, 5
    step = np.arange(blocks * per_block + 1)
    data = xarray.Dataset({"x": ("step", step), "y": ("block", np.zeros(blocks))})
    np.testing.assert_array_equal(fig02.at_switches(data.x, data), [0, 5, 10, 15])
    np.testing.assert_array_equal(fig02.at_switches(data.x, data, 1), [4, 9, 14, 19])


def test_loss_jumps_at_switches(dataset):
    late = dataset.sel(teachers="own", regime="flexible").loss.mean("seed")
    jump = fig02.at_switches(late, dataset)[1:].values - fig02.at_switches(late, dataset, 1)[:-1].values
    assert (jump > 0).all()


def test_paths_are_in_the_order_of_their_tasks(dataset):
    """Summed alignment at the end is largest for the pairs on the diagonal."""
    end = dataset.alignment.isel(step=-1)
    own = end.isel(task=0, path=0) + end.isel(task=1, path=1)
    other = end.isel(task=0, path=1) + end.isel(task=1, path=0)
    assert bool((own >= other).all())


def test_gates_follow_their_paths(dataset, stores):
    """Each run has the gates of its store, in one order or the other."""
    stored = stores("fig2")["fig2"].dataset().gates.transpose("regime", "seed", "step", "path").values
    drawn = dataset.gates.sel(teachers="own").transpose("regime", "seed", "step", "path").values
    same = (stored == drawn).all(axis=(2, 3))
    swapped = (stored == drawn[..., ::-1]).all(axis=(2, 3))
    assert (same | swapped).all()


def test_growth_is_the_ratio_of_late_to_early_peaks():
    blocks, per_block = 10, 4
    change = np.zeros((3, blocks * per_block + 1))
    change[:, ::per_block][:, :blocks] = np.repeat([1.0, 3.0], 5)
    data = xarray.Dataset({"c": (("seed", "step"), change), "y": ("block", np.zeros(blocks))})
    assert fig02.growth_of_peaks(data.c, data).value == pytest.approx(3)


def test_active_gate_is_that_of_the_task_on_show():
    blocks, per_block = 4, 3
    gates = np.zeros((1, blocks * per_block + 1, 2))
    for block in range(blocks):
        gates[:, block * per_block : (block + 1) * per_block, block % 2] = 1
    data = xarray.Dataset({"gates": (("seed", "step", "path"), gates), "y": ("block", np.zeros(blocks))})
    np.testing.assert_array_equal(fig02.active_difference(data, data).values, np.ones((1, blocks)))


def test_regimes_change_the_verdicts(dataset):
    """Forgetful runs shown as flexible ones lose the claims about specialization."""
    swapped = dataset.assign_coords(regime=dataset.regime.values[::-1])
    lost = {claim.source for claim in fig02.claims(swapped) if claim.verdict == "fails"}
    assert {"Figure 2A", "Figure 2B", "Figure 2C", "Figure 2D", "Figure 2E", "Figure 2F"} <= lost
