"""Control 4: every network is tuned by the same budget, and never at the seeds at which it is shown."""

import numpy as np
import pytest
from xarray import DataArray

from gatednet.figures.control04_labels import NETWORKS, QUESTIONS, best
from gatednet.sweeps.catalog import sweeps_of

STORES = [(name, network) for name in QUESTIONS for network in NETWORKS]


def test_all_networks_have_the_same_candidates_and_other_seeds_to_choose_at():
    sweeps = sweeps_of("control4")
    budgets, shown = set(), set()
    for name, network in STORES:
        tuning, evaluation = sweeps[f"control4-{name}-{network}-tuning"], sweeps[f"control4-{name}-{network}"]
        assert tuning.experiment == evaluation.experiment
        assert tuning.axes[:-1] == evaluation.axes[:-1]
        budgets.add((tuning.axes[1].labels, tuning.axes[2].values))
        shown.update(evaluation.axes[2].values)
    ((factors, seeds),) = budgets
    assert len(factors) == 11
    assert len(seeds) == 5
    assert not shown & set(seeds)


@pytest.mark.parametrize(("name", "network"), STORES)
def test_choices_are_those_of_the_seeds_for_tuning(name, network, stores, data):
    given, (axis, dimension, _) = stores("control4"), QUESTIONS[name]
    shown = data("control4")
    # Two blocks of a thousand steps, saved every hundred.
    tuning, evaluation = (
        given[f"control4-{name}-{network}{suffix}"].dataset().accuracy.isel(step=slice(-20, None)).mean("step")
        for suffix in ("-tuning", "")
    )
    assert not set(tuning.seed.values) & set(evaluation.seed.values)
    means = np.nan_to_num(tuning.mean("seed").transpose(axis, "factor").values, nan=-1)
    for place, of_condition in enumerate(means):
        here = shown.isel({dimension: place}).sel(network=network)
        chosen = tuning.factor.values[of_condition.argmax()]
        assert here[f"{name}_factor"] == chosen
        expected = evaluation.isel({axis: place}).sel(factor=chosen)
        np.testing.assert_allclose(here[name].transpose("seed"), expected.transpose("seed"), atol=1e-6)


def test_what_diverged_is_never_chosen():
    tuning = DataArray([[np.nan, 0.7, 0.8], [0.9, np.nan, 0.8]], {"factor": [0.5, 1.0, 2.0]}, ("network", "factor"))
    np.testing.assert_array_equal(best(tuning), [2.0, 0.5])
