"""Figure 4: the two-dimensional model, symmetric panel (paper, section 4 and Figure 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweeps.catalog.entry import Entry

if TYPE_CHECKING:
    from gatednet.experiment import Experiment
    from sweeps.plan import Sweep

EVERY = 10
TIMESCALES = (0.1, 1.0, 5)


def symmetric() -> Experiment:
    """The start of a block, seen from the end of the one before: specialized paths, the gate of the wrong one open.

    One input, two outputs, teachers e1 and e2, path p at e_p, gates (1, 0), and the second task is asked for.
    """
    from gatednet.curricula import Blocked
    from gatednet.experiment import Experiment
    from gatednet.initial import ChosenInitial
    from gatednet.inputs import Population
    from gatednet.networks import GatedLinear
    from gatednet.objectives import Objective
    from gatednet.teachers import ChosenTeachers
    from gatednet.timescales import Timescales

    unit = (((1.0,), (0.0,)), ((0.0,), (1.0,)))
    return Experiment(
        network=GatedLinear(paths=2, inputs=1, outputs=2),
        initial=ChosenInitial(weights=unit, gates=(1.0, 0.0)),
        teachers=ChosenTeachers(maps=unit),
        curriculum=Blocked(block_length=5.0, order=(1,)),
        inputs=Population(),
        objective=Objective(norm=0.909, nonnegativity=0.0909),
        timescales=Timescales(weights=1.0, gates=0.1),
        dt=1e-3,
        steps=1000,
    )


def timescales() -> Sweep:
    """The time constants of the gates; there is nothing random."""
    from gatednet.lane import Save
    from sweeps.axes import Axis
    from sweeps.plan import Sweep

    axis = Axis.geomspace("gate_timescale", "timescales.gates", *TIMESCALES)
    return Sweep(symmetric(), (axis,), Save(("gates", "weights", "loss"), EVERY))


EXPERIMENTS = (Entry("fig4-symmetric", "Figure 4: the two-dimensional model within a block", symmetric),)
SWEEPS = (Entry("fig4", "Figure 4, symmetric panel: five time constants of the gates", lambda: {"fig4": timescales()}),)
