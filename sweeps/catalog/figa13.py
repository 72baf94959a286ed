"""Figure A13: teachers that are more and more alike (paper, appendix on correlated teachers, Figure A13)."""

from __future__ import annotations

from gatednet.curricula.blocked import Blocked
from gatednet.engine.save import Save
from gatednet.experiment import Experiment
from gatednet.objectives.base import Objective
from gatednet.sweeps.axes import Axis
from gatednet.sweeps.catalog.entry import Entry
from gatednet.sweeps.sweep import Sweep
from gatednet.teachers.orthogonal import Teachers
from gatednet.timescales import Timescales

CORRELATIONS = (0.0, 0.25, 0.5, 0.75, 1.0)
TIMESCALE = 1 / 60


def equal_timescales() -> Experiment:
    """Gates as fast as the weights, held by a weak penalty on their Euclidean norm; averaged convention."""
    return Experiment(
        teachers=Teachers(scale="unit"),
        objective=Objective(reduction="mean", norm=0.1, norm_order=2, nonnegativity=0.0),
        timescales=Timescales(weights=TIMESCALE, gates=TIMESCALE),
        # Ten blocks of 99 steps and ten steps of an eleventh, as in the authors' released code.
        curriculum=Blocked(rounding="floor"),
        dt=0.01,
        steps=1000,
    )


def correlations() -> Sweep:
    """The cosine of any two rows, within and across teachers, with every step, which both published measures are of.

    A published point is a single run: a hundred of ours tell how single runs are spread to a twelfth.
    """
    axes = (Axis("correlation", "teachers.correlation", CORRELATIONS), Axis.seeds(100))
    return Sweep(equal_timescales(), axes, Save(("batch_loss", "alignment"), 1))


EXPERIMENTS = (Entry("figa13", "Figure A13: gates as fast as the weights, averaged convention", equal_timescales),)
SWEEPS = (Entry("figa13", "Figure A13: five correlations of the teachers", lambda: {"figa13": correlations()}),)
