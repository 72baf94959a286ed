import numpy as np

from figures import fig04_geometry as fig04
from gatednet.theory import specialization_of_weights


def test_runs_start_specialized_with_the_wrong_gate_open(data):
    start = data("fig4").isel(step=0)
    np.testing.assert_array_equal(start.gate_difference, -1)
    np.testing.assert_array_equal(start.weight_difference, 1)


def test_differences_are_those_of_the_stored_parameters(data, stores):
    """The second task is on show: w̄ and c̄ count path 2 and output 2 as the first."""
    stored = stores("fig4")["fig4"].dataset().isel(input=0)
    gates, weights = stored.gates.values, stored.weights.values
    np.testing.assert_allclose(data("fig4").gate_difference, gates[..., 1] - gates[..., 0], atol=1e-6)
    own = weights[..., 1, 1] - weights[..., 0, 1]
    other = weights[..., 0, 0] - weights[..., 1, 0]
    np.testing.assert_allclose(data("fig4").weight_difference, (own + other) / 2, atol=1e-6)


def test_the_published_ends_come_back(data):
    np.testing.assert_allclose(data("fig4").gate_difference.isel(step=-1), fig04.PUBLISHED_ENDS, atol=1e-3)


def test_all_claims_hold_and_are_lost_by_a_small_change(data):
    assert {claim.verdict for claim in fig04.claims(data("fig4"))} == {"holds"}
    shifted = data("fig4").copy()
    shifted["gate_difference"] = shifted.gate_difference + 0.02
    shifted["weight_difference"] = shifted.weight_difference - 0.01
    assert {claim.verdict for claim in fig04.claims(shifted)} == {"fails"}


def test_distance_at_even_gates_is_interpolated(data):
    one = data("fig4").isel(ratio=0).copy()
    lowest = specialization_of_weights(0.0, one.ratio.values)
    one["weight_difference"] = one.gate_difference * 0.1 + lowest + 0.003
    assert abs(fig04.error_at_even_gates(one) - 0.003) < 1e-9
    assert fig04.error_at_even_gates(data("fig4").isel(ratio=-1)) is None
