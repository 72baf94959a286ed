"""The runs of one cell over time."""

import itertools

import jax
import numpy as np
import pytest

from gatednet import Save, simulate, with_values
from gatednet.dynamics.stability import StiffnessWarning
from gatednet.explore.curves import Curves, simulated
from gatednet.explore.source import Live
from gatednet.explore.verdict import verdict_of
from gatednet.explore.view import Span, View
from tests.explore.tools import SHORT, by_hand, short

SAVED = ("loss", "gates", "alignment", "teacher_component", "relative_specialization")


@pytest.fixture(scope="module")
def curves():
    return simulated(short(), 3)


@pytest.fixture(scope="module")
def runs():
    """The same runs, in lanes of the width that sweeps have."""
    return simulate(short(), Save(SAVED, 2), seeds=range(3))


def order_of(alignment):
    """The order of two paths that is best for two tasks: the one of two that has the larger sum."""
    return max(itertools.permutations(range(2)), key=lambda order: sum(alignment[task, order[task]] for task in (0, 1)))


def test_a_curve_has_points_from_the_start_to_the_end(curves):
    # Of 300 steps every second one: a plot has fewer pixels than a run has steps.
    np.testing.assert_allclose(curves.time, np.arange(0, 301, 2) * 0.01)


def test_simulated_curves_are_the_runs_of_the_first_seeds(curves, runs):
    assert curves.data.seed.values.tolist() == [0, 1, 2]
    for name in ("loss", "relative_specialization"):
        np.testing.assert_allclose(curves.data[name].values, runs[name].values, rtol=1e-5, atol=1e-7)
    assert (curves.data.result.values == 0).all()


def test_paths_are_in_the_order_of_the_tasks_that_they_learnt(curves, runs):
    orders = [order_of(each[-1]) for each in runs.alignment.values]
    # So that the order matters.
    assert len(set(orders)) == 2
    for name in ("gates", "alignment", "teacher_component"):
        assert curves.data[name].dims == runs[name].dims
        for found, expected, order in zip(curves.data[name].values, runs[name].values, orders, strict=True):
            np.testing.assert_allclose(found, expected[..., list(order)], rtol=1e-5, atol=1e-6)


def test_curves_know_the_times_of_their_experiment(curves):
    attributes = curves.data.attrs
    assert attributes["block_length"] == 1.0
    assert attributes["duration"] == pytest.approx(3.0)
    assert list(attributes["targets"]) == [0, 1, 0]


def test_a_seed_gives_the_same_curves_alone_and_among_others(curves):
    one = simulated(short(), 1)
    np.testing.assert_allclose(one.data.loss.values[0], curves.data.loss.values[0], rtol=1e-5)


def test_a_run_that_diverges_says_so():
    with pytest.warns(StiffnessWarning, match=r"objective\.norm is too stiff"):
        curves = simulated(short(timescales__gates=1e-5), 1)
    lost = curves.data
    assert lost.result.values.tolist() == [1]
    assert 0 <= lost.result_step.values[0] < 300
    assert np.isnan(lost.loss.values[0, -1])
    found = verdict_of(curves)
    assert (found.word, "stable up to dt = 1.1" in found.reason) == ("diverged", True)


def test_a_page_is_shown_the_curves_of_its_experiment_and_of_another_cell():
    source, told = Live(jax.local_devices()[:1]), []
    view = View(
        "fig2-flexible",
        Span("timescales.gates", 0.01, 1.0, "log"),
        Span("curriculum.block_length", 0.1, 2.0),
        "loss",
        0.1,
        seeds=3,
        changes=tuple(sorted({**SHORT, "objective.norm": 0.5}.items())),
    )
    chosen = source.curves(view, None, told.append)
    assert chosen.experiment == short(objective__norm=0.5)
    # Compiled for these curves, and not again for those of other numbers.
    assert told == [True, False]
    cell = source.curves(view, (0.25, 0.5), told.append)
    assert cell.experiment == short(objective__norm=0.5, timescales__gates=0.25, curriculum__block_length=0.5)
    assert told == [True, False]
    for found in (chosen, cell):
        expected = simulated(found.experiment, 3)
        np.testing.assert_array_equal(found.data.loss.values, expected.data.loss.values)


def test_a_band_is_the_mean_with_its_standard_error():
    values = np.random.default_rng(0).normal(size=(5, 7, 2))
    mean, error = by_hand(short(), gates=values).band("gates", path=1)
    np.testing.assert_allclose(mean, values[:, :, 1].mean(axis=0))
    np.testing.assert_allclose(error, values[:, :, 1].std(axis=0, ddof=1) / np.sqrt(5))
    mean, error = by_hand(short(), loss=values[:1, :, 0]).band("loss")
    np.testing.assert_array_equal(mean, values[0, :, 0])
    assert np.isnan(error).all()


def test_a_band_has_time_last_whatever_the_order_of_the_arrays():
    values = np.random.default_rng(1).normal(size=(5, 7))
    curves = by_hand(short(), loss=values)
    turned = Curves(curves.experiment, curves.data.transpose("step", "seed"))
    np.testing.assert_array_equal(turned.band("loss")[0], curves.band("loss")[0])


def plane_by_hand():
    """Two seeds at four times; the paths of the second are the other way round. Arrays as they were drawn."""
    random = np.random.default_rng(2)
    gates, component = random.normal(size=(2, 4, 2)), random.normal(size=(2, 4, 2, 2))
    alignment = np.zeros((2, 4, 2, 2))
    alignment[0, -1] = [[0.9, 0.1], [0.2, 0.8]]
    alignment[1, -1] = [[0.1, 0.7], [0.6, 0.3]]
    # Earlier saves say otherwise: the end counts.
    alignment[0, 0] = [[0.0, 1.0], [1.0, 0.0]]
    return gates, component, alignment


def test_the_plane_has_the_differences_of_gates_and_of_weights_of_matched_paths():
    gates, component, alignment = plane_by_hand()
    curves = by_hand(short(), gates=gates, teacher_component=component, alignment=alignment)
    assert curves.in_plane
    # After matching, path 1 of the second seed is the first.
    gates[1], component[1] = gates[1][..., ::-1].copy(), component[1][..., ::-1].copy()
    w11, w21 = component[..., 0, 0], component[..., 0, 1]
    w12, w22 = component[..., 1, 0], component[..., 1, 1]
    along_gates, along_weights = curves.plane()
    np.testing.assert_allclose(along_gates, (gates[..., 0] - gates[..., 1]).mean(axis=0))
    np.testing.assert_allclose(along_weights, (0.5 * (w11 - w21 + w22 - w12)).mean(axis=0))


def test_a_network_that_is_specialized_is_at_one():
    # Each path is its teacher, and the gate of the first is open.
    component = np.broadcast_to(np.eye(2), (3, 2, 2, 2))
    gates = np.broadcast_to([1.0, 0.0], (3, 2, 2))
    curves = by_hand(short(), gates=gates, teacher_component=component, alignment=component)
    np.testing.assert_array_equal(curves.plane(), [[1.0, 1.0], [1.0, 1.0]])


@pytest.mark.parametrize(
    ("tasks", "paths", "given"),
    [(3, 2, True), (2, 3, True), (3, 3, True), (2, 2, False)],
)
def test_there_is_a_plane_for_two_tasks_and_two_paths_only(tasks, paths, given):
    shape = (1, 4, tasks, paths)
    arrays = {"alignment": np.zeros(shape), "gates": np.zeros((1, 4, paths))}
    if given:
        arrays["teacher_component"] = np.zeros(shape)
    assert not by_hand(short(), **arrays).in_plane


def test_there_is_no_plane_without_gates():
    # A store may keep the one and not the other.
    component = np.zeros((1, 4, 2, 2))
    assert not by_hand(short(), alignment=component, teacher_component=component).in_plane


@pytest.mark.parametrize(("gates", "weights"), [(0.03, 1.3), (1.0, 1.0), (1.3, 0.65)])
def test_theory_is_the_curve_of_its_formula(gates, weights):
    curves = by_hand(short(timescales__gates=gates, timescales__weights=weights))
    known, theory = curves.theory()
    assert (known[0], known[-1]) == (-1.0, 1.0)
    assert np.diff(known).max() < 0.01
    np.testing.assert_allclose(theory, np.sqrt(1 - 0.5 * gates / weights * (1 - known**2)), atol=1e-12)


def test_theory_ends_where_it_has_no_value():
    # The ratio is 4: below c̄² = 1/2 the root is of a negative number.
    known, theory = by_hand(short(timescales__gates=4.0, timescales__weights=1.0)).theory()
    inner = np.sqrt(0.5)
    finite = np.isfinite(theory)
    assert (np.abs(known[finite]) >= inner).all()
    np.testing.assert_allclose(theory[finite], np.sqrt(1 - 2 * (1 - known[finite] ** 2)), atol=1e-12)
    for side in (-1, 1):
        # As far as there is a value, on either side.
        assert side * known[finite & (known * side > 0)][::side][0] == pytest.approx(inner, abs=0.006)
    assert {-1.0, 1.0} <= set(known)


def test_a_line_along_the_theory_has_a_gap_where_it_has_no_value():
    # Both sides are one line of a plot: with nothing between them a line is drawn across.
    known, theory = by_hand(short(timescales__gates=4.0, timescales__weights=1.0)).theory()
    between = np.abs(known) < 0.7
    assert between.any()
    assert np.isnan(theory[between]).all()


def test_curves_without_times_have_no_plane():
    assert not by_hand(short(), result=[0], result_step=[300]).in_plane


def test_four_tasks_have_curves_too():
    built = with_values(short(), {"teachers.tasks": 4, "network.paths": 4, "network.outputs": 5, "steps": 100})
    curves = simulated(built, 2)
    assert dict(curves.data.alignment.sizes) == {"seed": 2, "step": 101, "task": 4, "path": 4}
    assert not curves.in_plane
    # Matched pairs have the largest sum that any order of paths has.
    for end in curves.data.alignment.values[:, -1]:
        best = max(sum(end[task, order[task]] for task in range(4)) for order in itertools.permutations(range(4)))
        assert np.trace(end) == pytest.approx(best)
