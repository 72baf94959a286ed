import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from gatednet.figures.toolkit.matching import in_order, path_order, released_order


def best_sum(score):
    tasks, paths = score.shape
    if tasks > paths:
        return best_sum(score.T)
    return max(score[range(tasks), each].sum() for each in itertools.permutations(range(paths), tasks))


@given(hnp.arrays(np.float64, st.tuples(st.integers(1, 4), st.integers(1, 4)), elements=st.floats(-1, 1)))
def test_no_other_matching_has_a_larger_sum(score):
    order = path_order(score)
    assert sorted(order) == list(range(score.shape[1]))
    if score.shape[0] <= score.shape[1]:
        matched = score[range(score.shape[0]), order[: score.shape[0]]].sum()
        assert np.isclose(matched, best_sum(score))


def test_two_tasks_never_share_a_path():
    # The same path is the best one for both.
    np.testing.assert_array_equal(path_order(np.array([[0.9, 0.1], [0.8, 0.7]])), [0, 1])


def test_every_run_is_matched_by_itself():
    swapped = np.array([[0.0, 1.0], [1.0, 0.0]])
    order = path_order(np.stack([np.eye(2), swapped])[:, None])
    np.testing.assert_array_equal(order, [[[0, 1]], [[1, 0]]])


def test_scores_that_are_no_numbers_count_as_nothing():
    np.testing.assert_array_equal(path_order(np.array([[np.nan, 0.5], [0.4, np.nan]])), [1, 0])


def test_values_are_put_in_order_along_the_last_axis():
    values = np.arange(2 * 3 * 2).reshape(2, 3, 2)
    order = np.array([[0, 1], [1, 0]])
    result = in_order(values, order)
    np.testing.assert_array_equal(result[0], values[0])
    np.testing.assert_array_equal(result[1], values[1, :, ::-1])


def score_of(tasks_of_paths):
    """Scores of paths that are aligned with one task each."""
    return np.eye(3)[:, tasks_of_paths]


def test_released_code_sorts_pairs_that_are_swapped():
    np.testing.assert_array_equal(released_order(score_of([0, 1, 2])), [0, 1, 2])
    np.testing.assert_array_equal(released_order(score_of([0, 2, 1])), [0, 2, 1])


def test_released_code_shows_a_path_twice_where_three_follow_in_a_circle():
    # Tasks 0, 1, 2 are held by paths 1, 2, 0, and by 2, 0, 1.
    scores = np.stack([score_of([2, 0, 1]), score_of([1, 2, 0])])
    np.testing.assert_array_equal(path_order(scores), [[1, 2, 0], [2, 0, 1]])
    np.testing.assert_array_equal(released_order(scores), [[1, 2, 1], [2, 2, 0]])


def test_released_code_exchanges_paths_as_soon_as_one_asks_for_it():
    own, other = np.array([[0.9, 0.1], [0.2, 0.8]]), np.array([[0.1, 0.9], [0.8, 0.2]])
    # One task suits both best: exchanged, though the sum of alignments would be larger as they are.
    first, second = np.array([[0.9, 0.6], [0.1, 0.5]]), np.array([[0.5, 0.1], [0.6, 0.9]])
    found = released_order(np.stack([own, other, first, second]))
    assert found.tolist() == [[0, 1], [1, 0], [1, 0], [1, 0]]
    assert path_order(np.stack([own, other, first, second])).tolist() == [[0, 1], [1, 0], [0, 1], [0, 1]]


def test_released_code_gives_a_path_twice_where_two_ask_for_one_place():
    score = np.array([[0.9, 0.9, 0.1], [0.1, 0.1, 0.9], [0.1, 0.1, 0.1]])
    assert released_order(score).tolist() == [1, 2, 1]
