"""The network of two layers against its equations in NumPy, and its units against those of its teachers."""

import numpy as np
import pytest
import scipy.optimize

from gatednet import DeepLinear, Experiment, Initial, Objective, Population, Save, Timescales, simulate
from gatednet.curricula.blocked import Blocked

SAVE = Save(("units", "readout", "second_layer", "unit_alignment", "total_alignment", "teachers", "loss", "gates"), 1)
STEPS, DT, PENALTY = 40, 0.01, 0.3


@pytest.fixture(scope="module")
def run():
    experiment = Experiment(
        network=DeepLinear(inputs=7, hidden=5, outputs=2),
        inputs=Population(),
        initial=Initial(weight_scale=1.0),
        objective=Objective(norm=PENALTY, norm_order=2, nonnegativity=PENALTY),
        timescales=Timescales(weights=0.06, gates=0.02),
        curriculum=Blocked(block_length=0.2),
        dt=DT,
        steps=STEPS,
    )
    return simulate(experiment, SAVE, 3, reduced=False, precision="float64")


def test_every_step_is_that_of_the_equations(run):
    # Units are sorted anew at each save: products over units do not depend on their order.
    for step in range(STEPS):
        first, second = run.units.values[step], run.readout.values[step]
        error = second @ first - run.teachers.values[0, step // 20 % 2]
        assert run.loss.values[step] == pytest.approx(0.5 * np.sum(error**2), rel=1e-12)
        norm = np.linalg.norm(second)
        penalty = PENALTY * ((norm - 1) * second / norm - (second < 0))
        new_first = first - DT / 0.06 * second.T @ error
        new_second = second - DT / 0.02 * (error @ first.T + penalty)
        found = run.units.values[step + 1], run.readout.values[step + 1]
        np.testing.assert_allclose(found[0].T @ found[0], new_first.T @ new_first, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(found[1] @ found[0], new_second @ new_first, rtol=1e-9, atol=1e-12)


def test_units_are_sorted_by_the_assignment_of_largest_cosine(run):
    for step in range(0, STEPS + 1, 5):
        score = run.unit_alignment.values[step].reshape(4, 5)
        rows, units = scipy.optimize.linear_sum_assignment(score, maximize=True)
        assert run.total_alignment.values[step] == pytest.approx(score[rows, units].mean())
        matched = run.second_layer.values[step][:, units]
        np.testing.assert_allclose(run.readout.values[step][:, :4], matched)
        gates = [np.diagonal(matched[:, :2]).mean(), np.diagonal(matched[:, 2:]).mean()]
        np.testing.assert_allclose(run.gates.values[step], gates)


def test_cosines_are_those_of_rows_and_units(run):
    units, teachers = run.units.values, run.teachers.values
    lengths = np.linalg.norm(teachers, axis=3)[..., None] * np.linalg.norm(units, axis=2)[:, None, None]
    cosines = np.einsum("smoi,sui->smou", teachers, units) / lengths
    # The same numbers in another order of the units.
    np.testing.assert_allclose(np.sort(run.unit_alignment, axis=-1), np.sort(cosines, axis=-1), atol=1e-12)
