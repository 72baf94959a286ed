"""Figure 8: relearning after the first switches, with constraints and without (paper, Figure 8)."""

from __future__ import annotations

from gatednet.engine.save import Save
from gatednet.experiment import Experiment
from gatednet.objectives.base import Objective
from gatednet.sweeps.axes import Axis
from gatednet.sweeps.catalog.entry import Entry
from gatednet.sweeps.catalog.penalties import PENALTIES
from gatednet.sweeps.catalog.published import as_published
from gatednet.sweeps.catalog.published import seeds as published_seeds
from gatednet.sweeps.sweep import Sweep
from gatednet.timescales import Timescales

# The strengths of `PENALTIES`; the time constants are the same in both regimes.
REGIMES = {"flexible": (0.72, 0.18), "control": (0.0, 0.0)}


def flexible() -> Experiment:
    """The flexible regime of this figure, with blocks of 14 time constants of the weights.

    A published run has 30 blocks; what is shown of it are the first five.
    """
    norm, nonnegativity = REGIMES["flexible"]
    return Experiment(
        objective=Objective(norm=norm, nonnegativity=nonnegativity),
        timescales=Timescales(weights=0.07, gates=0.01),
        dt=0.01,
        steps=600,
    )


def both(experiment: Experiment, seeds: Axis) -> Sweep:
    """Both regimes; the loss on the batch of every step."""
    regimes = Axis("regime", PENALTIES, tuple(REGIMES.values()), tuple(REGIMES))
    return Sweep(experiment, (regimes, seeds), Save(("loss_every_step",), experiment.steps))


EXPERIMENTS = (Entry("fig8-flexible", "Figure 8: the flexible regime", flexible),)
SWEEPS = (
    Entry(
        "fig8",
        "Figure 8: the loss of every step, with constraints and without",
        lambda: {"fig8": both(flexible(), Axis.seeds(1000))},
    ),
    Entry(
        "fig8-published",
        "Figure 8 from the published starts: ten starts with ten sets of batches each",
        lambda: {"fig8-published": both(as_published(flexible()), published_seeds())},
    ),
)
