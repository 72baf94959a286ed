"""The regime of a cell in a word, with the numbers that decide."""

import numpy as np
import pytest

from explore.source import live
from explore.verdict import FORGETFUL, verdict_of
from figures.specialization import SPECIALIZED
from tests.explore.tools import by_hand, short


def verdict(*values, **more):
    return verdict_of(by_hand(short(), specialization=values, **more))


def test_levels_are_those_of_the_published_ranges():
    assert SPECIALIZED == 0.83
    assert pytest.approx(0.415) == FORGETFUL


@pytest.mark.parametrize(
    ("value", "word"),
    [
        (0.95, "flexible"),
        (SPECIALIZED, "flexible"),
        (np.nextafter(SPECIALIZED, 0), "in between"),
        (0.6, "in between"),
        (SPECIALIZED / 2, "in between"),
        (np.nextafter(SPECIALIZED / 2, 0), "forgetful"),
        (0.02, "forgetful"),
        (-0.1, "forgetful"),
    ],
)
def test_a_level_itself_belongs_to_what_is_above_it(value, word):
    assert verdict(value).word == word


def test_the_sentence_has_the_numbers_that_decide():
    found = verdict(0.9, 0.94, 0.98)
    error = np.std([0.9, 0.94, 0.98], ddof=1) / np.sqrt(3)
    assert (found.word, f"{error:.2f}") == ("flexible", "0.02")
    assert found.reason == (
        "specialization 0.94 ± 0.02 over 3 seeds (0.83 and more is flexible, less than 0.41 forgetful)"
    )


def test_the_mean_decides_and_not_most_seeds():
    # Two of three are specialized, and their mean is not.
    assert verdict(0.9, 0.9, 0.1).word == "in between"


def test_of_a_single_seed_no_error_is_known():
    assert verdict(0.5).reason.startswith("specialization 0.50 over 1 ")
    assert "±" not in verdict(0.5).reason
    assert "nan" not in verdict(0.5).reason


def test_the_loss_is_that_of_the_last_two_blocks():
    # Blocks of 1 in 3 units of time: what comes after 1.
    times = [0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0]
    loss = np.array([[9.0, 9.0, 9.0, 0.1, 0.2, 0.3, 0.4], [9.0, 9.0, 9.0, 0.2, 0.2, 0.3, 0.3]])
    found = verdict(0.9, 0.9, times=times, loss=loss)
    assert found.reason.endswith("; loss over the last two blocks 0.25")


def test_all_of_a_run_counts_where_it_has_less_than_two_blocks():
    found = verdict_of(by_hand(short(curriculum__block_length=5.0), specialization=[0.9], loss=[[3.0, 1.0, 2.0]]))
    assert found.reason.endswith("; loss over the last two blocks 2")


def test_a_run_that_left_the_finite_numbers_decides_whatever_the_others_are():
    found = verdict(
        0.95, 0.95, 0.95, 0.95, result=np.array([0, 1, 0, 1], np.int8), result_step=np.array([300, 47, 300, 12])
    )
    assert found.word == "diverged"
    assert found.reason == (
        "2 of 4 runs left the finite numbers, the first after 12 steps: a shorter step dt, or longer time constants, "
        "help"
    )


def test_runs_that_are_all_complete_did_not_diverge():
    assert verdict(0.95, result=np.zeros(1, np.int8), result_step=np.array([300])).word == "flexible"


def test_without_specialization_nothing_is_known():
    found = verdict_of(by_hand(short(), loss=[[1.0, 0.5, 0.1]], result=[0], result_step=[300]))
    assert found.word == "unknown"
    assert found.reason == "the store has no specialization, which decides"


@pytest.mark.parametrize(("sign", "size", "word"), [(1, 0.9, "flexible"), (-1, 0.9, "flexible"), (1, 0.2, "forgetful")])
def test_with_a_single_input_the_weights_decide(sign, size, word):
    # Rows of one number have the cosine 1 or -1, and specialization by angles says nothing.
    toy = live("fig4-symmetric")
    assert toy.network.inputs == 1
    component = np.zeros((1, 3, 2, 2))
    component[0, -1] = sign * size * np.eye(2)
    found = verdict_of(by_hand(toy, specialization=[0.5], gates=np.zeros((1, 3, 2)), teacher_component=component))
    assert found.word == word
    assert found.reason.startswith(f"specialization of the weights w̄ {size:.2f} over 1 ")
