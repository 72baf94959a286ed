import numpy as np
import pytest
import xarray

from gatednet.figures import fig02_dynamics as fig02


@pytest.fixture(scope="module")
def dataset(data):
    return data("fig2")


def test_loss_jumps_at_switches(dataset):
    flexible = dataset.sel(regime="flexible").mean("seed")
    jump = flexible.loss_at_switch[1:].values - flexible.loss_at_end[:-1].values
    assert (jump > 0).all()


def test_paths_are_in_the_order_of_their_tasks(dataset):
    """Summed alignment at the end is largest for the pairs on the diagonal."""
    end = dataset.final_alignment
    own = end.isel(task=0, path=0) + end.isel(task=1, path=1)
    other = end.isel(task=0, path=1) + end.isel(task=1, path=0)
    assert bool((own >= other).all())


def test_gates_follow_their_paths(dataset, stores):
    """Each run has the gates of its store, in one order or the other."""
    stored = stores("fig2")["fig2"].dataset().gates.transpose("regime", "seed", "step", "path").values
    ends = stored[:, :, :-1].reshape(*stored.shape[:2], dataset.sizes["block"], -1, 2)[..., -1, :]
    kept = dataset.gates_at_end.transpose("regime", "seed", "block", "path").values
    same = (ends == kept).all(axis=(2, 3))
    swapped = (ends == kept[..., ::-1]).all(axis=(2, 3))
    assert (same | swapped).all()


def runs(**given):
    """Three runs of 10 blocks of 4 saves, of which only what is given is not 0."""
    dims = dict.fromkeys(fig02.COURSES, ("seed", "step"))
    dims |= {"gates": ("seed", "step", "path"), "alignment": ("seed", "step", "task", "path")}
    zeros = {name: np.zeros((3, 41, 2, 2)[: len(of)]) for name, of in dims.items()}
    variables = {name: (dims[name], zeros[name] + given.get(name, 0)) for name in dims}
    return xarray.Dataset({**variables, "time_to_criterion": (("seed", "block"), np.zeros((3, 10)))})


def test_switches_and_block_ends_are_found():
    found = fig02.reduced(runs(loss=np.arange(41.0), weight_change=np.arange(41.0)))
    np.testing.assert_array_equal(found.loss_at_switch[0], np.arange(10) * 4)
    np.testing.assert_array_equal(found.loss_at_end[0], np.arange(10) * 4 + 3)
    np.testing.assert_array_equal(found.change_at_end[0], np.arange(10) * 4 + 3)


def test_growth_is_the_ratio_of_late_to_early_peaks():
    change = np.zeros(41)
    change[:-1:4] = np.repeat([1.0, 3.0], 5)
    peaks = fig02.reduced(runs(gate_change=change)).gate_change_peak
    assert fig02.growth_of_peaks(peaks).value == pytest.approx(3)


def test_active_gate_is_that_of_the_task_on_show():
    gates = np.zeros((41, 2))
    for block in range(10):
        gates[block * 4 : (block + 1) * 4, block % 2] = 1
    np.testing.assert_array_equal(fig02.active_difference(fig02.reduced(runs(gates=gates))).values, np.ones((3, 10)))


def test_regimes_change_the_verdicts(dataset):
    """Forgetful runs shown as flexible ones lose the claims about specialization."""
    swapped = dataset.assign_coords(regime=dataset.regime.values[::-1])
    lost = {claim.source for claim in fig02.claims(swapped) if claim.verdict == "fails"}
    assert {"Figure 2A", "Figure 2B", "Figure 2C", "Figure 2D", "Figure 2E", "Figure 2F"} <= lost
