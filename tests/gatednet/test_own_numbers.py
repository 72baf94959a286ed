"""A network of a user's own with a number: it can be swept, and its start and its answers depend on it."""

import jax
import numpy as np
import pytest

from gatednet import GatedLinear, Gaussian, Initial, Save, State, final, simulate, with_values
from gatednet.settings import Number, field
from gatednet.sweeps import Axis, Sweep, run_sweep
from tests.gatednet.tools import SMALL, run_many


class Loud(GatedLinear):
    """A gated network whose outputs are all louder by one factor; so is the gradient of its weights."""

    loudness: float = field(1.0, Number(0, low_allowed=False), "factor of all outputs")

    def effective_map(self, rows):
        return tuple(self.loudness * each for each in super().effective_map(rows))


class ByLoudness(Initial):
    """Weights that are smaller where the network is louder, so that all networks begin with one map."""

    def draw(self, key, network, teachers):
        state = super().draw(key, network, teachers)
        return State(weights=state.weights / network.loudness, gates=state.gates)


class InFewDimensions(Loud):
    """The same, which declares that its weights stay in the span of their start and the teachers."""

    @property
    def frame(self):
        return GatedLinear(self.paths, self.inputs, self.outputs, self.gates).frame


OWN = with_values(SMALL, {"network": Loud(2, 4, 2), "initial": ByLoudness()})
VALUES = (0.5, 1.0, 2.0)
KINDS = {
    "whole": {},
    "drawn": {"inputs": Gaussian(batch=8)},
}


@pytest.mark.parametrize("kind", KINDS)
def test_runs_of_one_batch_have_each_its_own_number(kind):
    experiment = with_values(OWN, KINDS[kind])
    together = run_many(experiment, Save(("loss", "weights"), 20), {"network.loudness": VALUES}, [5] * 3)
    np.testing.assert_allclose(together["weights"][0, 0], 4 * together["weights"][2, 0], rtol=1e-6)
    np.testing.assert_allclose(together["loss"][:, 0], together["loss"][0, 0], rtol=1e-5)
    assert len(np.unique(together["loss"][:, -1])) == 3
    plain = with_values(SMALL, KINDS[kind])
    np.testing.assert_allclose(together["loss"][1], simulate(plain, ("loss",), 5, every=20).loss, rtol=1e-5)


def test_it_is_reduced_where_it_says_so():
    network = InFewDimensions(2, 6, 3)
    experiment = with_values(OWN, {"network": network})
    values = {"network.loudness": VALUES}
    save = Save(("loss", "gates"), 20)
    reduced, whole = (
        run_many(experiment, save, values, [5] * 3, reduced=each, precision="float64") for each in (True, False)
    )
    for name in save.observables:
        np.testing.assert_allclose(reduced[name], whole[name], rtol=1e-10)


def test_a_sweep_over_it_is_that_of_single_runs(tmp_path):
    sweep = Sweep(OWN, (Axis("loudness", "network.loudness", VALUES), Axis.seeds(2)), Save(("loss",), 20))
    stored = run_sweep(sweep, tmp_path / "store").dataset().loss
    for value in VALUES:
        alone = simulate(with_values(OWN, {"network.loudness": value}), ("loss",), [0, 1], every=20)
        np.testing.assert_allclose(stored.sel(loudness=value), alone.loss, rtol=1e-6)


def test_the_end_has_a_derivative_by_it():
    def loss(loudness):
        return final(OWN, {"network.loudness": loudness}, ("loss",), 5)["loss"]

    with jax.enable_x64(True):
        slope, step = jax.grad(loss)(1.0), 1e-4
        np.testing.assert_allclose(slope, (loss(1.0 + step) - loss(1.0 - step)) / (2 * step), rtol=1e-6)
