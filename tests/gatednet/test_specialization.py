"""Specialization relative to what the teachers allow: 1 where paths are the teachers, whatever these are."""

import numpy as np
import pytest

from gatednet import (
    ChosenInitial,
    ChosenTeachers,
    DeepLinear,
    Experiment,
    GatedLinear,
    Gaussian,
    IndependentTeachers,
    Initial,
    InTeacherSpace,
    Population,
    Save,
    SpectralTeachers,
    Teachers,
    TeacherSet,
    Timescales,
    draw,
    simulate,
    with_values,
)
from tests.gatednet.tools import run_many

BOTH = Save(("specialization", "relative_specialization", "alignment", "teachers"), 1)
# So slow that nothing moves.
STILL = Timescales(weights=1e12, gates=1e12)
INPUTS, OUTPUTS = 9, 3
CHOSEN = np.random.default_rng(0).normal(size=(4, OUTPUTS, INPUTS)) + 0.7


def chosen(tasks: int) -> ChosenTeachers:
    """Teachers of unequal overlaps."""
    return ChosenTeachers(maps=nested(CHOSEN[:tasks]))


def nested(maps: np.ndarray) -> tuple:
    """Maps as a setting holds them."""
    return tuple(tuple(tuple(row) for row in each) for each in maps.tolist())


def kinds(tasks: int) -> dict[str, TeacherSet]:
    """Teachers of every kind."""
    return {
        "orthogonal": Teachers(tasks=tasks),
        "correlated": Teachers(tasks=tasks, correlation=0.7),
        "of one rank": Teachers(tasks=tasks, rank=1, left="shared"),
        "spectral": SpectralTeachers(tasks=tasks, values=(2.0,), right="shared"),
        "independent": IndependentTeachers(tasks=tasks),
        "chosen": chosen(tasks),
    }


def at_rest(teachers: TeacherSet, mixture: np.ndarray, gates: str = "path") -> Experiment:
    """A network whose paths are the given sums of the teachers."""
    rows = tuple(tuple(row) for row in mixture.tolist())
    return Experiment(
        network=GatedLinear(paths=len(rows), inputs=INPUTS, outputs=OUTPUTS, gates=gates),
        teachers=teachers,
        initial=InTeacherSpace(mixture=rows),
        inputs=Population(),
        timescales=STILL,
        steps=1,
    )


def own_paths(tasks: int, paths: int) -> np.ndarray:
    """A path for each task in the opposite order, as far as there are paths; further paths are of all tasks."""
    mixture = np.random.default_rng(1).uniform(0.2, 0.4, (paths, tasks))
    pairs = min(tasks, paths)
    mixture[:pairs] = np.eye(tasks)[::-1][:pairs]
    return mixture


def as_chosen(teachers: TeacherSet, seed: int) -> ChosenTeachers:
    """The teachers of a seed, given in full: networks of all kinds of them are then compiled once."""
    return ChosenTeachers(maps=nested(np.asarray(draw(at_rest(teachers, np.eye(2, teachers.number)), seed).teachers)))


@pytest.mark.parametrize(("tasks", "paths"), [(2, 2), (2, 4), (3, 2)])
def test_paths_that_are_the_teachers_have_one(tasks: int, paths: int) -> None:
    for kind, teachers in kinds(tasks).items():
        experiment = at_rest(as_chosen(teachers, 5), own_paths(tasks, paths))
        run = simulate(experiment, BOTH, precision="float64")
        assert run.relative_specialization.item() == pytest.approx(1.0, rel=1e-12), kind
        if paths <= tasks:
            as_raw = kind in ("orthogonal", "of one rank")
            assert as_raw == (run.specialization.item() == pytest.approx(1.0, abs=1e-5)), kind


def test_of_single_precision() -> None:
    runs = simulate(at_rest(Teachers(correlation=0.9), np.eye(2)), BOTH, range(3))
    np.testing.assert_allclose(runs.specialization, 0.1, rtol=1e-5)
    np.testing.assert_allclose(runs.relative_specialization, 1.0, rtol=1e-5)


def test_of_two_layers_whose_units_are_the_rows_of_the_teachers() -> None:
    teachers = chosen(2)
    units = [row for teacher in teachers.maps for row in teacher]
    experiment = Experiment(
        network=DeepLinear(inputs=INPUTS, hidden=len(units), outputs=OUTPUTS),
        teachers=teachers,
        initial=ChosenInitial(weights=(tuple(units),), gates=(0.5,) * (OUTPUTS * len(units))),
        inputs=Population(),
        timescales=STILL,
        steps=1,
    )
    run = simulate(experiment, BOTH, precision="float64")
    assert run.relative_specialization.item() == pytest.approx(1.0, rel=1e-12)
    assert run.specialization.item() < 0.9


def test_with_fewer_paths_than_tasks_it_is_specialization_over_one_less_the_correlation() -> None:
    experiment = Experiment(
        network=GatedLinear(paths=2, inputs=6, outputs=2),
        teachers=Teachers(tasks=3),
        initial=Initial(weight_scale=1.0),
        inputs=Population(),
        steps=1,
    )
    correlation = np.repeat([0.0, 0.25, 0.5, 0.75, 0.95], 40)
    runs = run_many(
        experiment, BOTH, {"teachers.correlation": correlation}, np.arange(len(correlation)), precision="float64"
    )
    expected = runs["specialization"] / (1 - correlation)
    np.testing.assert_allclose(runs["relative_specialization"], expected, rtol=1e-9, atol=1e-12)
    assert expected.std() > 0.1


def test_opposite_teachers_allow_more_than_one() -> None:
    one = CHOSEN[:1]
    run = simulate(
        at_rest(ChosenTeachers(maps=nested(np.concatenate([one, -one]))), np.eye(2)), BOTH, precision="float64"
    )
    assert run.specialization.item() == pytest.approx(2.0)
    assert run.relative_specialization.item() == pytest.approx(1.0)


def test_paths_of_all_tasks_alike_have_none() -> None:
    runs = simulate(at_rest(Teachers(correlation=0.5), np.full((2, 2), 0.5)), BOTH, range(3))
    np.testing.assert_allclose(runs.relative_specialization, 0.0, atol=1e-5)


def test_teachers_that_are_the_same_leave_nothing_to_specialize_for() -> None:
    runs = simulate(at_rest(Teachers(correlation=1.0), np.eye(2)), BOTH, range(3))
    assert np.isnan(runs.relative_specialization).all()
    np.testing.assert_allclose(runs.specialization, 0.0, atol=1e-6)
    assert (runs.result == 0).all()
    same = ChosenTeachers(maps=nested(CHOSEN[[0, 0]]))
    run = simulate(at_rest(same, np.eye(2)), BOTH, precision="float64")
    assert np.isnan(run.relative_specialization)


def test_a_single_task_has_no_other_to_compare_with() -> None:
    run = simulate(at_rest(Teachers(tasks=1), own_paths(1, 3)), BOTH, precision="float64")
    assert run.relative_specialization.item() == pytest.approx(1.0)


def test_a_network_that_is_specialized_at_a_correlation_of_one_half() -> None:
    """The whole course of learning, with inputs drawn in batches."""
    experiment = with_values(
        Experiment(
            network=GatedLinear(inputs=8, outputs=4),
            inputs=Gaussian(batch=50),
            timescales=Timescales(weights=0.4, gates=0.02),
            dt=0.004,
            steps=5000,
        ),
        {"teachers.correlation": 0.5, "objective.norm": 0.909, "objective.nonnegativity": 0.0909},
    )
    runs = simulate(experiment, Save(("total_alignment", "specialization", "relative_specialization"), 50), range(4))
    assert runs.total_alignment[:, -1].min() > 0.98
    assert runs.specialization.max() < 0.5
    assert runs.relative_specialization.mean() > 0.83


@pytest.mark.parametrize(
    ("teachers", "expected"),
    [
        (Teachers(), 0.0),
        (Teachers(correlation=0.3), 0.3),
        (Teachers(rank=1), 0.0),
        (Teachers(rank=1, left="shared"), 0.0),
        (Teachers(rank=1, left="shared", right="shared"), 1.0),
        (SpectralTeachers(values=(2.0,), right="separate"), 0.0),
        (IndependentTeachers(), None),
        (Teachers(rank=1, right="shared"), None),
        (chosen(2), None),
    ],
)
def test_the_overlap_that_is_known_is_that_of_what_is_drawn(teachers: TeacherSet, expected: float | None) -> None:
    assert teachers.overlap == (None if expected is None else pytest.approx(expected))
    for seed in (0, 1) if expected is not None else ():
        one, other = np.asarray(draw(at_rest(teachers, np.eye(2)), seed).teachers, float)
        cosines = np.sum(one * other, axis=1) / np.linalg.norm(one, axis=1) / np.linalg.norm(other, axis=1)
        assert cosines.mean() == pytest.approx(expected, abs=1e-6)
