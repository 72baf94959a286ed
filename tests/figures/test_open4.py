import numpy as np
import pytest
import xarray

from gatednet.figures import open4_boundary as open4
from gatednet.figures.toolkit import open_loop, searched_lengths
from gatednet.sweeps.bisection import ABOVE, BELOW, NOT_FINITE, RISING
from gatednet.sweeps.catalog import open4 as catalog


def test_settings_are_those_of_the_text():
    sweeps = {name: entry.build() for entry in catalog.SWEEPS[1:] for name, _ in [(entry.name, 0)]}
    boundary = sweeps["open4-boundary"]["open4-boundary"]
    times = boundary.experiment.timescales
    assert (times.weights, boundary.experiment.duration) == (catalog.WEIGHTS, 7.0)
    assert [catalog.GATES[0] / times.weights, catalog.GATES[-1] / times.weights] == pytest.approx([0.05, 1.0])
    assert boundary.shape == (10, 4, 100)
    assert (boundary.search.low, boundary.search.high) == pytest.approx((0.1 * times.weights, 14 * times.weights))
    # The last bracket is less than a step wide before it is rounded to one.
    assert (boundary.search.high - boundary.search.low) / 2**boundary.search.rounds < boundary.experiment.dt
    assert boundary.experiment.objective.reduction == "mean"
    assert sweeps["open4-batches"]["open4-batches"].experiment.inputs.batch == 200
    assert sweeps["open4-lower"]["open4-lower"].search.high == pytest.approx(5 * times.weights)


def test_constraints_are_removed_one_by_one_in_pairs_and_all():
    kept = {name: [each[0] < 0.1, each[1] > 0, each[2] > 0] for name, each in catalog.removed().items()}
    assert len(kept) == 7
    assert len({tuple(each) for each in kept.values()}) == 7
    assert kept["bound, nonneg."] == [True, False, False]


def test_a_boundary_beyond_an_end_is_that_end():
    outcome = [RISING, BELOW, ABOVE, NOT_FINITE]
    data = xarray.Dataset(
        {"search_value": ("seed", [0.3, np.nan, np.nan, np.nan]), "search_outcome": ("seed", outcome)}
    )
    np.testing.assert_allclose(open4.measured(data), [0.3, 1.4, 0.01, 1.4])


def test_typical_distance_is_of_cells_between_the_ends():
    runs = np.tile([2.0, 3.0, 14.0, 5.0], (3, 1))
    assert searched_lengths.distance(runs, np.array([1.0, 3.0, 2.0, 14.0])) == pytest.approx(np.log(2) / 2)
    assert searched_lengths.distance(runs, np.full(4, 14.0)) == pytest.approx(np.log(140))


def test_exponent_of_a_power_leaves_out_the_ends():
    along = np.array([0.1, 0.2, 0.4, 0.8])
    values = np.where(along < 0.5, 5 * along**1.3, 14.0)
    assert searched_lengths.exponent(along, values) == pytest.approx(1.3)
    assert searched_lengths.exponent(along, np.full(4, 14.0)) == 0


def test_widths_and_ratios():
    runs = np.array([1.0, 2.0, 4.0, 8.0, 16.0])[:, None]
    assert searched_lengths.widths(runs)[0] == pytest.approx(np.log(4))
    assert searched_lengths.ratio(np.stack([runs[:, 0], 3 * runs[:, 0]], axis=1)) == pytest.approx(3)


def test_second_search_is_taken_with_fast_gates():
    data = xarray.Dataset(
        {
            "boundary": (("ratio", "strength", "seed"), np.array([[[14.0, 14.0]], [[3.0, 5.0]]])),
            "lower": (("fast_ratio", "strength", "quartile"), [[[1.0, 2.0, 3.0]]]),
        },
        {"ratio": [0.1, 0.5], "fast_ratio": [0.1], "strength": [0.1], "quartile": [0.25, 0.5, 0.75]},
    )
    np.testing.assert_allclose(searched_lengths.lower_medians(data), [[2.0], [4.0]])


def test_paper_is_in_proportion_to_the_gates():
    one, two = open_loop.paper((0.02, 0.04))
    assert two / one == pytest.approx(2)


def test_values_are_those_of_the_store(data, stores):
    stored = stores("open4")["open4-boundary"].dataset().isel(gate_timescale=2, strength=1)
    given = data("open4").boundary.isel(ratio=2, strength=1)
    np.testing.assert_allclose(given, open4.measured(stored) / 0.1)
    assert float(data("open4").ratio[2]) == pytest.approx(float(stored.gate_timescale) / 0.1)
