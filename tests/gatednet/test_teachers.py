"""Teachers and initial states."""

import dataclasses
import itertools
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.stats

from gatednet import (
    ChosenInitial,
    ChosenTeachers,
    Experiment,
    GatedLinear,
    IndependentTeachers,
    Initial,
    InTeacherSpace,
    Population,
    Problem,
    Save,
    SettingError,
    SpectralTeachers,
    Teachers,
    TeacherSet,
    draw,
    simulate,
    with_values,
)
from tests.gatednet.tools import SMALL

SEEDS = jnp.arange(2000)


def drawn(experiment: Experiment, seeds: jax.Array = SEEDS) -> Problem:
    """The problems of many seeds, seeds first."""
    return jax.jit(jax.vmap(lambda seed: draw(experiment, seed)))(seeds)


def gram(teachers: np.ndarray) -> np.ndarray:
    """Inner products of all rows of all teachers of each seed."""
    rows = np.asarray(teachers, np.float64).reshape(len(teachers), -1, teachers.shape[-1])
    return rows @ rows.swapaxes(1, 2)


@pytest.fixture(scope="module")
def orthogonal() -> np.ndarray:
    """Teachers of SMALL, (seeds, tasks, outputs, inputs)."""
    return np.asarray(drawn(SMALL).teachers)


def test_rows_are_orthogonal_with_the_norm_of_the_inputs(orthogonal: np.ndarray) -> None:
    assert orthogonal.shape == (2000, 2, 2, 4)
    np.testing.assert_allclose(gram(orthogonal), np.broadcast_to(np.eye(4) / 4, (2000, 4, 4)), atol=1e-6)


def test_rotations_are_uniform(orthogonal: np.ndarray) -> None:
    # A row of a uniform rotation is a uniform direction, so (u + 1) / 2 of each entry u is Beta((d-1)/2, (d-1)/2).
    entries = (2 * orthogonal[..., 0] + 1) / 2
    for entry in entries.reshape(2000, -1).T:
        assert scipy.stats.kstest(entry, scipy.stats.beta(1.5, 1.5).cdf).pvalue > 1e-4
    # Reflections too: both determinants are equally likely.
    positive = np.sum(np.linalg.det(2 * orthogonal.reshape(-1, 4, 4)) > 0)
    assert scipy.stats.binomtest(int(positive), 2000).pvalue > 1e-4


@pytest.mark.parametrize("correlation", [0.25, 0.9, 1.0])
def test_any_two_rows_have_the_correlation(correlation: float) -> None:
    experiment = with_values(SMALL, {"teachers.correlation": correlation, "teachers.scale": "unit"})
    cosines = gram(np.asarray(drawn(experiment, SEEDS[:50]).teachers))
    expected = (1 - correlation) * np.eye(4) + correlation
    np.testing.assert_allclose(cosines, np.broadcast_to(expected, cosines.shape), atol=2e-6)


def test_each_seed_has_teachers_of_its_own_unless_they_are_shared(orthogonal: np.ndarray) -> None:
    assert len(np.unique(orthogonal[:, 0, 0, 0])) == 2000
    shared = np.asarray(drawn(with_values(SMALL, {"teachers.shared": True})).teachers)
    assert np.all(shared == shared[0])
    # What else is random differs still.
    assert len(np.unique(drawn(with_values(SMALL, {"teachers.shared": True})).state.weights[:, 0, 0, 0])) > 1900


def test_the_same_seed_gives_the_same_numbers_whatever_else_changes() -> None:
    one = draw(SMALL, 3)
    other = draw(with_values(SMALL, {"timescales.gates": 0.5, "initial.weight_scale": 0.02, "steps": 8}), 3)
    np.testing.assert_array_equal(one.teachers, other.teachers)
    np.testing.assert_array_equal(one.key, other.key)
    np.testing.assert_allclose(2 * one.state.weights, other.state.weights, rtol=1e-6)


def test_streams_and_purposes_are_independent() -> None:
    def first(problem: Problem) -> list[jax.Array]:
        return [problem.state.weights[0, 0, 0], problem.teachers[0, 0, 0], problem.key[0], problem.key[1]]

    numbers = [*first(draw(SMALL, 0)), *first(draw(SMALL, 0, stream=1)), *first(draw(SMALL, 1))]
    assert len({float(each) for each in numbers}) == 12


def test_initial_weights_are_gaussian_and_gates_equal() -> None:
    state = drawn(with_values(SMALL, {"initial.weight_scale": 0.3, "initial.gates": 0.2})).state
    sample = np.asarray(state.weights, np.float64).ravel() / (0.3 / 2)
    assert scipy.stats.kstest(sample, scipy.stats.norm.cdf).pvalue > 1e-4
    np.testing.assert_array_equal(state.gates, np.full((2000, 2), np.float32(0.2)))


def test_neuron_gates_have_one_for_each_output() -> None:
    assert draw(with_values(SMALL, {"network.gates": "neuron"})).state.gates.shape == (2, 2)


SPECTRAL = SpectralTeachers(values=(2.0, 0.5, 0.0))
ROOMY = with_values(SMALL, {"network": GatedLinear(paths=2, inputs=8, outputs=6), "teachers": SPECTRAL})


@pytest.mark.parametrize(
    ("teachers", "values", "left", "right"),
    [
        *((SPECTRAL, [2.0, 0.5, 0.0], *each) for each in itertools.product(("separate", "shared"), repeat=2)),
        (Teachers(rank=3, scale="unit"), [1.0, 1.0, 1.0], "separate", "shared"),
        (Teachers(rank=2), [8**-0.5, 8**-0.5], "shared", "separate"),
    ],
    ids=lambda each: type(each).__name__ if isinstance(each, TeacherSet) else str(each),
)
def test_singular_values_and_vectors(teachers: TeacherSet, values: list[float], left: str, right: str) -> None:
    chosen = dataclasses.replace(teachers, left=left, right=right)
    maps = np.asarray(drawn(with_values(ROOMY, {"teachers": chosen}), SEEDS[:50]).teachers, np.float64)
    found = np.linalg.svd(maps, compute_uv=False)
    np.testing.assert_allclose(found[..., : len(values)], np.broadcast_to(values, (50, 2, len(values))), atol=1e-6)
    np.testing.assert_allclose(found[..., len(values) :], 0.0, atol=1e-6)
    # Column and row spaces of the two teachers are orthogonal, or the same.
    one, other = maps[:, 0], maps[:, 1]
    for vectors, product in ((left, one.swapaxes(1, 2) @ other), (right, one @ other.swapaxes(1, 2))):
        size = np.linalg.norm(product, axis=(1, 2))
        expected = np.linalg.norm(np.square(values)) if vectors == "shared" else 0.0
        np.testing.assert_allclose(size, expected, rtol=1e-6, atol=1e-6)


def test_singular_vectors_have_no_preferred_direction() -> None:
    experiment = with_values(ROOMY, {"teachers": SpectralTeachers(tasks=1, values=(1.0,))})
    maps = np.asarray(drawn(experiment).teachers[:, 0], np.float64)
    # A uniform unit vector u of n dimensions has E u uᵀ = I / n. The entries of u uᵀ vary by 2 (n - 1) / n² (n + 2) on
    # the diagonal and by 1 / n (n + 2) off it.
    for moment in (maps @ maps.swapaxes(1, 2), maps.swapaxes(1, 2) @ maps):
        size = moment.shape[-1]
        variance = np.where(np.eye(size), 2 * (size - 1) / size**2, 1 / size) / (size + 2)
        away = (moment.mean(axis=0) - np.eye(size) / size) / np.sqrt(variance / len(maps))
        assert np.abs(away).max() < 4.5


@pytest.mark.parametrize(
    ("teachers", "refusal"),
    [
        (
            Teachers(rank=4),
            "Teachers.rank is 4: 8 orthogonal left singular vectors do not exist in network.outputs",
        ),
        (
            Teachers(rank=5, left="shared"),
            "Teachers.rank is 5: 10 orthogonal right singular vectors do not exist in network.inputs = 8",
        ),
        (Teachers(rank=2, correlation=0.5), "Teachers.correlation is 0.5, allowed is 0.0 where there is a rank, 2"),
        (SpectralTeachers(values=()), "SpectralTeachers.values is empty, allowed are one or more singular values"),
        (
            SpectralTeachers(values=(1.0,) * 4),
            "SpectralTeachers has 4 singular values: 8 orthogonal left singular vectors do not exist",
        ),
    ],
    ids=str,
)
def test_singular_vectors_for_which_there_is_no_room_are_refused(teachers: TeacherSet, refusal: str) -> None:
    with pytest.raises(SettingError) as caught:
        with_values(ROOMY, {"teachers": teachers})
    assert str(caught.value).startswith(refusal)


def test_independent_entries_have_the_norm_of_rows() -> None:
    experiment = with_values(ROOMY, {"teachers": IndependentTeachers(scale="unit")})
    entries = np.asarray(drawn(experiment).teachers, np.float64).ravel() * 8**0.5
    assert scipy.stats.kstest(entries, scipy.stats.norm.cdf).pvalue > 1e-4


CHOSEN = Experiment(
    network=GatedLinear(paths=2, inputs=2, outputs=1, gates="neuron"),
    initial=ChosenInitial(weights=(((1, 2),), ((3, 4),)), gates=(0.1, 0.9)),
    teachers=ChosenTeachers(maps=(((5, 6),), ((7, 8),), ((9, 10),))),
    inputs=Population(),
    dt=0.01,
    steps=2,
)


def test_chosen_states_and_teachers_are_taken_as_they_are() -> None:
    assert CHOSEN.teachers.number == 3
    saved = simulate(CHOSEN, Save(("weights", "neuron_gates", "teachers"), 2), [0, 5], precision="float64")
    for seed in saved.seed:
        start = saved.sel(seed=seed, step=0)
        np.testing.assert_allclose(start.weights, [[[1, 2]], [[3, 4]]], rtol=1e-14)
        np.testing.assert_allclose(start.neuron_gates, [[0.1], [0.9]], rtol=1e-14)
        np.testing.assert_allclose(start.teachers, [[[5, 6]], [[7, 8]], [[9, 10]]], rtol=1e-14)


def test_chosen_numbers_can_be_traced() -> None:
    def first(value: jax.Array) -> jax.Array:
        changed = eqx.tree_at(lambda experiment: experiment.initial.weights[0][0][0], CHOSEN, value)
        return draw(changed).state.weights[0, 0, 0]

    assert float(jax.jit(first)(jnp.array(7.0))) == 7.0


def test_scale_zero_gives_zero_weights() -> None:
    assert not np.any(draw(with_values(SMALL, {"initial": Initial(weight_scale=0)})).state.weights)


def test_many_tasks_fill_the_space() -> None:
    experiment = with_values(SMALL, {"teachers": Teachers(tasks=4), "network.outputs": 1})
    np.testing.assert_allclose(gram(np.asarray(draw(experiment).teachers)[None])[0], np.eye(4) / 4, atol=1e-6)


STARTS: dict[str, dict[str, Any]] = {
    "rows": {"teachers.correlation": 0.3, "teachers.scale": "unit"},
    "singular vectors": {"teachers": SPECTRAL, "network.inputs": 8, "network.outputs": 6},
    "in the space of the teachers": {"initial": InTeacherSpace(mixture=((0.3, 0.1), (0.2, 0.5)))},
}


@pytest.mark.optimized
@pytest.mark.parametrize(("case", "double"), [("rows", False), *((case, True) for case in STARTS)])
def test_a_start_has_the_bits_of_a_simulation(case: str, double: bool) -> None:
    experiment = with_values(SMALL, {"steps": 1, **STARTS[case]})
    precision = "float64" if double else "float32"
    run = simulate(experiment, ("weights", "teachers", "gates"), 3, every=1, precision=precision, reduced=False)
    with jax.enable_x64(double):
        start = draw(experiment, 3)
    assert start.teachers.dtype == precision
    np.testing.assert_array_equal(start.teachers, run.teachers[0])
    np.testing.assert_array_equal(start.state.weights, run.weights[0])
    np.testing.assert_array_equal(start.state.gates, run.gates[0])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"seed": -1}, "seed is -1, allowed is a whole number, at least 0"),
        ({"seed": 1.5}, "seed is 1.5, allowed is a whole number, at least 0"),
        ({"stream": 2**32}, "stream is 4294967296, allowed is a whole number, at least 0 and at most 4294967295: "
         "streams have 32 bits"),
        ({"experiment": 1}, "experiment is 1, allowed is an instance of Experiment"),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("unchecked_annotations")
def test_starts_that_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingError) as refusal:
        draw(**{"experiment": SMALL, **arguments})
    assert str(refusal.value) == message
