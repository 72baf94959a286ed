"""Figure A1: the full model beside the two-dimensional one (paper, appendix on the equivalent model, Figure A1)."""

from __future__ import annotations

from gatednet.engine.save import Save
from gatednet.experiment import Experiment, with_values
from gatednet.inputs.population import Population
from gatednet.starts.teacher_space import InTeacherSpace
from gatednet.sweeps.axes import Axis
from gatednet.sweeps.catalog.entry import Entry
from gatednet.sweeps.catalog.equivalent import START, equivalent
from gatednet.sweeps.catalog.fig02 import regime
from gatednet.sweeps.catalog.penalties import PENALTIES
from gatednet.sweeps.catalog.published import as_published_once
from gatednet.sweeps.sweep import Sweep

EVERY = 25
# As many as are advanced together, twice.
SEEDS = 64
# Sets of batches of the published start.
BATCHES = 100
SAVED = ("loss", "gates", "teacher_component")


def full() -> Experiment:
    """The flexible regime of Figure 2.

    Its inputs and weights prefer no directions, so that teachers along the axes, as published, are like any others.
    """
    return regime("flexible")


def aligned() -> Experiment:
    """The full model under the conditions of the two-dimensional one.

    Each path starts with a little of its own teacher and nothing else, and the inputs are the population.
    """
    initial = InTeacherSpace(mixture=((START, 0.0), (0.0, START)))
    return with_values(full(), {"initial": initial, "inputs": Population()})


def two_dimensional() -> Experiment:
    """The two-dimensional model, with time constant and penalties of the gates over Σ_α s_α²."""
    return equivalent(full())


def as_released() -> Experiment:
    """The same as in the released code, which leaves the penalties what they are."""
    given = full().objective
    return with_values(two_dimensional(), dict(zip(PENALTIES, (given.norm, given.nonnegativity), strict=True)))


def sweep(experiment: Experiment, seeds: int, saved: tuple[str, ...] = SAVED) -> Sweep:
    """Runs of one of the models."""
    return Sweep(experiment, (Axis.seeds(seeds),), Save(saved, EVERY))


EXPERIMENTS = (
    Entry("figa1-aligned", "Figure A1: the full model, started in its teachers' space", aligned),
    Entry("figa1-equivalent", "Figure A1: the equivalent two-dimensional model", two_dimensional),
)
SWEEPS = (
    Entry(
        "figa1",
        "Figure A1: the full model from two kinds of start, and the two-dimensional one with two kinds of penalties",
        lambda: {
            "figa1": sweep(full(), SEEDS, (*SAVED, "singular_values")),
            # Teachers are all that is random in these, and their directions change nothing.
            "figa1-aligned": sweep(aligned(), 1),
            "figa1-equivalent": sweep(two_dimensional(), 1),
            "figa1-released": sweep(as_released(), 1),
        },
    ),
    Entry(
        "figa1-published",
        "Figure A1 from the published start: the full model, with a hundred sets of batches",
        lambda: {"figa1-published": sweep(as_published_once(full()), BATCHES, (*SAVED, "singular_values"))},
    ),
)
