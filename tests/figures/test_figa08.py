import numpy as np

from gatednet.figures import figa08_tangent_kernel as figa08


def test_terms_add_up_and_are_symmetric():
    data = figa08.compute({})
    known = np.isfinite(data.speed.values)
    np.testing.assert_array_equal(known, np.add.outer(np.arange(101), np.arange(101)) <= 100)
    np.testing.assert_allclose((data.speed_of_gates + data.speed_of_weights).values[known], data.speed.values[known])
    for name in figa08.PARTS:
        np.testing.assert_allclose(data[name].values, data[name].values.T)


def test_speed_is_that_at_which_the_loss_falls():
    """By finite differences along the gradient of the task loss, at a point of the map."""
    w, c, error = np.array([[0.3, 0.6], [0.7, 0.4]]), np.array([0.3, 0.6]), figa08.ERROR

    def loss(weights, gates):
        return 0.5 * np.sum((gates @ weights - (c @ w + error)) ** 2)

    rate = 1e-6
    moved = loss(w + rate * np.outer(c, error), c + rate * (w @ error))
    assert np.isclose((loss(w, c) - moved) / rate, figa08.at(figa08.compute({}).speed, 0.3, 0.6), rtol=1e-4)
