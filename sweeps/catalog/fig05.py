"""Figure 5: which block lengths, time constants and constraints let the network specialize (paper, Figure 5)."""

from __future__ import annotations

from gatednet.engine.save import Save
from gatednet.experiment import Experiment, with_values
from gatednet.inputs.population import Population
from gatednet.objectives.base import Objective
from gatednet.sweeps.axes import Axis
from gatednet.sweeps.catalog.entry import Entry, together
from gatednet.sweeps.catalog.published import as_published
from gatednet.sweeps.catalog.published import seeds as published_seeds
from gatednet.sweeps.catalog.regime_map import coarse, strength_axis, timescale_axis
from gatednet.sweeps.sweep import Sweep
from gatednet.teachers.orthogonal import Teachers
from gatednet.timescales import Timescales

# The axes of the published maps.
BLOCKS = (1.0, 0.8, 0.6, 0.4, 0.1)
GATE_TIMESCALES = (0.02, 0.04, 0.06, 0.08, 0.1)
STRENGTHS = (0.0, 0.05, 0.1, 0.15, 0.2)
SAVED = ("total_alignment", "alignment", "loss", "specialization")
# The records of the published runs, a thousand in a run: the released matching is by their mean.
EVERY = 7
# Points along each axis of the fine maps.
FINE = 200
STEP = 1e-3


def side(gate_timescale: float, norm: float, nonnegativity: float) -> Experiment:
    """What both maps share, in the convention of the published pictures."""
    return Experiment(
        teachers=Teachers(scale="unit"),
        objective=Objective(reduction="mean", norm=norm, nonnegativity=nonnegativity),
        timescales=Timescales(weights=0.1, gates=gate_timescale),
        dt=STEP,
        steps=7000,
    )


def left() -> Experiment:
    """The map over the gates' time constant, at the second published one."""
    return side(0.04, 2.5, 0.5)


def right() -> Experiment:
    """The map over the strength of the constraints, at the middle published one."""
    return side(0.005, *strength(0.1))


def strength(scale: float) -> tuple[float, float]:
    """Strengths of the penalties on norm and on negative gates, from the published common scale."""
    return scale * 50 / 6, scale * 10 / 6


def fine(experiment: Experiment, axis: Axis) -> Sweep:
    """The same map on a fine grid over the published ranges, with the population as inputs."""
    # Whole steps, so that every block has exactly its length.
    lengths = tuple(round(step) * STEP for step in evenly(min(BLOCKS) / STEP, max(BLOCKS) / STEP))
    population = with_values(experiment, {"inputs": Population()})
    grid = (Axis("block_length", "curriculum.block_length", lengths), axis, Axis.seeds(5))
    return Sweep(population, grid, Save(("total_alignment",), experiment.steps))


def published(experiment: Experiment, columns: Axis) -> Sweep:
    """A map from the ten published starts with the population as inputs, averaged convention.

    Alignment is saved over the whole run, which the matching of the released code goes by.
    """
    population = as_published(with_values(experiment, {"inputs": Population()}))
    axes = (Axis("block_length", "curriculum.block_length", BLOCKS), columns, published_seeds(1))
    return Sweep(population, axes, Save(("total_alignment", "alignment"), EVERY))


def evenly(first: float, last: float) -> tuple[float, ...]:
    """Values of a fine axis."""
    return tuple(first + (last - first) * point / (FINE - 1) for point in range(FINE))


EXPERIMENTS = (
    Entry("fig5-left", "Figure 5, left: the gates' time constant matters", left),
    Entry("fig5-right", "Figure 5, right: the strength of the constraints matters", right),
)
SWEEPS = (
    *together(
        "fig5",
        "Figure 5: all four maps",
        Entry(
            "fig5-left",
            "Figure 5, left: block length against the gates' time constant, both conventions",
            lambda: coarse(left(), BLOCKS, timescale_axis(GATE_TIMESCALES), SAVED, EVERY),
        ),
        Entry(
            "fig5-right",
            "Figure 5, right: block length against the strength of the constraints, both conventions",
            lambda: coarse(right(), BLOCKS, strength_axis(STRENGTHS, strength), SAVED, EVERY),
        ),
        Entry(
            "fig5-left-fine",
            "Figure 5, left, on 200 × 200 cells, population",
            lambda: fine(left(), timescale_axis(evenly(GATE_TIMESCALES[0], GATE_TIMESCALES[-1]))),
        ),
        Entry(
            "fig5-right-fine",
            "Figure 5, right, on 200 × 200 cells, population",
            lambda: fine(right(), strength_axis(evenly(STRENGTHS[0], STRENGTHS[-1]), strength)),
        ),
    ),
    Entry(
        "fig5-published",
        "Figure 5 from the published starts: both maps, population, averaged convention",
        lambda: {
            "fig5-left-published": published(left(), timescale_axis(GATE_TIMESCALES)),
            "fig5-right-published": published(right(), strength_axis(STRENGTHS, strength)),
        },
    ),
)
