"""The boundary in theory: what its formulas are in limits, and the model that they are of."""

import numpy as np
import pytest

from gatednet import (
    Blocked,
    ChosenInitial,
    ChosenTeachers,
    Experiment,
    GatedLinear,
    Objective,
    Population,
    Save,
    Timescales,
    simulate,
)
from gatednet.theory import boundary as theory


def test_opposite_errors_take_back_what_they_bring():
    rapidity = np.array([0.1, 1.0, 4.0])
    np.testing.assert_allclose(theory.boost_of_period(rapidity, np.pi), 0.0, atol=1e-7)
    np.testing.assert_allclose(theory.boost_of_period(rapidity, 0.0), 2 * rapidity, rtol=1e-12)


@pytest.mark.parametrize("angle", [0.3, 1.5, 2.8])
@pytest.mark.parametrize("rapidity", [0.2, 1.7])
def test_the_boost_is_that_of_the_product_of_both_blocks(angle, rapidity):
    """Eigenvalues of the product of two Lorentz boosts, in (g √τ_c, v √τ_w), are 1 and e^±ψ."""

    def boost(direction):
        n = np.array([np.cos(direction), np.sin(direction)])
        rate = np.zeros((3, 3))
        rate[0, 1:] = rate[1:, 0] = -n
        values, vectors = np.linalg.eigh(rate)
        return vectors @ np.diag(np.exp(rapidity * values)) @ vectors.T

    values = np.sort(np.abs(np.linalg.eigvals(boost(0.0) @ boost(angle))))
    psi = float(theory.boost_of_period(rapidity, angle))
    np.testing.assert_allclose(values, np.exp([-psi, 0.0, psi]), rtol=1e-6)


def test_gaps_of_mirrored_paths():
    gap = theory.gap_of_alignment(0.8)
    assert gap == pytest.approx(1 / 7)
    first, second = 1 + gap, 1 - gap
    assert first / np.hypot(first, second) == pytest.approx(0.8)
    gap = theory.gap_of_specialization(0.5)
    first, second = 1 + gap, 1 - gap
    assert (first - second) / np.hypot(first, second) == pytest.approx(0.5)
    assert theory.gap_of_alignment(np.sqrt(0.5)) == pytest.approx(0, abs=1e-7)
    for each in (0.7, 1.1):
        with pytest.raises(ValueError, match="allowed is √½ to 1"):
            theory.gap_of_alignment(each)


def test_growth_in_a_block_gives_the_factor():
    """At the boundary the rate ½ C τ_B / w̄ of the paper times the duration is the logarithm of the growth."""
    length = theory.block_averaged_boundary([0.02, 0.04], 1.0, 7.0, 100.0)
    np.testing.assert_allclose(0.5 * 0.5 / (np.array([0.02, 0.04]) * 1.0) * length * 7.0, np.log(100.0))


def test_starts_are_spread_as_gaussian_numbers():
    starts = theory.typical_starts(0.5, 200, 8)
    assert starts.shape == (1600, 2)
    np.testing.assert_allclose(np.sqrt((starts**2).mean(axis=0)), 0.5, rtol=0.02)
    sizes = np.linalg.norm(starts, axis=1)
    assert np.median(sizes) == pytest.approx(0.5 * np.sqrt(2 * np.log(2)), rel=0.01)
    assert theory.start_scale(0.1, 2.0) == pytest.approx(0.05)


def test_closed_loop_is_the_equivalent_model():
    """Weights of both paths in the model itself, from the same start, step by step."""
    v = (0.03, -0.02)
    experiment = Experiment(
        network=GatedLinear(paths=2, inputs=1, outputs=2),
        initial=ChosenInitial(weights=(((v[0],), (v[1],)), ((-v[0],), (-v[1],))), gates=(0.5, 0.5)),
        teachers=ChosenTeachers(maps=(((1,), (0,)), ((0,), (1,)))),
        curriculum=Blocked(block_length=0.8),
        inputs=Population(),
        objective=Objective(norm=0.8, nonnegativity=0.2),
        timescales=Timescales(weights=1.0, gates=0.05),
        dt=2e-3,
        steps=2000,
    )
    weights = simulate(experiment, Save(("weights",), 2000), precision="float64").weights.values[-1, :, :, 0]
    apart, total = weights[0] - weights[1], weights.sum()
    loop = theory.OpenLoop(0.05, 1.0, 0.8, 0.2, 2e-3, closed=True)
    gap = loop.gap(400, np.array([v]), 2000)
    expected = abs(apart[0] - apart[1]) / total
    # Neither trivially 0, nor still as at the start.
    assert 0.1 < expected < 2
    np.testing.assert_allclose(gap, expected, rtol=1e-9)


def test_open_loop_is_the_closed_one_for_small_starts():
    small = np.array([[1e-6, -2e-6]])
    options = {"gates": 0.05, "weights": 1.0, "norm": 0.8, "nonnegativity": 0.2, "dt": 2e-3}
    gaps = [theory.OpenLoop(**options, closed=closed).gap(400, small, 1000) for closed in (False, True)]
    np.testing.assert_allclose(*gaps, rtol=1e-3)
    # The drive does not depend on what it drives.
    double = theory.OpenLoop(**options).gap(400, 2 * small, 1000)
    np.testing.assert_allclose(double, 2 * gaps[0], rtol=1e-9)


def test_what_is_boosted_is_conserved_without_bounds():
    """τ_w v² - τ_c g² stays, so that from g = 0 at every switch a block can only add to v."""
    options = {"gates": 0.05, "weights": 1.0, "norm": 0.8, "nonnegativity": 0.2, "dt": 2e-3}
    start = np.array([[1e-3, -1e-3]])
    left, equal = (theory.OpenLoop(**options, equal_gates=each).gap(100, start, 3000) for each in (False, True))
    assert equal > 1.5 * left


def test_boundary_is_where_the_gap_crosses():
    loop = theory.OpenLoop(np.array([0.04, 0.06])[:, None], 1.0, 0.8, 0.2, 4e-3)
    starts = theory.typical_starts(5e-3, 2, 2)
    found = loop.boundary(0.04, 2.0, starts, 0.14, 800, 9)
    assert found.shape == (2, 4)
    steps = found / 4e-3
    inside = (found > 0.04) & (found < 2.0)
    assert inside.any()
    below, above = (loop.gap(each.astype(int), starts, 800) >= 0.14 for each in (np.floor(steps), np.ceil(steps)))
    assert not below[inside].any()
    assert above[inside].all()


def test_onset_is_the_first_look_at_which_the_gap_is_reached():
    loop = theory.OpenLoop(0.05, 1.0, 0.8, 0.2, 4e-3)
    starts = np.array([[0.002, -0.003], [1e-9, 0.0]])
    onset = loop.onset(200, starts, 0.14, 1500, 50)
    assert onset[1] == 1500
    assert 50 < onset[0] < 1500
    assert loop.gap(200, starts, int(onset[0]))[0] >= 0.14
    assert loop.gap(200, starts, int(onset[0]) - 50)[0] < 0.14
