"""What figures say of the sweeps that they are made of."""

from __future__ import annotations

from gatednet import Blocked, Experiment, Gaussian, SettingError
from sweeps.axes import Axis
from sweeps.plan import Sweep


def axis_of(sweep: Sweep, path: str) -> Axis:
    """The axis of a sweep along which the value at a path varies."""
    (found,) = (axis for axis in sweep.axes if path in axis.paths)
    return found


def blocks_of(experiment: Experiment) -> Blocked:
    """The curriculum of an experiment, as one in blocks.

    **Raises** `SettingError` where it is of another kind.
    """
    curriculum = experiment.curriculum
    if not isinstance(curriculum, Blocked):
        raise SettingError(f"curriculum is {curriculum!r}, allowed for this picture is one in blocks")
    return curriculum


def described(long_name: str, units: str = "1") -> dict[str, str]:
    """The attributes of a variable."""
    return {"long_name": long_name, "units": units}


def settings_line(experiment: Experiment) -> str:
    """The settings of an experiment that a caption states, in one line."""
    network, objective, times = experiment.network, experiment.objective, experiment.timescales
    inputs = experiment.inputs
    seen = f"Gaussian batches of {inputs.batch}" if isinstance(inputs, Gaussian) else "the population"
    return (
        f"d_in = {network.inputs}, d_out = {network.outputs}, {experiment.teachers.number} tasks, "
        f"inputs {seen}, block length {blocks_of(experiment).block_length:g}, "
        f"τ_w = {times.weights:g}, τ_c = {times.gates:g}, λ_norm = {objective.norm:g} (k = {objective.norm_order}), "
        f"λ_nonneg = {objective.nonnegativity:g}, loss {objective.reduction} over outputs, "
        f"dt = {experiment.dt:g}, {experiment.steps} steps"
    )
