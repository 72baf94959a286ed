"""Experiments from the starts of the published runs: their weights, their one set of teachers, their lengths of blocks.

The authors' released code regenerates the published runs, because its starts are fixed. So pictures are compared with
runs from these starts, beside the distribution over starts of our own. What still differs are the batches.

Known are the starts and teachers of networks with twenty inputs: bit for bit for two tasks of ten outputs, with gates,
without them, and with four paths; see `gatednet.starts.published` and `gatednet.teachers.published`. For three tasks of
six outputs, Figures 3, A12 and A14, no array of a published run is at hand: starts and teachers are what the same
recipe gives. What matters of teachers is how they lie to the start: rotated together, both give the same runs.
"""

from __future__ import annotations

from gatednet.experiment import Experiment, with_values
from gatednet.starts.gaussian import Initial
from gatednet.starts.published import PublishedInitial
from gatednet.sweeps.axes import Axis
from gatednet.teachers.orthogonal import Teachers
from gatednet.teachers.published import PublishedTeachers

# The starts of figures of several runs: how many there are.
STARTS = 10
# Sets of batches that each of them is run with: how much means over the starts vary from set to set is then known.
BATCHES = 10
# The whole number of the key of Figures A1 and A3, which show a single run each.
KEY_OF_ONE = 987777942


def as_published(experiment: Experiment) -> Experiment:
    """The same experiment from the ten published starts: the run of seed n from start n modulo ten.

    Blocks are shorter by a step where floats have it so. The number of steps is the same, and so runs can end a few
    steps after a switch, as published ones do.
    """
    return _with_starts(experiment, PublishedInitial().key, STARTS)


def as_published_once(experiment: Experiment, key: int = KEY_OF_ONE) -> Experiment:
    """The same experiment from the one start of a key, whatever the seed, which then chooses the batches alone."""
    return _with_starts(experiment, key, 1)


def seeds(batches: int = BATCHES) -> Axis:
    """As many seeds as each published start has sets of batches: those of the first set come first."""
    return Axis.seeds(STARTS * batches)


def _with_starts(experiment: Experiment, key: int, keys: int) -> Experiment:
    start, teachers = experiment.initial, experiment.teachers
    assert type(start) is Initial
    assert type(teachers) is Teachers
    assert not teachers.correlation
    assert not teachers.rank
    changes = {
        "initial": PublishedInitial(key=key, keys=keys, weight_scale=start.weight_scale, gates=start.gates),
        "teachers": PublishedTeachers(tasks=teachers.tasks, scale=str(teachers.scale)),
        "curriculum.rounding": "floor",
    }
    return with_values(experiment, changes)
