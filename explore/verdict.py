"""`Verdict`: what regime a cell is in, in a word, with the numbers that decide."""

from __future__ import annotations

import dataclasses

import numpy as np

from gatednet import ChosenTeachers, Experiment
from gatednet.dynamics.stability import advice, instability
from gatednet.explore.curves import Curves
from gatednet.figures.toolkit.specialization import SPECIALIZED
from gatednet.figures.toolkit.statistics import mean_and_error
from gatednet.observables.alignment import INDISTINCT

# Below half of what counts as specialized a network is forgetful.
FORGETFUL = SPECIALIZED / 2
_LATE_BLOCKS = 2
_SAME = "the tasks ask for the same, and there is nothing to specialize for"


@dataclasses.dataclass(frozen=True)
class Verdict:
    """A word, and a sentence with the numbers behind it."""

    word: str
    reason: str


@dataclasses.dataclass(frozen=True)
class _Measured:
    """What decides the verdict: a number for each run, its name, and a remark to add."""

    values: np.ndarray
    name: str
    remark: str = ""


def verdict_of(curves: Curves) -> Verdict:
    """The regime of the runs of a cell."""
    data, experiment = curves.data, curves.experiment
    if experiment is None:
        return Verdict("unknown", curves.unknown)
    if "result" in data:
        diverged = int(np.sum(data.result.values != 0))
        if diverged:
            first = int(data.result_step.values[data.result.values != 0].min())
            return Verdict(
                "diverged",
                f"{diverged} of {data.sizes['seed']} runs left the finite numbers, the first after {first} steps: "
                f"{_cure(experiment)}",
            )
    if experiment.labelled:
        return Verdict("unknown", "tasks about labels have no specialization, which decides")
    for what, number in (("task", experiment.teachers.number), ("path", _paths(experiment))):
        if number == 1:
            return Verdict("undefined", f"a single {what}, so that there is nothing to specialize")
    of_weights = experiment.network.inputs == 1
    found = _of_weights(curves, experiment) if of_weights else _of_angles(curves, experiment)
    if isinstance(found, Verdict):
        return found
    mean, error = (float(each) for each in mean_and_error(found.values))
    word = "flexible" if mean >= SPECIALIZED else "forgetful" if mean < FORGETFUL else "in between"
    spread = f" ± {error:.2f}" if np.isfinite(error) else ""
    seeds = data.sizes["seed"]
    reason = (
        f"{found.name} {mean:.2f}{spread} over {seeds} seed{'s' if seeds > 1 else ''} ({SPECIALIZED:.2f} and more is "
        f"flexible, less than {FORGETFUL:.2f} forgetful){found.remark}"
    )
    if "loss" in data:
        late = curves.time > experiment.duration - _LATE_BLOCKS * experiment.block_duration
        reason += f"; loss over the last two blocks {float(data.loss.values[:, late].mean()):.3g}"
    return Verdict(word, reason)


def _cure(experiment: Experiment) -> str:
    """What keeps runs from diverging."""
    stiff = instability(experiment)
    if stiff is None:
        return "a shorter step dt, or longer time constants, help"
    return advice(experiment, stiff, f"= {experiment.dt:g}")


def _paths(experiment: Experiment) -> int:
    """The number of paths; networks of two layers are seen as having one for each task."""
    return experiment.network.paths_of(experiment.teachers.number)


def _of_angles(curves: Curves, experiment: Experiment) -> _Measured | Verdict:
    """Specialization relative to what the teachers allow, as saved, or from what is known of the teachers."""
    data = curves.data
    if "relative_specialization" in data:
        values = data.relative_specialization.values
        # Of runs that are complete it has no value only where teachers are the same.
        return Verdict("undefined", _SAME) if np.isnan(values).any() else _Measured(values, "relative specialization")
    if "specialization" not in data:
        return Verdict("unknown", "the store has no relative_specialization, which decides, and no specialization")
    values, overlap = data.specialization.values, experiment.teachers.overlap
    if overlap is None or _paths(experiment) > experiment.teachers.number:
        why = "the overlap of the teachers" if overlap is None else "what paths without a task hold"
        return _Measured(values, "specialization", f", in which {why} counts: the store has no relative_specialization")
    if 1.0 - overlap <= INDISTINCT:
        return Verdict("undefined", _SAME)
    return _Measured(values / (1.0 - overlap), "relative specialization")


def _of_weights(curves: Curves, experiment: Experiment) -> _Measured | Verdict:
    """w̄ at the end, over what it is where paths are the teachers.

    Rows of a single input are parallel to each other, and there is no angle to tell them apart by.
    """
    if not curves.in_plane:
        return Verdict(
            "unknown",
            "with a single input the weights w̄ decide, which need teacher_component and gates over time, of two tasks "
            "and two paths",
        )
    values, largest = np.abs(curves.plane()[1][-1:]), _largest_difference(experiment)
    if largest is None:
        remark = ", in which the overlap of the teachers counts"
        return _Measured(values, "specialization of the weights w̄", remark)
    if largest <= INDISTINCT:
        return Verdict("undefined", _SAME)
    return _Measured(values / largest, "specialization of the weights w̄")


def _largest_difference(experiment: Experiment) -> float | None:
    """w̄ of two paths that are the two teachers; None where the teachers are not known without drawing them."""
    teachers = experiment.teachers
    if not isinstance(teachers, ChosenTeachers):
        return None if teachers.overlap is None else 1.0 - teachers.overlap
    first, second = (np.asarray(each, float).ravel() for each in teachers.maps)
    squares = float(first @ first), float(second @ second)
    if not all(squares):
        return None
    return 1.0 - 0.5 * float(first @ second) * (1.0 / squares[0] + 1.0 / squares[1])
