"""Figure 2: the flexible and the forgetful regime, in full (paper, section 3 and Figure 2)."""

from __future__ import annotations

from gatednet.engine.save import Save
from gatednet.experiment import Experiment, with_values
from gatednet.sweeps.axes import Axis
from gatednet.sweeps.catalog.entry import Entry
from gatednet.sweeps.catalog.penalties import PENALTIES
from gatednet.sweeps.catalog.published import as_published
from gatednet.sweeps.catalog.published import seeds as published_seeds
from gatednet.sweeps.sweep import Sweep
from gatednet.timescales import Timescales

EVERY = 20
# The panels, and beside them what the claims are measured by.
SAVED = (
    "loss",
    "batch_loss",
    "gates",
    "alignment",
    "total_alignment",
    "matching",
    "specialization",
    "weight_change",
    "gate_change",
    "weight_norm",
    "time_to_criterion",
    "gate_speed",
    "block_loss",
    "loss_after_switch",
)
# What tells the regimes apart: the gates' time constant, and the strengths of the two constraints on the gates.
PATHS = ("timescales.gates", *PENALTIES)
REGIMES = {"flexible": (0.03, 0.909, 0.0909), "forgetful": (1.3, 0.0, 0.0)}


def regime(name: str) -> Experiment:
    """One of the two regimes."""
    base = Experiment(timescales=Timescales(weights=1.3), dt=1e-3, steps=20_000)
    return with_values(base, dict(zip(PATHS, REGIMES[name], strict=True)))


def regimes() -> Axis:
    """The axis of the two regimes."""
    return Axis("regime", PATHS, tuple(REGIMES.values()), tuple(REGIMES))


def both(seeds: int = 10) -> Sweep:
    """Both regimes, with teachers of its own for each seed."""
    return Sweep(regime("flexible"), (regimes(), Axis.seeds(seeds)), Save(SAVED, EVERY))


def published() -> Sweep:
    """Both regimes from the published starts, with what claims measure of each block alone."""
    experiment = as_published(regime("flexible"))
    save = Save(("time_to_criterion", "loss_after_switch"), experiment.steps)
    return Sweep(experiment, (regimes(), published_seeds()), save)


EXPERIMENTS = (
    Entry("fig2-flexible", "Figure 2: fast, bounded, nonnegative gates", lambda: regime("flexible")),
    Entry("fig2-forgetful", "Figure 2: gates as slow as the weights, without constraints", lambda: regime("forgetful")),
)
SWEEPS = (
    Entry("fig2", "Figure 2: both regimes, ten seeds", lambda: {"fig2": both()}),
    Entry(
        "fig2-published",
        "Figure 2 from the published starts: both regimes, ten starts with ten sets of batches each",
        lambda: {"fig2-published": published()},
    ),
)
