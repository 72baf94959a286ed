"""Figures with images: what a seed is, and which networks are beside which heads."""

import numpy as np
import pytest

from gatednet.figures.registry import FIGURES
from gatednet.figures.toolkit.images import DESCRIBED, LATE, RELEASED, at
from gatednet.sweeps.catalog import sweeps_of
from gatednet.sweeps.images.features import features_of


def test_a_seed_is_a_network_and_the_mean_over_its_heads(data, stores):
    shown, runs = data("control3"), stores("control3")["control3"].dataset()
    assert dict(shown.sizes) == {**shown.sizes, "pair": 2, "head": 2, "regime": 2, "seed": 2, "block": 10}
    np.testing.assert_array_equal(shown.seed, runs.network)
    # A block has ten saves, and the last one of all comes after them.
    last = runs.accuracy.isel(step=slice(9, None, 10)).mean("seed").rename(step="block")
    expected = last.transpose("task_beside", "head", "regime", "network", "block").values
    found = shown.accuracy_at_end.transpose("pair", "head", "regime", "seed", "block").values
    np.testing.assert_allclose(found, expected, atol=1e-6)
    means = runs.accuracy.mean("seed")
    mean, error = shown.accuracy.transpose("statistic", "pair", "head", "regime", "step")
    order = ("task_beside", "head", "regime", "step")
    np.testing.assert_allclose(mean, means.mean("network").transpose(*order), atol=1e-6)
    np.testing.assert_allclose(error, means.std("network", ddof=1).transpose(*order) / np.sqrt(2), atol=1e-6)


def test_errors_of_claims_are_over_networks(data):
    shown = data("control3")
    claims = FIGURES["control3"].claims(shown)
    (found,) = (each for each in claims if each.sentence.startswith("parity: at the ends of late blocks the flexible"))
    by_network = shown.sel(pair="parity", head=DESCRIBED, regime="flexible").accuracy_at_end.isel(
        block=slice(LATE, None)
    )
    difference = by_network.mean("block") - shown.network_accuracy.sel(head=DESCRIBED)
    assert found.measured.runs == 2
    assert found.measured.value == pytest.approx(np.mean(difference.values), abs=1e-6)


def test_the_network_of_each_head_is_known_by_its_accuracy(data):
    shown = data("control3").network_accuracy
    for seed in (0, 1):
        assert shown.sel(head=DESCRIBED, seed=seed) == features_of("digits", 64, seed).accuracy
        assert shown.sel(head=RELEASED, seed=seed) == features_of("digits", 10, seed, relu_hidden=64).accuracy


def test_heads_of_different_networks_are_independent_and_start_alike():
    (sweep,) = sweeps_of("fig7").values()
    assert sweep.noise == "independent"
    described, released = (at(sweep, head=place) for place in (0, 1))
    assert (described.network.inputs, released.network.inputs, released.inputs.relu_hidden) == (64, 10, 64)
    deviations = [each.initial.weight_scale / np.sqrt(each.network.inputs) for each in (described, released)]
    np.testing.assert_allclose(deviations, 1e-4 / 8, rtol=1e-12)
