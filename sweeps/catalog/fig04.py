"""Figure 4: the two-dimensional model (paper, section 4 and Figure 4).

One input, two outputs, and the unit vectors as teachers; nothing is random. All runs are in double precision: they are
followed until little moves.
"""

from __future__ import annotations

from gatednet.curricula.blocked import Blocked
from gatednet.engine.save import Save
from gatednet.experiment import Experiment, with_values
from gatednet.inputs.population import Population
from gatednet.networks.gated_linear import GatedLinear
from gatednet.objectives.base import Objective
from gatednet.starts.chosen import ChosenInitial
from gatednet.sweeps.axes import Axis
from gatednet.sweeps.catalog.entry import Entry, together
from gatednet.sweeps.sweep import Sweep
from gatednet.teachers.chosen import ChosenTeachers
from gatednet.timescales import Timescales

EVERY = 10
# What is saved of runs within a block, and of runs over blocks.
WITHIN = ("gates", "weights", "effective_map", "loss")
OVER_BLOCKS = ("gates", "weights", "block_distance")
TIMESCALES = (0.1, 1.0, 5)
BLOCKS = (1.0, 2.0)
# A start: weights of the first path and of the second, then gates.
START = (
    "initial.weights.0.0.0",
    "initial.weights.0.1.0",
    "initial.weights.1.0.0",
    "initial.weights.1.1.0",
    "initial.gates.0",
    "initial.gates.1",
)
# Both regimes come from a block of the first task. Flexible: a path for each task, and the gate of the first one open;
# forgetful: both paths do the first task together.
REGIMES = {"flexible": (1.0, 0.0, 0.0, 1.0, 1.0, 0.0), "forgetful": (1.0, 0.0, 1.0, 0.0, 0.5, 0.5)}
# The teachers the other way round show the first task first.
TEACHERS = ("teachers.maps.0.0.0", "teachers.maps.0.1.0", "teachers.maps.1.0.0", "teachers.maps.1.1.0")
FIRST = {"task 2": (1.0, 0.0, 0.0, 1.0), "task 1": (0.0, 1.0, 1.0, 0.0)}


def symmetric() -> Experiment:
    """The start of a block, seen from the end of the one before: specialized paths, the gate of the wrong one open.

    Teachers e1 and e2, path p at e_p, gates (1, 0), and the second task is on.
    """
    unit = (((1.0,), (0.0,)), ((0.0,), (1.0,)))
    return Experiment(
        network=GatedLinear(paths=2, inputs=1, outputs=2),
        initial=ChosenInitial(weights=unit, gates=(1.0, 0.0)),
        teachers=ChosenTeachers(maps=unit),
        curriculum=Blocked(block_length=5.0, order=(1, 0)),
        inputs=Population(),
        objective=Objective(norm=0.909, nonnegativity=0.0909),
        timescales=Timescales(weights=1.0, gates=0.1),
        dt=1e-3,
        steps=1000,
    )


def regime(name: str) -> Experiment:
    """One block from the start of one of the regimes, with the same time constants for both."""
    return from_start(REGIMES[name], 0.4 / 3, 0.2 / 3, steps=1000)


def blocks() -> Experiment:
    """Blocks of both tasks in turn, from paths that have hardly begun to specialize."""
    return from_start((0.15, 0.1, 0.1, 0.15, 0.5, 0.5), 5.0, 0.05, steps=16_000)


def cycle() -> Experiment:
    """A hundred blocks, from paths that are small and nearly alike to a limit cycle."""
    return from_start((0.0255, 0.0245, 0.0245, 0.0255, 0.5, 0.5), 2.0, 0.02, steps=100_000)


def from_start(start: tuple[float, ...], weights: float, gates: float, steps: int) -> Experiment:
    """The same model from another start, with blocks of length 1, and time constants of the weights and the gates."""
    values = {"timescales.weights": weights, "timescales.gates": gates, "curriculum.block_length": 1.0, "steps": steps}
    return with_values(symmetric(), values | dict(zip(START, start, strict=True)))


def timescales() -> Axis:
    """The time constants of the gates."""
    return Axis.geomspace("gate_timescale", "timescales.gates", *TIMESCALES)


def block_lengths(lengths: tuple[float, ...]) -> Axis:
    """The lengths of the blocks."""
    return Axis("block_length", "curriculum.block_length", lengths)


def exactly(experiment: Experiment, axes: tuple[Axis, ...], saved: tuple[str, ...], every: int = EVERY) -> Sweep:
    """A sweep of the model in double precision."""
    return Sweep(experiment, axes, Save(saved, every), precision="float64")


def regimes() -> Sweep:
    """Both regimes."""
    axis = Axis("regime", START, tuple(REGIMES.values()), tuple(REGIMES))
    return exactly(regime("flexible"), (axis,), WITHIN)


def both_orders() -> Sweep:
    """Blocks of one length and of twice that, with either task first."""
    first = Axis("first", TEACHERS, tuple(FIRST.values()), tuple(FIRST))
    return exactly(blocks(), (block_lengths(BLOCKS), first), OVER_BLOCKS)


EXPERIMENTS = (
    Entry("fig4-symmetric", "Figure 4: the two-dimensional model within a block", symmetric),
    Entry("fig4-flexible", "Figure 4: a switch between specialized paths", lambda: regime("flexible")),
    Entry("fig4-forgetful", "Figure 4: a switch where both paths do the same", lambda: regime("forgetful")),
    Entry("fig4-blocks", "Figure 4: the two-dimensional model begins to specialize", blocks),
    Entry("fig4-cycle", "Figure 4: the two-dimensional model on its way to a limit cycle", cycle),
)
SWEEPS = together(
    "fig4",
    "Figure 4: all of the two-dimensional model",
    Entry(
        "fig4-symmetric",
        "Figure 4: within a block, for five time constants of the gates",
        lambda: exactly(symmetric(), (timescales(),), WITHIN),
    ),
    Entry("fig4-regimes", "Figure 4: a switch in the flexible and in the forgetful regime", regimes),
    Entry("fig4-blocks", "Figure 4: two block lengths, with either task first", both_orders),
    Entry(
        "fig4-cycle",
        "Figure 4: a hundred blocks, to the limit cycle",
        lambda: exactly(cycle(), (block_lengths(BLOCKS[:1]),), OVER_BLOCKS),
    ),
)
