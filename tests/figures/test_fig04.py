import numpy as np
import pytest
import xarray

from gatednet.figures import fig04_geometry as fig04
from gatednet.figures.toolkit import geometry, specialization


@pytest.fixture(scope="module")
def dataset(data):
    return data("fig4")


def test_runs_start_specialized_with_the_wrong_gate_open(dataset):
    start = dataset.isel(step=0)
    np.testing.assert_array_equal(start.gate_difference, -1)
    np.testing.assert_array_equal(start.weight_difference, 1)


def test_differences_are_those_of_the_stored_parameters(dataset, stores):
    """The second task is on show: w̄ and c̄ count path 2 and output 2 as the first."""
    stored = stores("fig4")["fig4-symmetric"].dataset().isel(input=0)
    gates, weights = stored.gates.values, stored.weights.values
    np.testing.assert_allclose(dataset.gate_difference, gates[..., 1] - gates[..., 0], atol=1e-12)
    own = weights[..., 1, 1] - weights[..., 0, 1]
    other = weights[..., 0, 0] - weights[..., 1, 0]
    np.testing.assert_allclose(dataset.weight_difference, (own + other) / 2, atol=1e-12)


def test_the_published_ends_come_back(dataset):
    np.testing.assert_allclose(dataset.gate_difference.isel(step=-1), fig04.PUBLISHED_ENDS, atol=1e-3)


def test_claims_are_lost_by_a_small_change(dataset):
    assert {claim.verdict for claim in fig04.claims(dataset)} == {"holds"}
    shifted = dataset.copy()
    shifted["gate_difference"] = shifted.gate_difference + 0.02
    shifted["weight_difference"] = shifted.weight_difference - 0.01
    assert {claim.verdict for claim in fig04.claims_of_symmetric(shifted)} == {"fails"}


def test_regimes_change_the_verdicts(dataset):
    swapped = dataset.assign_coords(regime=dataset.regime.values[::-1])
    assert [claim.verdict for claim in fig04.claims_of_switch(swapped)] == ["fails"] * 3


def test_differences_are_between_the_path_of_a_task_and_the_other():
    weights = xarray.DataArray([[0.9, 0.2], [0.1, 0.6]], dims=("path", "output"))
    np.testing.assert_allclose(specialization.weight_differences(weights), [0.8, 0.4])
    assert float(specialization.weight_difference(weights)) == pytest.approx(0.6)
    assert float(specialization.weight_difference(weights.isel(path=[1, 0]))) == pytest.approx(-0.6)
    gates = xarray.DataArray([0.7, 0.2], dims="path")
    assert float(specialization.gate_difference(gates, 0)) == pytest.approx(0.5)
    assert float(specialization.gate_difference(gates, 1)) == pytest.approx(-0.5)


def test_time_until_a_part_of_the_loss_is_left():
    time = np.array([0.0, 1.0, 2.0, 3.0])
    assert geometry.time_until(0.5, time, np.array([4.0, 3.0, 1.0, 0.0])) == pytest.approx(1.5)
    assert geometry.time_until(0.1, time, np.array([4.0, 3.0, 1.0, 0.5])) == np.inf


def test_the_drive_of_a_gate_is_the_start_of_its_simulated_course(dataset, stores):
    """Right after the switch gates begin to move by w^pᵀ ε / τ_c: their norm is 1, so that no penalty moves them."""
    gates = dataset.sel(regime="flexible").switch_gates
    time_constant = stores("fig4")["fig4-regimes"].sweep.experiment.timescales.gates
    once, twice, thrice = (
        (gates.isel(switch_step=save) - gates.isel(switch_step=0)) / float(dataset.switch_time[save])
        for save in (1, 2, 3)
    )
    # The mean rates since the switch, extrapolated to it by a parabola. What is left is of third order in the time
    # between saves over the time constant, (.01 / .067)³ = .003.
    rate = (3 * once - 3 * twice + thrice) * time_constant
    at = {"weight_1": xarray.DataArray([1.0, 0.0], dims="path"), "weight_2": xarray.DataArray([0.0, 1.0], dims="path")}
    np.testing.assert_allclose(rate, dataset.gate_gradient.sel(at, method="nearest"), atol=0.01)


def test_orders_are_mirror_images_and_their_mean_is_shown(dataset, stores):
    """The task that comes first gains; the mean over both orders treats paths alike."""
    stored = stores("fig4")["fig4-blocks"].dataset().weights.isel(input=0)
    first, second = (
        stored.sel(first=f"task {task}").transpose("block_length", "step", "path", "output") for task in (1, 2)
    )
    np.testing.assert_allclose(first.values, second.values[:, :, ::-1, ::-1], atol=1e-9)
    mean = dataset.blocks_weights.values
    np.testing.assert_allclose(mean, mean[:, :, ::-1, ::-1], atol=1e-9)
    np.testing.assert_allclose(mean[:, 0], [[[0.15, 0.1], [0.1, 0.15]]] * 2)


def test_pathways_come_to_the_target_together(dataset):
    start, end = dataset.pathways.isel(pathway_time=0), dataset.pathways.isel(pathway_time=-1)
    np.testing.assert_allclose(start, [[0.15, 0.1], [0.1, 0.15]])
    np.testing.assert_allclose(end.sum("output"), 1, atol=1e-3)
    np.testing.assert_allclose(end.diff("output"), start.diff("output"), atol=1e-6)


def test_the_cycle_is_measured_block_by_block(dataset, stores):
    stored = stores("fig4")["fig4-cycle"].dataset().isel(block_length=0).block_distance.values
    np.testing.assert_array_equal(dataset.block, np.arange(2, 101))
    assert float(dataset.distance.sel(block=7)) == stored[600:700].max()
    assert float(dataset.cycle_weight_difference[-1]) > 0.9
