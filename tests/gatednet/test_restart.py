"""A run that starts from a stored state goes on as the run did that it was stored of."""

import numpy as np
import pytest

from gatednet import DeepLinear, GatedLinear, Initial, Save, SettingError, restart, simulate, with_values
from tests.gatednet.tools import SMALL
from tests.slow import but_slow

NETWORKS = {
    "path gates": GatedLinear(paths=2, inputs=4, outputs=2),
    "neuron gates": GatedLinear(paths=2, inputs=4, outputs=2, gates="neuron"),
    "two layers": DeepLinear(inputs=4, hidden=3, outputs=2),
}
STATE = ("weights", "gates", "neuron_gates", "units", "readout")


@pytest.mark.parametrize("name", but_slow(NETWORKS, "neuron gates"))
def test_two_halves_are_the_whole(name: str) -> None:
    # Forty steps are two rounds of both tasks, so that the second half begins as the first did.
    whole = with_values(SMALL, {"network": NETWORKS[name], "initial": Initial(weight_scale=0.5)})
    half = with_values(whole, {"steps": 20})
    saves = Save((*STATE, "loss", "effective_map", "teachers"), 20)
    expected = simulate(whole, saves, 7, precision="float64")
    stored = simulate(half, saves, 7, precision="float64").isel(step=-1)
    second = simulate(with_values(half, {"initial": restart(stored, half.network)}), saves, 7, precision="float64")
    for saved in ("loss", "effective_map", "gates"):
        np.testing.assert_allclose(second[saved][-1], expected[saved][-1], rtol=1e-10, atol=1e-13)


def test_what_is_no_state_is_refused() -> None:
    run = simulate(SMALL, Save(("weights", "loss"), 20), [0, 1])
    with pytest.raises(SettingError, match=r"^'weights' has the dimension 'seed', allowed is one run at one save$"):
        restart(run.isel(step=-1), SMALL.network)
    with pytest.raises(SettingError, match=r"^the run was saved without 'gates', allowed is one with it$"):
        restart(run.isel(step=-1, seed=0), SMALL.network)
