"""What figures say of the sweeps that they are made of."""

from __future__ import annotations

import math

from gatednet import Blocked, Experiment, Phase, Phases, Target
from gatednet.sweeps.axes import Axis
from gatednet.sweeps.sweep import Sweep


def axis_of(sweep: Sweep, path: str) -> Axis:
    """The axis of a sweep along which the value at a path varies."""
    (found,) = (axis for axis in sweep.axes if path in axis.paths)
    return found


def targets_by_block(experiment: Experiment) -> list[int]:
    """A number for the target of each block of a run; empty for curricula without blocks.

    For `Blocked` it is the number of the task; for `Phases` targets are counted in the order in which they are first
    shown.
    """
    curriculum, tasks = experiment.curriculum, experiment.teachers.number
    blocks = math.ceil(experiment.duration / curriculum.block_length - 1e-9)
    if isinstance(curriculum, Blocked):
        order = curriculum.order or tuple(range(tasks))
        return [order[block % len(order)] for block in range(blocks)]
    if isinstance(curriculum, Phases):
        shown = targets_in_phases(curriculum, blocks)
        numbers = {target: number for number, target in enumerate(dict.fromkeys(shown))}
        return [numbers[target] for target in shown]
    return []


def targets_in_phases(curriculum: Phases, blocks: int) -> list[Target]:
    """The target of each of so many blocks."""
    return [target for phase in curriculum.phases for target in _shown(phase, blocks)][:blocks]


def _shown(phase: Phase, most: int) -> list[Target]:
    return [phase.targets[block % len(phase.targets)] for block in range(phase.blocks or most)]


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
