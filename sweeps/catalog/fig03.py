"""Figures 3 and A12: tasks composed of known ones, as sums and row by row, in both conventions (paper, section 5)."""

from __future__ import annotations

import dataclasses

from gatednet.curricula.phases import Phase, Phases
from gatednet.curricula.targets import neighbours, parts, rows_in_turn
from gatednet.curricula.targets import sums as sums_of
from gatednet.engine.save import Save
from gatednet.experiment import Experiment
from gatednet.networks.gated_linear import GatedLinear
from gatednet.objectives.base import Objective
from gatednet.sweeps.axes import Axis
from gatednet.sweeps.catalog.conventions import conventions
from gatednet.sweeps.catalog.entry import Entry
from gatednet.sweeps.catalog.penalties import PENALTIES
from gatednet.sweeps.catalog.published import as_published
from gatednet.sweeps.catalog.published import seeds as published_seeds
from gatednet.sweeps.sweep import Sweep
from gatednet.teachers.orthogonal import Teachers
from gatednet.timescales import Timescales

TASKS = 3
# Blocks of single tasks before the first composed one; of 30, as in the authors' released code.
SINGLE_BLOCKS = 23
# Time between saves.
EVERY = 0.1
# Seeds, and sets of batches of the published starts: with four of these the verdict about a gate that is at the edge of
# its range turned with the compiler of the runs.
SEEDS = 40
# Composed tasks are learnt within a few hundredths: their loss is there at every step.
SAVED = ("loss", "loss_every_step", "gates", "alignment")
# Rows with gates of their own are sorted by tasks one by one.
SAVED_OF_ROWS = (*SAVED, "neuron_gates", "unit_alignment")


def sums() -> Experiment:
    """Task composition: after single tasks the means of two of them, (C + A)/2, (A + B)/2, (B + C)/2."""
    phases = (Phase(parts(TASKS), SINGLE_BLOCKS), Phase(sums_of(neighbours(TASKS))))
    return Experiment(
        network=GatedLinear(paths=3, outputs=6),
        teachers=Teachers(tasks=TASKS),
        curriculum=Phases(phases=phases),
        objective=Objective(norm=2.5, nonnegativity=0.5),
        timescales=Timescales(weights=0.2, gates=0.03),
        dt=1e-3,
        steps=30_000,
    )


def rows() -> Experiment:
    """Subtask composition: a gate for each output, and after single tasks the rows of two of them in turn."""
    phases = (Phase(parts(TASKS), SINGLE_BLOCKS), Phase(rows_in_turn(neighbours(TASKS))))
    return dataclasses.replace(
        sums(),
        network=GatedLinear(paths=3, outputs=6, gates="neuron"),
        curriculum=Phases(phases=phases),
        objective=Objective(norm=0.0227, norm_order=2, nonnegativity=0.0227),
        timescales=Timescales(weights=0.2, gates=0.005),
        dt=0.01,
        steps=3_000,
    )


def both_regimes(experiment: Experiment, saved: tuple[str, ...], *axes: Axis, reduced: bool | None = None) -> Sweep:
    """One composition, flexible and forgetful, along the axes of conventions and seeds."""
    objective = experiment.objective
    # A forgetful network has the same time constants, and no constraints.
    values = ((objective.norm, objective.nonnegativity), (0.0, 0.0))
    regimes = Axis("regime", PENALTIES, values, ("flexible", "forgetful"))
    first, *others = axes
    return Sweep(experiment, (first, regimes, *others), Save(saved, round(EVERY / experiment.dt)), reduced)


def published() -> dict[str, Sweep]:
    """Both compositions from the ten starts of the recipe, in the convention of the published picture."""
    axes = conventions("averaged"), published_seeds(SEEDS)
    return {
        "figa12-published-sums": both_regimes(as_published(sums()), SAVED, *axes),
        "figa12-published-rows": both_regimes(as_published(rows()), SAVED_OF_ROWS, *axes, reduced=False),
    }


EXPERIMENTS = (
    Entry("fig3-sums", "Figures 3 and A12: three tasks, then their sums", sums),
    Entry("fig3-rows", "Figures 3 and A12: three tasks, then rows of two in turn, with a gate for each output", rows),
)
SWEEPS = (
    Entry(
        "fig3",
        "Figures 3 and A12: both compositions, both regimes, both conventions",
        lambda: {
            "fig3-sums": both_regimes(sums(), SAVED, conventions(), Axis.seeds(SEEDS)),
            # With a gate for each output a reduction, where inputs allow one, takes longer to compile than it saves.
            "fig3-rows": both_regimes(rows(), SAVED_OF_ROWS, conventions(), Axis.seeds(SEEDS), reduced=False),
        },
    ),
    Entry(
        "figa12-published",
        "Figure A12 from the starts that the published recipe gives: ten starts with forty sets of batches each",
        published,
    ),
)
