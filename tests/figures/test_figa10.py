import numpy as np

from gatednet.figures import figa10_one_block as figa10


def test_sums_and_differences_are_those_of_the_stored_parameters(data, stores):
    """The second task is on show."""
    drawn = data("figa10").sel(ends="abrupt").isel(ratio=1)
    stored = stores("figa10")["figa10-abrupt"].dataset().isel(gate_timescale=1, input=0)
    (in_1, in_2) = (stored.weights.isel(output=side).transpose("step", "path").values for side in (0, 1))
    np.testing.assert_allclose(drawn.weight_sum, 0.5 * (in_2.sum(axis=1) - in_1.sum(axis=1)), atol=1e-12)
    np.testing.assert_allclose(drawn.difference_shown, in_2[:, 1] - in_2[:, 0], atol=1e-12)
    np.testing.assert_allclose(drawn.difference_other, in_1[:, 0] - in_1[:, 1], atol=1e-12)
    np.testing.assert_allclose(0.5 * (drawn.difference_shown + drawn.difference_other), drawn.weight_difference)
    gates = stored.gates.transpose("step", "path").values
    np.testing.assert_allclose(drawn.error_other, (gates * in_1).sum(axis=1), atol=1e-12)
    np.testing.assert_allclose(drawn.error_shown, 1 - (gates * in_2).sum(axis=1), atol=1e-12)


def test_runs_differ_in_how_their_block_ends(data):
    """Until the next task is near both are the same; then the gates of a gradual end have begun to go back."""
    apart = data("figa10").gate_difference.sel(ends="abrupt") - data("figa10").gate_difference.sel(ends="gradual")
    assert float(abs(apart.where(apart.time < 2.5)).max()) < 0.02
    assert bool((apart.isel(step=-1) > 0.004).all())
    assert figa10.from_published(data("figa10").sel(ends="gradual"), "gate_difference") < 0.005
