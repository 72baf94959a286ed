"""The two-dimensional model that behaves as a full one (paper, Figures A1 and A16)."""

from __future__ import annotations

from gatednet.experiment import Experiment, with_values
from gatednet.inputs.population import Population
from gatednet.networks.gated_linear import GatedLinear
from gatednet.starts.chosen import ChosenInitial
from gatednet.teachers.chosen import ChosenTeachers
from gatednet.teachers.orthogonal import Teachers
from gatednet.teachers.published import PublishedTeachers
from gatednet.theory.equivalent_model import equivalent_gate_timescale, equivalent_penalty

# What every path starts with of its own teacher, and nothing of the other one.
START = 0.01


def equivalent(full: Experiment) -> Experiment:
    """The two-dimensional model of two tasks and two paths: one input that is always 1, teachers e1 and e2.

    The gates' time constant and the penalties are those of the full model over Σ_α s_α² of a teacher; see
    `gatednet.theory`. Nothing in it is random.
    """
    singular = teacher_singular_values(full)
    unit = (((1.0,), (0.0,)), ((0.0,), (1.0,)))
    return with_values(
        full,
        {
            "network": GatedLinear(paths=2, inputs=1, outputs=2),
            "teachers": ChosenTeachers(maps=unit),
            "initial": ChosenInitial(weights=(((START,), (0.0,)), ((0.0,), (START,))), gates=(0.5, 0.5)),
            "inputs": Population(),
            "timescales.gates": equivalent_gate_timescale(full.timescales.gates, singular),
            "objective.norm": equivalent_penalty(full.objective.norm, singular),
            "objective.nonnegativity": equivalent_penalty(full.objective.nonnegativity, singular),
        },
    )


def teacher_singular_values(experiment: Experiment) -> tuple[float, ...]:
    """The singular values of one teacher of orthogonal rows: all are the norm of a row."""
    teachers, network = experiment.teachers, experiment.network
    assert isinstance(teachers, Teachers | PublishedTeachers)
    rank = 0
    if isinstance(teachers, Teachers):
        assert not teachers.correlation
        rank = teachers.rank
    norm = network.inputs**-0.5 if teachers.scale == "input" else 1.0
    return (norm,) * (rank or network.outputs)
