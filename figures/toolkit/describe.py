"""What figures say of the sweeps that they are made of."""

from __future__ import annotations

import math

from gatednet import Blocked, DeepLinear, Experiment, Features, GatedLinear, Gaussian, Inputs, Phase, Phases, Target
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
    objective, times = experiment.objective, experiment.timescales
    cost = f", weight cost {objective.weight_cost:g} ({objective.weight_norm})" if objective.weight_cost else ""
    return (
        f"{_network(experiment)}, {experiment.teachers.number} tasks, "
        f"inputs {_inputs(experiment.inputs)}, {type(experiment.curriculum).__name__.lower()} with block length "
        f"{experiment.curriculum.block_length:g}, "
        f"τ_w = {times.weights:g}, τ_c = {times.gates:g}, λ_norm = {objective.norm:g} (k = {objective.norm_order}), "
        f"λ_nonneg = {objective.nonnegativity:g}{cost}, loss {objective.reduction} over outputs, "
        f"dt = {experiment.dt:g}, {experiment.steps} steps"
    )


def _inputs(inputs: Inputs) -> str:
    if isinstance(inputs, Gaussian):
        return f"Gaussian batches of {inputs.batch}"
    if isinstance(inputs, Features):
        noise = f", {inputs.label_noise:.0%} of their labels at random" if inputs.label_noise else ""
        return f"{inputs.width} features of {inputs.images} in batches of {inputs.batch}{noise}"
    return "the population" if inputs.exact else "the same at every step"


def _network(experiment: Experiment) -> str:
    network = experiment.network
    shape = f"d_in = {network.inputs}, d_out = {network.outputs}"
    if isinstance(network, DeepLinear):
        return f"two layers, {shape}, {network.hidden} hidden units"
    assert isinstance(network, GatedLinear)
    return f"{network.paths} paths with {network.gates} gates, {shape}"
