import itertools

import numpy as np
import pytest
import xarray

from gatednet.figures import open3_subtasks as open3
from gatednet.figures.toolkit.combinations import Before, mean_where, overall
from gatednet.figures.toolkit.criterion import saves_until
from gatednet.figures.toolkit.simplex import corners, distance, lengths
from gatednet.sweeps.catalog import combinations
from gatednet.sweeps.catalog import open3 as catalog


def test_sets_have_as_many_combinations_as_they_say_and_divide_the_blocks():
    sets = combinations.trainings()
    assert len(set(sets)) == len(sets) == 42
    for place, each in enumerate(sets[:36]):
        assert len(each) == len(set(each)) == combinations.NUMBERS[place // combinations.SETS]
        assert catalog.TRAINED_BLOCKS % len(each) == catalog.LISTED % len(each) == 0
    for each in sets[36:]:
        assert [set(row) for row in zip(*each, strict=True)] == [{0, 1, 2}] * combinations.OUTPUTS
    assert sets[36] == ((0,) * 4, (1,) * 4, (2,) * 4)


def test_sets_are_always_the_same():
    """They follow from a hash, and stored results from them."""
    assert combinations.at_random(3, 1) == ((2, 1, 0, 0), (0, 1, 0, 1), (1, 1, 2, 0))
    assert combinations.covering(1) == ((1, 2, 1, 1), (0, 1, 2, 2), (2, 0, 0, 0))


def test_points_cover_the_simplex():
    weights = np.array(combinations.points())
    assert weights.shape == (66, 3)
    np.testing.assert_allclose(weights.sum(axis=1), 1)
    assert len(np.unique(weights, axis=0)) == 66


def test_a_run_is_shown_its_set_and_then_its_test():
    sweep = catalog.by_neuron()
    axes = {axis.name: axis for axis in sweep.axes}
    place = 25
    values = {"training": place, "first_rows": 5, "last_rows": 1, "regime": 0}
    cell = sweep.cell({sweep.dims.index(name): point for name, point in values.items()})
    shown = [tuple(map(int, target.tasks)) for target in cell.curriculum.targets_of(cell.blocks)]
    assert len(shown) == 25
    assert shown[:24] == list(combinations.trainings()[place]) * 4
    assert axes["first_rows"].coordinates[5] + axes["last_rows"].coordinates[1] == "BCAB"
    assert shown[24] == (1, 2, 0, 1)
    assert cell.steps == 2410


@pytest.mark.parametrize(("made", "expected"), [(catalog.rows_by_neuron, 0.005), (catalog.rows_by_path, 0.03)])
def test_settings_are_those_of_figure_3_with_gates_as_fast(made, expected):
    experiment = made()
    assert experiment.timescales.gates == pytest.approx(expected * 4 / 6)
    assert (experiment.network.outputs, experiment.network.paths, experiment.timescales.weights) == (4, 3, 0.2)


def test_what_was_shown_before():
    sets = [((0, 0), (0, 1), (2, 1)), ((1, 1),) * 3]
    before = Before(sets, [(0, 0), (2, 0), (1, 1), (2, 1)])
    np.testing.assert_array_equal(before.new, [[False, True, True, False], [True, True, False, True]])
    np.testing.assert_array_equal(before.shown, [[True, False, False, False], [False, False, True, False]])
    np.testing.assert_array_equal(before.unseen, [[0, 0, 1, 0], [2, 2, 0, 1]])
    np.testing.assert_allclose(before.rarest, [[1 / 3, 1 / 3, 0, 1 / 3], [0, 0, 1, 0]])


def test_means_over_chosen_tests():
    values = np.arange(12.0).reshape(1, 2, 3, 2)
    chosen = np.array([[True, False, True], [False, False, False]])
    np.testing.assert_array_equal(mean_where(values, chosen), [[[2, 3], [np.nan, np.nan]]])
    np.testing.assert_array_equal(overall(values, chosen), [[2, 3]])
    assert np.isnan(overall(values, np.zeros_like(chosen))).all()


def test_time_between_saves_of_a_loss_that_falls_exponentially():
    steps = np.arange(8)
    loss = np.exp(-np.array([0.5, 0.3, 0.01])[:, None] * steps)
    found = saves_until(loss, np.full((3, 1), 0.2))
    np.testing.assert_allclose(found, [-np.log(0.2) / 0.5, -np.log(0.2) / 0.3, 7])
    assert saves_until(np.array([0.1, 0.05]), np.array([0.1])) == 0


def test_loss_at_the_switch():
    weights = np.array([[0, 0, 1], [1, 0, 0], [0.5, 0.5, 0]])
    np.testing.assert_allclose(distance(weights), [0, 2, 3])
    np.testing.assert_allclose(lengths(weights), [1, 1, 0.5])
    np.testing.assert_allclose(np.stack(corners(np.eye(3))), [[0, 1, 0.5], [0, 0, np.sqrt(0.75)]])
    times = np.log(np.maximum(distance(weights), 0.01) / 0.1)
    assert open3.explained(np.maximum(times, 0), weights) == pytest.approx(1)
    assert open3.explained(np.zeros(3), weights) == 0.0


def test_combinations_solved_just_where_every_row_was_shown():
    """A network by the hypothesis: its loss is a quarter for each row that was not shown."""
    places, pairs = [0, 7, 25, 33, 36], ["".join(pair) for pair in itertools.product("ABC", repeat=2)]
    coordinates = {"network": ["made"], "training": places, "first_rows": pairs, "last_rows": pairs, "seed": [0, 1]}
    tests = [tuple(map("ABC".index, first + last)) for first in pairs for last in pairs]
    unseen = Before([combinations.trainings()[place] for place in places], tests).unseen
    loss = np.broadcast_to(0.25 * unseen.reshape(1, 5, 9, 9, 1), (1, 5, 9, 9, 2))
    found = open3.of_rows(xarray.DataArray(loss, coordinates, tuple(coordinates)))
    np.testing.assert_array_equal(found.agreement, 1)
    np.testing.assert_allclose(found.left[:, 0, 0], np.arange(5) / 4)
    np.testing.assert_allclose(found.solved[0, 0].T, np.broadcast_to(found.covered, (2, 5)))
    assert found.covered[0] == 0
    assert found.covered[-1] == 1
    # Of two that were shown one is not the last: of one, none.
    np.testing.assert_array_equal(found.solved[0, 1, :, 0], [np.nan, 1, 1, 1, 1])
    assert list(found.group.values) == ["1", "2", "6", "12", "covering"]


def test_losses_are_those_of_the_stores(data, stores):
    stored = stores("open3")["open3-neuron"].dataset().loss
    last = stored.sel(regime="flexible", training=36, first_rows="AA", last_rows="AA").isel(step=-1)
    assert (last < 0.1 * 0.5 * 4 / 20).all()
    solved = data("open3").solved.sel(network=open3.NEURON, kind="shown", training=36)
    tests = stored.sel(regime="flexible", training=36).isel(step=-1)
    of_teachers = [tests.sel(first_rows=each, last_rows=each) < 0.01 for each in ("AA", "BB")]
    np.testing.assert_array_equal(solved, np.mean(of_teachers, axis=0))
