"""Experiments from the starts of the published runs: their weights, their one set of teachers, their lengths of blocks.

The authors' released code regenerates the published runs, because its starts are fixed. So pictures are compared with
runs from these starts, beside the distribution over starts of our own. What still differs are the batches.

Known are the starts and teachers of networks with twenty inputs: bit for bit for two tasks of ten outputs, with gates,
without them, and with four paths; see `gatednet.starts.published` and `gatednet.teachers.published`. For three tasks of
six outputs, Figures 3, A12 and A14, no array of a published run is at hand: starts and teachers are what the same
recipe gives. What matters of teachers is how they lie to the start: rotated together, both give the same runs.
"""

from __future__ import annotations

import dataclasses

from gatednet.experiment import Experiment, with_values
from gatednet.starts.gaussian import Initial
from gatednet.starts.published import PublishedInitial
from gatednet.sweeps.axes import Axis
from gatednet.teachers.orthogonal import Teachers
from gatednet.teachers.published import PublishedTeachers

# The ten starts of figures of several runs, and the one that the same key gives a single run.
TEN, ONE = PublishedInitial(), PublishedInitial(keys=1)
STARTS = TEN.keys
# The start of Figure A1, whose teachers are not rotated, and that of Figure A16: both are drawn from a key itself.
ALONE = PublishedInitial(key=987777942, keys=1, way="direct")
ALONE_IN_DOUBLE = dataclasses.replace(ALONE, way="direct in double")
# Sets of batches that each start is run with: how much means over the starts vary from set to set is then known.
BATCHES = 10


def as_published(experiment: Experiment, starts: PublishedInitial = TEN, *, rotated: bool = True) -> Experiment:
    """The same experiment from published starts: of the ten, the run of seed n has start n modulo ten.

    From a single start runs differ in their batches alone. Blocks are shorter by a step where floats have it so. The
    number of steps is the same, and so runs can end a few steps after a switch, as published ones do.
    """
    start, teachers = experiment.initial, experiment.teachers
    assert type(start) is Initial
    assert type(teachers) is Teachers
    assert not teachers.correlation
    assert not teachers.rank
    changes = {
        "initial": dataclasses.replace(starts, weight_scale=start.weight_scale, gates=start.gates),
        "teachers": PublishedTeachers(tasks=teachers.tasks, scale=str(teachers.scale), rotated=rotated),
        "curriculum.rounding": "floor",
    }
    return with_values(experiment, changes)


def seeds(batches: int = BATCHES) -> Axis:
    """As many seeds as each of the ten starts has sets of batches: those of the first set come first."""
    return Axis.seeds(STARTS * batches)
