"""Few runs on drawn inputs have a narrow lane, in which all bits are those of a wide one."""

import dataclasses

import numpy as np
import pytest

from gatednet import DeepLinear, Euler, GatedLinear, Gaussian, Observable, Save, SettingError, simulate, with_values
from gatednet.engine.batch import has_bits_of_any_width, recipe_for_blocks
from gatednet.observables import REGISTRY
from gatednet.sweeps.catalog import EXPERIMENTS, experiment
from tests.gatednet.tools import SMALL

pytestmark = pytest.mark.optimized
DRAWN = [name for name in EXPERIMENTS if not (known := experiment(name)).labelled and not known.inputs.exact]
QUICK = ("fig2-flexible", "fig3-rows", "fig6-regularised", "figa16")


def saved(tried, every):
    """All observables that can be saved of an experiment."""

    def possible(name):
        try:
            Save((name,), every).check(tried)
        except SettingError:
            return False
        return True

    return Save(tuple(filter(possible, REGISTRY)), every)


def agree_in_all_lanes(tried, every, runs=10):
    save = saved(tried, every)
    assert has_bits_of_any_width(tried, save)
    assert len(save.observables) > 30
    narrow, *others = (
        simulate(tried, save, range(number), kernel="vector", lane=lane)
        for number, lane in ((runs, None), (2 * runs, None), (runs, 64))
    )
    for other in others:
        for name in save.observables:
            np.testing.assert_array_equal(narrow[name], other[name][:runs], err_msg=name)


@pytest.mark.parametrize(
    "name", [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in DRAWN]
)
def test_all_that_is_saved_has_the_same_bits(name):
    agree_in_all_lanes(dataclasses.replace(experiment(name), steps=400), 40)


@pytest.mark.slow
@pytest.mark.parametrize(
    "changes",
    [
        {"inputs": Gaussian(30, drawn=True)},
        {"inputs": Gaussian(200, drawn=True)},
        {"inputs": Gaussian(20), "network": GatedLinear(4, 6, 3)},
        {"network": GatedLinear(6, 5, 2)},
        {"network": DeepLinear(5, 6, 2), "dt": 0.001},
        {"network": GatedLinear(2, 24, 4, gates="neuron")},
    ],
)
def test_other_inputs_and_networks_have_the_same_bits(changes):
    agree_in_all_lanes(with_values(SMALL, {"inputs": Gaussian(200), "steps": 400, **changes}), 40)


class OfUser(Euler):
    """A rule of a user's own."""


def width(tried, save, runs):
    return recipe_for_blocks(tried, save, 4, kernel="vector", runs=runs).width


def test_narrow_lanes_are_for_few_runs_of_shipped_parts_alone(monkeypatch):
    tried, save = with_values(SMALL, {"inputs": Gaussian(200)}), Save(("loss",), 10)
    assert [width(tried, save, runs) for runs in (None, 1, 16, 17, 100)] == [32, 16, 16, 32, 32]
    assert width(with_values(tried, {"rule": OfUser()}), save, 3) == 32
    assert width(with_values(tried, {"network": GatedLinear(2, 25, 2)}), save, 3) == 32
    own = Observable("own", "sum of all weights", lambda snapshot: snapshot.state.weights.sum(axis=(0, 1, 2)))
    monkeypatch.setitem(REGISTRY, "own", own)
    assert width(tried, Save(("loss", "own"), 10), 3) == 32
