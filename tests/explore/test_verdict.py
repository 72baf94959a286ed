"""The regime of a cell in a word, with the numbers that decide."""

import numpy as np
import pytest

from gatednet import ChosenTeachers, IndependentTeachers, SpectralTeachers, with_values
from gatednet.explore.curves import simulated
from gatednet.explore.source import live
from gatednet.explore.verdict import FORGETFUL, verdict_of
from gatednet.figures.toolkit.specialization import SPECIALIZED
from gatednet.sweeps.catalog import experiment
from tests.explore.tools import by_hand, short


def verdict(*values, **more):
    return verdict_of(by_hand(short(), relative_specialization=values, **more))


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
        "relative specialization 0.94 ± 0.02 over 3 seeds (0.83 and more is flexible, less than 0.41 forgetful)"
    )


def test_the_mean_decides_and_not_most_seeds():
    # Two of three are specialized, and their mean is not.
    assert verdict(0.9, 0.9, 0.1).word == "in between"


def test_of_a_single_seed_no_error_is_known():
    assert verdict(0.5).reason.startswith("relative specialization 0.50 over 1 ")
    assert "±" not in verdict(0.5).reason
    assert "nan" not in verdict(0.5).reason


def test_the_loss_is_that_of_the_last_two_blocks():
    # Blocks of 1 in 3 units of time: what comes after 1.
    times = [0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0]
    loss = np.array([[9.0, 9.0, 9.0, 0.1, 0.2, 0.3, 0.4], [9.0, 9.0, 9.0, 0.2, 0.2, 0.3, 0.3]])
    found = verdict(0.9, 0.9, times=times, loss=loss)
    assert found.reason.endswith("; loss over the last two blocks 0.25")


def test_all_of_a_run_counts_where_it_has_less_than_two_blocks():
    found = verdict_of(
        by_hand(short(curriculum__block_length=5.0), relative_specialization=[0.9], loss=[[3.0, 1.0, 2.0]])
    )
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


def test_of_a_constraint_that_is_too_stiff_it_says_what_is_stable():
    stiff = short(objective__norm=500.0, objective__norm_order=1)
    found = verdict_of(by_hand(stiff, relative_specialization=[np.nan], result=[1], result_step=[20]))
    assert found.word == "diverged"
    assert "the first after 20 steps: constraint objective.norm is too stiff for steps of dt = 0.01" in found.reason
    assert found.reason.endswith(" the rule Euler is stable up to dt = 6e-05, and Proximal at any dt")


def test_runs_that_are_all_complete_did_not_diverge():
    assert verdict(0.95, result=np.zeros(1, np.int8), result_step=np.array([300])).word == "flexible"


def test_without_specialization_nothing_is_known():
    found = verdict_of(by_hand(short(), loss=[[1.0, 0.5, 0.1]], result=[0], result_step=[300]))
    assert found.word == "unknown"
    assert found.reason == "the store has no relative_specialization, which decides, and no specialization"


def test_of_tasks_about_labels_nothing_is_said():
    found = verdict_of(by_hand(experiment("fig7-flexible"), loss=[[1.0, 0.5, 0.1]]))
    assert (found.word, found.reason) == ("unknown", "tasks about labels have no specialization, which decides")


def test_a_network_specialized_for_tasks_of_cosine_one_half_is_flexible():
    # As simulated: its raw specialization is below .5, which was called forgetful.
    curves = simulated(with_values(live("fig2-flexible"), {"teachers.correlation": 0.5}), 4)
    assert curves.data.alignment.isel(step=-1).max("path").mean() > 0.98
    assert verdict_of(curves).word == "flexible"


@pytest.mark.parametrize(
    ("changes", "raw", "word", "start"),
    [
        # Stores of before, in which the teachers are known from their settings.
        ({}, 0.9, "flexible", "relative specialization 0.90 over 1 seed "),
        ({"teachers__correlation": 0.5}, 0.46, "flexible", "relative specialization 0.92 over 1 seed "),
        ({"teachers__correlation": 0.5}, 0.2, "forgetful", "relative specialization 0.40 over 1 seed "),
        ({"teachers__correlation": 1.0}, 0.0, "undefined", "the tasks ask for the same"),
        ({"teachers": SpectralTeachers(right="separate")}, 0.9, "flexible", "relative specialization 0.90 "),
        # Fewer paths than tasks: every pair that is not matched counts in both.
        ({"teachers__tasks": 3, "network__outputs": 4, "teachers__correlation": 0.5}, 0.45, "flexible", "relative "),
        # And those in which they are not.
        ({"teachers": IndependentTeachers()}, 0.5, "in between", "specialization 0.50 over 1 seed "),
        ({"network__paths": 3}, 0.5, "in between", "specialization 0.50 over 1 seed "),
        ({"network__paths": 1}, 0.9, "undefined", "a single path, so that there is nothing to specialize"),
        ({"teachers__tasks": 1}, 0.9, "undefined", "a single task, so that there is nothing to specialize"),
    ],
)
def test_a_store_of_raw_specialization_is_judged_by_what_its_teachers_allow(changes, raw, word, start):
    found = verdict_of(by_hand(short(**changes), specialization=[raw]))
    assert found.word == word
    assert found.reason.startswith(start)


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"teachers": IndependentTeachers()}, "the overlap of the teachers"),
        ({"network__paths": 3}, "what paths without a task hold"),
    ],
)
def test_what_is_not_known_of_a_store_is_said(changes, what):
    found = verdict_of(by_hand(short(**changes), specialization=[0.5]))
    assert found.reason.endswith(f"forgetful), in which {what} counts: the store has no relative_specialization")


def test_the_saved_number_decides_and_not_the_raw_one():
    assert verdict_of(by_hand(short(), specialization=[0.1], relative_specialization=[0.9])).word == "flexible"


def test_teachers_that_are_the_same_leave_no_verdict():
    found = verdict(np.nan, np.nan, result=np.zeros(2, np.int8), result_step=np.array([300, 300]))
    assert found.word == "undefined"
    assert found.reason == "the tasks ask for the same, and there is nothing to specialize for"


@pytest.mark.parametrize(("sign", "size", "word"), [(1, 0.9, "flexible"), (-1, 0.9, "flexible"), (1, 0.2, "forgetful")])
def test_with_a_single_input_the_weights_decide(sign, size, word):
    # Rows of one number have the cosine 1 or -1, and specialization by angles says nothing.
    toy = live("fig4-symmetric")
    assert toy.network.inputs == 1
    component = np.zeros((1, 3, 2, 2))
    component[0, -1] = sign * size * np.eye(2)
    found = verdict_of(
        by_hand(toy, relative_specialization=[0.5], gates=np.zeros((1, 3, 2)), teacher_component=component)
    )
    assert found.word == word
    assert found.reason.startswith(f"specialization of the weights w̄ {size:.2f} over 1 ")


@pytest.mark.parametrize(
    ("shared", "size", "word"), [(0.0, 0.9, "flexible"), (0.6, 0.38, "flexible"), (1.0, 0.0, "undefined")]
)
def test_with_a_single_input_too_it_is_relative_to_what_the_teachers_allow(shared, size, word):
    other = (shared, (1.0 - shared**2) ** 0.5)
    maps = tuple(tuple((each,) for each in teacher) for teacher in ((1.0, 0.0), other))
    toy = with_values(live("fig4-symmetric"), {"teachers": ChosenTeachers(maps=maps)})
    component = np.zeros((1, 3, 2, 2))
    component[0, -1] = size * np.eye(2)
    found = verdict_of(by_hand(toy, gates=np.zeros((1, 3, 2)), teacher_component=component))
    assert found.word == word


def test_with_a_single_input_angles_decide_nothing():
    found = verdict_of(by_hand(live("fig4-symmetric"), relative_specialization=[0.9]))
    assert found.word == "unknown"
    assert found.reason.startswith("with a single input the weights w̄ decide, which need teacher_component")
