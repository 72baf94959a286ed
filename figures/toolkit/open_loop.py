"""What the open loop predicts of the boundary between specialized and other networks (open question 4)."""

from __future__ import annotations

import functools

import numpy as np

from gatednet import Experiment, Initial
from gatednet.figures.toolkit.searched_lengths import QUARTILES
from gatednet.sweeps.catalog import fig02
from gatednet.sweeps.catalog.control05 import BETWEEN_SAVES, DURATION, relative_lengths
from gatednet.sweeps.catalog.open4 import LEVEL, LONGEST, ROUNDS, SHORTEST, cell
from gatednet.theory import boundary as theory
from gatednet.theory import equivalent_model

# Gates go on as they are at switches, or are made equal, as the theory of Figure A9 has them; or nothing is left out.
LOOPS = {"open loop": (False, False), "gates made equal": (True, False), "closed loop": (False, True)}
# Sizes and directions of the starts of a prediction.
SIZES, DIRECTIONS = 6, 3
# Lengths of blocks / τ_w for which Control 5 measured an exponent, and coarser steps for its long runs.
PROPORTIONAL, COARSE = 0.6, 5


@functools.cache
def quartiles(
    cells: tuple[tuple[float, float, float], ...], high: tuple[float, ...] = (LONGEST,), *, closed: bool = False
) -> np.ndarray:
    """Predicted quartiles over starts of the boundary, (cells, 3); a cell is the gates' time constant and penalties.

    `high` are the ends of the search, one or for each cell, and with `closed` the loop is.

    In Figure 5's convention the weights of the equivalent model are as many times slower as a teacher has rows.
    """
    experiment = cell()
    rows = float(experiment.network.outputs)
    gates, norm, negative = np.array(cells).T[:, :, None]
    loop = theory.OpenLoop(gates, rows * experiment.timescales.weights, norm, negative, experiment.dt, closed=closed)
    starts = theory.typical_starts(scale_of(experiment, rows), SIZES, DIRECTIONS)
    gap = theory.gap_of_alignment(LEVEL)
    found = loop.boundary(SHORTEST, np.array(high)[:, None], starts, gap, experiment.steps, ROUNDS)
    return np.quantile(found, QUARTILES, axis=-1).T


def scale_of(experiment: Experiment, squares: float) -> float:
    """The deviation of what tells paths apart at the start, in units of a teacher of Σ s² = `squares`."""
    initial = experiment.initial
    assert isinstance(initial, Initial)
    return theory.start_scale(initial.weight_scale / experiment.network.inputs**0.5, squares)


def paper(gates: tuple[float, ...]) -> np.ndarray:
    """The boundary by the paper's growth in a block, from the typical w̄ at the start to that of the level."""
    experiment = cell()
    rows = float(experiment.network.outputs)
    # The median of the size of a difference of two Gaussian numbers.
    start = 0.6745 * np.sqrt(2.0) * scale_of(experiment, rows)
    growth = theory.gap_of_alignment(LEVEL) / start
    weights = rows * experiment.timescales.weights
    return theory.block_averaged_boundary(list(gates), weights, experiment.duration, growth)


def lengths() -> np.ndarray:
    """The lengths of Control 5 for which it measured an exponent, in units of τ_w."""
    return np.array([each for each in relative_lengths() if each <= PROPORTIONAL])


@functools.cache
def onsets() -> np.ndarray:
    """Predicted median times to half of complete specialization at Figure 2's settings, (loop, length)."""
    experiment = fig02.regime("flexible")
    network, objective, times = experiment.network, experiment.objective, experiment.timescales
    # Rows of a teacher have the norm 1/√d_in.
    singular = np.full(network.outputs, network.inputs**-0.5)
    squares, dt = equivalent_model.strength(singular), COARSE * experiment.dt
    every = round(BETWEEN_SAVES * times.weights / dt)
    starts = theory.typical_starts(scale_of(experiment, squares), SIZES, DIRECTIONS)
    found = []
    for equal, closed in LOOPS.values():
        loop = theory.OpenLoop(
            equivalent_model.equivalent_gate_timescale(times.gates, singular),
            times.weights,
            equivalent_model.equivalent_penalty(objective.norm, singular),
            equivalent_model.equivalent_penalty(objective.nonnegativity, singular),
            dt,
            equal,
            closed,
        )
        steps = np.round(lengths() * times.weights / dt).astype(int)[:, None]
        gap = theory.gap_of_specialization(0.5)
        first = loop.onset(steps, starts, gap, DURATION * every // BETWEEN_SAVES, every)
        found.append(np.median(first, axis=-1) * dt / times.weights)
    return np.array(found)
