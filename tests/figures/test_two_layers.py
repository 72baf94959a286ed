import numpy as np
import pytest
import xarray

from gatednet.figures.toolkit import two_layers

# Two tasks of two rows, four units; unit 0 is the best one for the first row of both tasks.
SCORE = np.array([[0.9, 0.0, 0.1, 0.0], [0.0, 0.8, 0.0, 0.0], [0.7, 0.0, 0.6, 0.0], [0.0, 0.0, 0.0, 0.5]])


@pytest.fixture
def score():
    return xarray.DataArray(SCORE[None], {"seed": [0]}, ("seed", "row", "unit"))


def test_units_are_taken_once_or_as_released_twice():
    assert list(two_layers.units_of_rows(SCORE, "one to one")) == [0, 1, 2, 3]
    assert list(two_layers.units_of_rows(SCORE, "as released")) == [0, 1, 0, 3]


def test_alignment_of_pairs_and_total_alignment(score):
    pairs = two_layers.pair_alignment(two_layers.in_both_orders(score, score, "unit_row"))
    np.testing.assert_allclose(pairs.sel(matching="one to one", seed=0), [[0.85, 0.05], [0.35, 0.55]])
    np.testing.assert_allclose(pairs.sel(matching="as released", seed=0), [[0.85, 0.45], [0.35, 0.6]])
    np.testing.assert_allclose(two_layers.matched(pairs).sel(seed=0), [0.7, 0.725])


def test_rows_of_both_tasks_come_one_after_the_other():
    values = np.arange(8.0).reshape(1, 2, 2, 2)
    data = xarray.Dataset({"unit_alignment": (("seed", "task", "output", "unit"), values)})
    np.testing.assert_array_equal(two_layers.scores(data)[0], values.reshape(4, 2))


@pytest.mark.parametrize(("steps", "task", "end"), [(300, "A", 300), (300, "B", 200), (250, "B", 200), (250, "A", 100)])
def test_last_whole_block_of_a_task(steps, task, end):
    assert two_layers.last_end(xarray.DataArray([0, steps], dims="step"), 100, task) == end


def test_diagonals_of_the_second_layer_swap_with_the_task():
    after_a = np.array([[0.3, 0.0, 0.1, 0.0], [0.0, 0.3, 0.02, 0.1]])
    after_b = np.roll(after_a, 2, axis=1)
    second = xarray.DataArray(
        np.stack([after_a, after_b])[None],
        {"seed": [0], "after": list(two_layers.TASKS)},
        ("seed", "after", "output", "row"),
    )
    current, other, rest = two_layers.readings(xarray.Dataset(two_layers.parts(second)))
    np.testing.assert_allclose(current, [[0.3, 0.3]])
    np.testing.assert_allclose(other, [[0.1, 0.1]])
    np.testing.assert_allclose(rest, [[0.005, 0.005]])
