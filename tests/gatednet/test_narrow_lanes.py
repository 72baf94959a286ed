"""Few runs on drawn inputs have a narrow lane, in which all bits are those of a wide one."""

import dataclasses

import numpy as np
import pytest

from gatednet import (
    DeepLinear,
    Euler,
    GatedLinear,
    Gaussian,
    Observable,
    Optax,
    Save,
    Smooth,
    simulate,
    with_values,
)
from gatednet.engine.batch import has_bits_of_any_width, recipe_for_blocks
from gatednet.observables import REGISTRY
from gatednet.sweeps.catalog import EXPERIMENTS, experiment
from tests.gatednet.tools import SMALL

pytestmark = pytest.mark.optimized
DRAWN = [name for name in EXPERIMENTS if not (known := experiment(name)).labelled and not known.inputs.exact]
QUICK = ("fig2-flexible", "fig3-rows")
SAVED = tuple(name for name, each in REGISTRY.items() if each.written_out)


def agree_in_all_lanes(tried, every):
    """Many saves, since many last bits are the same by chance."""
    save = Save(SAVED, every)
    assert has_bits_of_any_width(tried, save)
    narrow, wide = (simulate(tried, save, range(number), kernel="vector") for number in (16, 32))
    for name in SAVED:
        np.testing.assert_array_equal(narrow[name], wide[name][:16], err_msg=name)


def test_what_is_drawn_of_runs_is_written_out():
    assert {"loss", "gates", "alignment", "weights"} <= set(SAVED)


@pytest.mark.parametrize(
    "name", [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in DRAWN]
)
def test_all_that_is_saved_has_the_same_bits(name):
    agree_in_all_lanes(dataclasses.replace(experiment(name), steps=2000), 5)


@pytest.mark.slow
@pytest.mark.parametrize(
    "changes",
    [
        {"inputs": Gaussian(30, drawn=True)},
        {"inputs": Gaussian(200, drawn=True)},
        {"inputs": Gaussian(20), "network": GatedLinear(4, 6, 3)},
        {"network": GatedLinear(6, 5, 2)},
        {"network": GatedLinear(24, 24, 8), "teachers.tasks": 3, "dt": 0.001},
        {"network": DeepLinear(5, 6, 2), "dt": 0.001},
        {"network": GatedLinear(2, 24, 4, gates="neuron")},
        {"objective.weight_cost": 0.1, "objective.weight_norm": "columns"},
        {"objective.norm": 2.0, "network": GatedLinear(3, 20, 10)},
        {"curriculum": Smooth(0.1, 0.05)},
    ],
    ids=str,
)
def test_other_inputs_networks_and_costs_have_the_same_bits(changes):
    agree_in_all_lanes(with_values(SMALL, {"inputs": Gaussian(200), "steps": 2000, **changes}), 5)


class OfUser(Euler):
    """A rule of a user's own."""


def width(tried, save, runs):
    return recipe_for_blocks(tried, save, 4, kernel="vector", runs=runs).width


def test_narrow_lanes_are_for_few_runs_of_which_all_sums_are_known(monkeypatch):
    tried, save = with_values(SMALL, {"inputs": Gaussian(200)}), Save(("loss",), 10)
    assert [width(tried, save, runs) for runs in (None, 1, 16, 17, 100)] == [32, 16, 16, 32, 32]
    for changes in ({"rule": OfUser()}, {"rule": Optax("lars", "lars")}, {"network": GatedLinear(2, 25, 2)}):
        assert width(with_values(tried, changes), save, 3) == 32
    assert width(tried, Save(("loss", "silent_alignment"), 10), 3) == 32
    for written_out, expected in ((False, 32), (True, 16)):
        own = Observable("own", "the first weight", lambda snapshot: snapshot.state.weights[0, 0, 0])
        monkeypatch.setitem(REGISTRY, "own", dataclasses.replace(own, written_out=written_out))
        assert width(tried, Save(("loss", "own"), 10), 3) == expected
