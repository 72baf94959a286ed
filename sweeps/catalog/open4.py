"""Open question 4: the shortest blocks in which a network specializes (beyond the paper's Figures 5 and A9).

The paper maps total alignment over the length of blocks and one more setting, and has a theory of one block: w̄ grows by
½ C τ_B² in it (Figure A9). Nobody has said where the boundary between flexible and forgetful networks lies, τ_B* as a
function of τ_c/τ_w and the penalties. Here it is measured, run by run and not read off a grid: a bisection of the
length of blocks for the level .8 of total alignment at the end, as in our Figure 5, down to one step. It is predicted
by `gatednet.theory.boundary`: the paths of a network that has not specialized, driven by its error.

Written down before the sweeps were run:

* Settings of Figure 5, averaged, population as inputs, T = 7 (70 τ_w): τ_c/τ_w from .05 to 1 by penalties s·50/6 and
  s·10/6 with s from .025 to .2, as in its right map. Lengths from .1 to 14 τ_w; 11 rounds end within one step, .01 τ_w.
* Hypothesis. The open loop has no free parameter: start, time constants and penalties are those of the runs. Medians
  over seeds lie within a quarter of it, typically, and it beats the paper's growth in a block, for which τ_B* is
  in proportion to τ_c. Runs of one cell differ since their starts do: quartiles are those of the starts.
* Penalties matter little where they are there at all, since gates only have to meet a bound. Four times as strong ones
  move the boundary by a quarter at most.
* Constraints removed, alone and in pairs, from τ_c/τ_w = .2 and s = .1: the bound and the speed move the boundary up,
  nonnegativity does not. Without both penalties nothing takes from the gates what it leaves to the weights, and there
  is no boundary at all.
* Control 5 found that specialization reaches ½ after a time that goes as τ_B^-1.57, and not as τ_B^-1. The open loop
  has the first exponent, and the second one where gates are made equal at every switch, as the theory of Figure A9 has
  them.
* Seeds: a factor of a quarter is .22 in ln τ_B*. Of eight pilot seeds (1000 to 1007, none of those below) only the
  deviation of ln τ_B* within cells is looked at; the error of a median is 1.25 deviations over √n, and is to be at most
  a third of .22. A hundred are taken, which allows for deviations up to .58.

Added after the results were seen, and no claim is about it: where total alignment is below the level at both ends of a
search, whether there are lengths between them at which it is not. For that the share of runs that specialize is taken
at twelve lengths, without each constraint, and for all strengths with fast gates. It is: weak constraints have an upper
boundary too. With fast gates the lower one is searched again, up to 5 τ_w.
"""

from __future__ import annotations

import dataclasses

from gatednet.engine.save import Save
from gatednet.experiment import Experiment, with_values
from gatednet.inputs.gaussian import Gaussian
from gatednet.inputs.population import Population
from gatednet.sweeps.axes import Axis
from gatednet.sweeps.bisection import Bisection
from gatednet.sweeps.catalog.entry import Entry, together
from gatednet.sweeps.catalog.fig05 import right, strength
from gatednet.sweeps.catalog.penalties import PENALTIES
from gatednet.sweeps.catalog.regime_map import strength_axis, timescale_axis
from gatednet.sweeps.sweep import Sweep

SEEDS, BATCH_SEEDS = 100, 16
# The time constant of the weights in Figure 5, those of the gates here, and strengths of the constraints.
WEIGHTS = 0.1
GATES = (0.005, 0.0075, 0.01, 0.015, 0.02, 0.03, 0.04, 0.06, 0.08, 0.1)
STRENGTHS = (0.025, 0.05, 0.1, 0.2)
# The cell from which constraints are removed, and at which batches are compared.
GATE, STRENGTH = 0.02, 0.1
# Shortest and longest blocks, total alignment at the boundary, and halvings.
SHORTEST, LONGEST, LEVEL, ROUNDS = 0.01, 1.4, 0.8, 11
# The upper end of the second search, and how many of the gates are fast.
LOWER, NUMBER_FAST = 0.5, 6
SEARCH = Bisection("curriculum.block_length", SHORTEST, LONGEST, "total_alignment", LEVEL, ROUNDS)
# Lengths between the ends, how many, of what the searches leave open, and the gates of one of both stores.
LENGTHS, LENGTH_SEEDS, FAST = 12, 50, 0.0075
REMOVED_PATHS = ("timescales.gates", *PENALTIES)


def cell() -> Experiment:
    """Figure 5, right, with gates that are a fifth as slow as the weights, and the population as inputs."""
    norm, negative = strength(STRENGTH)
    values = {"timescales.gates": GATE, "objective.norm": norm, "objective.nonnegativity": negative}
    return with_values(right(), {**values, "inputs": Population()})


def searched(experiment: Experiment, *axes: Axis, seeds: int = SEEDS, high: float = LONGEST) -> Sweep:
    """A sweep of which the boundary of every run is searched, up to a length of blocks."""
    save = Save((SEARCH.observable,), experiment.steps)
    return Sweep(experiment, (*axes, Axis.seeds(seeds)), save, search=dataclasses.replace(SEARCH, high=high))


def lower() -> Sweep:
    """The boundary with fast gates, where longer blocks may have an upper one."""
    return searched(cell(), timescale_axis(GATES[:NUMBER_FAST]), strength_axis(STRENGTHS, strength), high=LOWER)


def removed() -> dict[str, tuple[float, float, float]]:
    """The values at `REMOVED_PATHS` without each constraint, without each two of them, and without all three."""
    slow, (norm, negative) = cell().timescales.weights, strength(STRENGTH)
    return {
        "speed": (slow, norm, negative),
        "bound": (GATE, 0.0, negative),
        "nonnegativity": (GATE, norm, 0.0),
        "speed, bound": (slow, 0.0, negative),
        "speed, nonneg.": (slow, norm, 0.0),
        "bound, nonneg.": (GATE, 0.0, 0.0),
        "all": (slow, 0.0, 0.0),
    }


def without() -> Sweep:
    """The boundary without constraints, one by one and in pairs."""
    return searched(cell(), Axis("removed", REMOVED_PATHS, tuple(removed().values()), tuple(removed())))


def batches() -> Sweep:
    """The boundary at one cell with batches of 200 Gaussian inputs, as in Figure 5."""
    return searched(with_values(cell(), {"inputs": Gaussian()}), timescale_axis((GATE,)), seeds=BATCH_SEEDS)


def between(axis: Axis, experiment: Experiment) -> Sweep:
    """Total alignment at the end at lengths of blocks in equal ratios, in whole steps."""
    ratio = (LONGEST / SHORTEST) ** (1 / (LENGTHS - 1))
    steps = [round(SHORTEST * ratio**place / experiment.dt) for place in range(LENGTHS)]
    lengths = Axis("block_length", "curriculum.block_length", tuple(round(each * experiment.dt, 9) for each in steps))
    return Sweep(experiment, (axis, lengths, Axis.seeds(LENGTH_SEEDS)), Save((SEARCH.observable,), experiment.steps))


def between_without() -> Sweep:
    """The same with nothing removed, and without constraints."""
    norm, negative = strength(STRENGTH)
    values = {"nothing": (GATE, norm, negative), **removed()}
    return between(Axis("removed", REMOVED_PATHS, tuple(values.values()), tuple(values)), cell())


def between_strengths() -> Sweep:
    """The same for all strengths, with fast gates."""
    return between(strength_axis(STRENGTHS, strength), with_values(cell(), {"timescales.gates": FAST}))


EXPERIMENTS = (Entry("open4", "Open question 4: Figure 5's network, τ_c = τ_w/5, population", cell),)
SWEEPS = together(
    "open4",
    "Open question 4: the shortest blocks in which networks specialize, run by run",
    Entry(
        "open4-boundary",
        "Open question 4: boundary against time constant and penalties",
        lambda: searched(cell(), timescale_axis(GATES), strength_axis(STRENGTHS, strength)),
    ),
    Entry("open4-removed", "Open question 4: boundary without constraints", without),
    Entry("open4-batches", "Open question 4: boundary with finite batches", batches),
    Entry("open4-between", "Open question 4: lengths of blocks without constraints", between_without),
    Entry("open4-lower", "Open question 4: lower boundary with fast gates", lower),
    Entry("open4-strengths", "Open question 4: lengths of blocks with fast gates", between_strengths),
)
