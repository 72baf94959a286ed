"""Starts and teachers that are rotated together give the same runs: the laws of learning know no directions.

So one set of teachers or another explains no difference between runs: with rows that are orthogonal, and weights that
prefer no direction, all that matters of teachers is how they lie to the start.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.stats

from gatednet import (
    Blocked,
    ChosenInitial,
    ChosenTeachers,
    DeepLinear,
    Experiment,
    GatedLinear,
    Gaussian,
    Initial,
    Objective,
    Population,
    Save,
    Teachers,
    Timescales,
    draw,
    simulate,
    with_values,
)
from gatednet.random.published import rotation

SAVE = Save(("loss", "gates", "alignment", "total_alignment"), 25)
# Short blocks of fast learning, in which gates come to switch.
BASE = Experiment(
    network=GatedLinear(paths=2, inputs=6, outputs=3),
    initial=Initial(weight_scale=0.3),
    teachers=Teachers(scale="unit"),
    curriculum=Blocked(block_length=0.5),
    inputs=Population(),
    objective=Objective(reduction="mean", norm=0.3, nonnegativity=0.1),
    timescales=Timescales(weights=0.1, gates=0.03),
    dt=0.01,
    steps=300,
)


def nested(array: np.ndarray) -> Any:
    return tuple(map(nested, array)) if array.ndim else float(array)


def chosen(experiment: Experiment, seed: int, left: np.ndarray, right: np.ndarray) -> Experiment:
    """The experiment from the start and the teachers of a seed, with outputs and inputs rotated."""
    problem = draw(experiment, seed)
    weights, gates, teachers = (
        np.asarray(each, np.float64) for each in (problem.state.weights, problem.state.gates, problem.teachers)
    )
    if isinstance(experiment.network, DeepLinear):
        weights, gates = weights @ right, left @ gates
    else:
        weights = left @ weights @ right
    start = ChosenInitial(weights=nested(weights), gates=nested(gates.reshape(-1)))
    return with_values(experiment, {"initial": start, "teachers": ChosenTeachers(nested(left @ teachers @ right))})


@pytest.mark.parametrize(
    ("network", "outputs_too"),
    [
        (GatedLinear(paths=2, inputs=6, outputs=3), True),
        (GatedLinear(paths=2, inputs=6, outputs=3, gates="neuron"), False),
        (DeepLinear(inputs=6, hidden=6, outputs=3), True),
    ],
    ids=["path gates", "neuron gates", "two layers"],
)
def test_with_the_population_rotated_runs_are_the_same(network: Any, outputs_too: bool) -> None:
    """To rounding in double precision: rotations of inputs always, those of outputs where no gate tells them apart."""
    objective = {"objective.norm_order": 2} if isinstance(network, DeepLinear) else {}
    # A second layer is penalised entry by entry where it is negative, and outputs are told apart by that.
    objective |= {"objective.nonnegativity": 0.0} if isinstance(network, DeepLinear) else {}
    experiment = with_values(BASE, {"network": network, **objective})
    left = rotation(5, 3) if outputs_too else np.eye(3)
    plain = simulate(chosen(experiment, 4, np.eye(3), np.eye(6)), SAVE, precision="float64", reduced=False)
    turned = simulate(chosen(experiment, 4, left, rotation(6, 6)), SAVE, precision="float64", reduced=False)
    assert float(plain.loss.max()) > 2 * float(plain.loss.min())
    np.testing.assert_allclose(turned.loss, plain.loss, atol=1e-12)
    if not isinstance(network, DeepLinear):
        np.testing.assert_allclose(turned.gates, plain.gates, atol=1e-12)
    if not outputs_too:
        np.testing.assert_allclose(turned.alignment, plain.alignment, atol=1e-10)


def test_teachers_alone_do_not_rotate() -> None:
    """The law is about both together: from the same start other teachers give another run."""
    turned, plain = (chosen(BASE, 4, np.eye(3), each) for each in (rotation(6, 6), np.eye(6)))
    other = with_values(turned, {"initial": plain.initial})
    runs = [simulate(each, SAVE, precision="float64").loss.values for each in (plain, turned, other)]
    np.testing.assert_allclose(runs[1], runs[0], atol=1e-12)
    assert np.abs(runs[2] - runs[0]).max() > 1e-3


def compared(some: Experiment, other: Experiment, seeds: int = 300) -> None:
    """Losses and specialization at the end of the runs of two experiments have one distribution."""
    save = Save(("loss", "total_alignment", "time_to_criterion"), some.steps)
    runs = [simulate(some, save, range(seeds)), simulate(other, save, range(seeds, 2 * seeds))]
    ends = [
        (run.loss.isel(step=-1), run.total_alignment.isel(step=-1), run.time_to_criterion.mean("block")) for run in runs
    ]
    for mine, theirs in zip(*ends, strict=True):
        assert float(mine.std()) > 0
        assert scipy.stats.ks_2samp(mine, theirs).pvalue > 1e-3


def test_with_batches_rotated_runs_have_one_distribution() -> None:
    """A start and teachers that are given, with batches as all that is random, and the same rotated."""
    batches = with_values(BASE, {"inputs": Gaussian(batch=12)})
    compared(chosen(batches, 4, np.eye(3), np.eye(6)), chosen(batches, 4, rotation(5, 3), rotation(6, 6)))


def test_one_set_of_teachers_gives_the_distribution_of_many() -> None:
    batches = with_values(BASE, {"inputs": Gaussian(batch=12)})
    compared(batches, with_values(batches, {"teachers.shared": True}))
