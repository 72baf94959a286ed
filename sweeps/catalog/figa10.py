"""Figures A10 and A11: the symmetric two-dimensional model under weak penalties, in one block and in four.

The published runs are made of blocks that give way to each other gradually, with the hardness 100 of the authors'
released code, and end in the middle of such a change.
"""

from __future__ import annotations

import functools

import numpy as np

from gatednet.curricula.smooth import Smooth
from gatednet.engine.save import Save
from gatednet.experiment import Experiment, with_values
from gatednet.simulation import simulate
from gatednet.starts.restart import restart
from gatednet.sweeps.axes import Axis
from gatednet.sweeps.catalog.entry import Entry
from gatednet.sweeps.catalog.fig04 import START, exactly, symmetric, timescales
from gatednet.sweeps.sweep import Sweep

EVERY = 100
SAVED = ("gates", "weights", "effective_map", "total_weight")
# Steps of the first block after which its states start the runs of four blocks, and digits that these keep.
STEPS_BEFORE, DIGITS = 12_500, 6
HARDNESS = 100.0
BLOCKS = 4


def weak() -> Experiment:
    """One block of the model of Figure 4 that starts specialized, with penalties of a twentieth, in small steps."""
    values = {"objective.norm": 0.05, "objective.nonnegativity": 0.05, "dt": 1e-4, "steps": 50_000}
    return with_values(symmetric(), {**values, "curriculum": Smooth(block_length=5.0, hardness=HARDNESS, order=(1, 0))})


def abrupt() -> Experiment:
    """The same with a block that begins and ends at once."""
    return with_values(weak(), {"curriculum": symmetric().curriculum})


def four_blocks() -> Experiment:
    """Four blocks, by default from the start of the one block."""
    return with_values(weak(), {"steps": BLOCKS * weak().steps})


@functools.cache
def states_before() -> tuple[tuple[float, ...], ...]:
    """A quarter through the one block: the time constant of the gates and the state of each run, for `START`.

    They are simulated, five runs of `STEPS_BEFORE` steps, whenever the sweep of Figure A11 is built, for a dry run as
    well; once a process. Rounded, so that the plan is the same wherever it is made.
    """
    found = []
    for gates in timescales().values:
        one = with_values(weak(), {"timescales.gates": gates, "steps": STEPS_BEFORE})
        data = simulate(one, Save(("weights", "gates"), STEPS_BEFORE), precision="float64")
        state = restart(data.isel(step=-1), one.network)
        numbers = [*np.ravel(state.weights), *state.gates]
        found.append((gates, *(round(float(number), DIGITS) for number in numbers)))
    return tuple(found)


def from_states_before() -> Axis:
    """The time constants of the gates, each with its own start."""
    states = states_before()
    return Axis("gate_timescale", ("timescales.gates", *START), states, tuple(gates for gates, *_ in states))


def one_block(experiment: Experiment) -> Sweep:
    """One block for five time constants of the gates."""
    return exactly(experiment, (timescales(),), SAVED, EVERY)


EXPERIMENTS = (
    Entry("figa10", "Figure A10: a block that starts specialized, under weak penalties", weak),
    Entry("figa11", "Figure A11: four such blocks", four_blocks),
)
SWEEPS = (
    Entry("figa10", "Figure A10: five time constants of the gates", lambda: {"figa10": one_block(weak())}),
    Entry("figa10-abrupt", "Figure A10 with a block that ends at once", lambda: {"figa10-abrupt": one_block(abrupt())}),
    Entry(
        "figa11",
        "Figure A11: the time constants of Figure A10, over four blocks; its starting states are simulated first",
        lambda: {"figa11": exactly(four_blocks(), (from_states_before(),), SAVED, EVERY)},
    ),
)
