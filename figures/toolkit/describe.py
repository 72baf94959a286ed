"""What figures say of the sweeps that they are made of."""

from __future__ import annotations

from gatednet import Experiment
from gatednet.sweeps.axes import Axis
from gatednet.sweeps.sweep import Sweep


def axis_of(sweep: Sweep, path: str) -> Axis:
    """The axis of a sweep along which the value at a path varies."""
    (found,) = (axis for axis in sweep.axes if path in axis.paths)
    return found


def targets_by_block(experiment: Experiment) -> list[int]:
    """A number for the target of each block of a run, see `Curriculum.targets_by_block`."""
    return experiment.curriculum.targets_by_block(experiment.teachers.number, experiment.blocks)


def described(long_name: str, units: str = "1") -> dict[str, str]:
    """The attributes of a variable."""
    return {"long_name": long_name, "units": units}


def settings_line(experiment: Experiment) -> str:
    """The settings of an experiment that a caption states, in one line."""
    parts = (
        experiment.network,
        experiment.teachers,
        experiment.curriculum,
        experiment.timescales,
        experiment.objective,
    )
    network, teachers, curriculum, times, objective = (each.summary() for each in parts)
    return (
        f"{network}, {teachers}, inputs {experiment.inputs.summary()}, {curriculum}, {times}, {objective}, "
        f"dt = {experiment.dt:g}, {experiment.steps} steps"
    )
