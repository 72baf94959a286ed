"""Open question 6: which setting matters where, along the boundary between flexible and forgetful (paper, Figure 5).

A sensitivity is d A / d ln θ: what the final total alignment A gains where a setting θ is larger by a share, over that
share. It is measured by central differences, from runs that are stored as any others; and for settings that can be
traced, by the gradient of `gatednet.final` at some of the cells, as a check of each by the other. A gradient is no
observable of a run that is saved, and the length of a block, rounded to whole steps, has none: so differences are the
data, and gradients the check.

Written down before the sweeps were run:

* Setting. That of open question 1 (Figure 5's averaged convention, τ_w .1, population, 192 τ_w) with ρ = .5, where its
  boundaries are known; τ_B/τ_w of 2, 4, 8, 16 and forty τ_c/τ_w in equal ratios from .1 to 2. Double precision, since
  runs that hardly differ are subtracted.
* Constraints are taken implicitly, by `Proximal`. A pilot showed why: with explicit steps a gate that is held at 0
  chatters about it, what it does depends on the step at which it crosses, and differences grow where the share
  shrinks. The gradient of such steps knows nothing of crossings, and is another number. That both rules lead to the
  same alignment is a control.
* Settings θ: τ_c, τ_w, λ_norm, λ_nonneg, the scale of the initial weights, the initial gates, 1 - ρ, the length of
  blocks at an equal number of them, and their number. By ± .1 %; lengths by ± .5 %, a step of the shortest block; the
  number by ± a sixth, so that all runs end with a block of the second task. The weight cost is 0 and has no logarithm;
  dt is no physical setting.
* Hypothesis 1. A is flat on both sides, and sensitivities are largest at the boundary (within a factor of 1.5 of the
  τ_c/τ_w where relative specialization is ½ on the mean). At half of it and less they are a tenth of that at most.
  Beyond it networks still grow slowly apart: from twice it on, a third at most.
* Hypothesis 2. Shares by which the boundary in τ_c/τ_w moves with a setting are ratios of sensitivities, summed over
  τ_c/τ_w. From the boundaries of question 1: .44 for time with blocks of 4 τ_w, .73 for the length of blocks at equal
  time, .30 for 1 - ρ with blocks of 4 τ_w (its slope from ρ = .4 to .6). They should come back to .15 each.
* Hypothesis 3. Slower gates and slower weights lower A, longer and more blocks, less overlap and a larger start raise
  it. Growth from a start σ by exp(G) asks for G = ln(1/σ), about 4.6, so that σ matters less than half as much as τ_c.
  Constraints are strong enough not to matter more than half as much as τ_c either, as in Figure 5, right.
* Hypothesis 4. Where τ_c, τ_w and τ_B all grow by a share, runs are the same but for dt: their sensitivities add up to
  0, to a tenth of that to τ_c, as dt is a tenth of the fastest τ_c.
* Gradients and differences agree to a twentieth, on the mean over cells.
* Seeds. 32. Of four pilot seeds (1000 to 1003) spreads, and differences between shares, were looked at: at the worst
  cell the deviation of single runs is 1.7 times the largest mean, and their error .3 of it; what claims are about are
  sums over τ_c/τ_w. With batches of 200 a sensitivity to τ_c at one cell, from the same seeds, by ± 1 %.
"""

from __future__ import annotations

from gatednet.engine.save import Save
from gatednet.experiment import Experiment, with_values
from gatednet.inputs.gaussian import Gaussian
from gatednet.rules.euler import Euler
from gatednet.rules.proximal import Proximal
from gatednet.sweeps.axes import Axis
from gatednet.sweeps.catalog import open1
from gatednet.sweeps.catalog.entry import Entry
from gatednet.sweeps.sweep import Sweep

CORRELATION = 0.5
LENGTHS = (2.0, 4.0, 8.0, 16.0)
# τ_c/τ_w, in equal ratios.
FASTEST, SLOWEST = 0.1, 2.0
RATIOS = tuple(round(FASTEST * (SLOWEST / FASTEST) ** (point / 39), 5) for point in range(40))
SEEDS = 32
# By which share settings are larger and smaller: most, lengths of blocks, their number, and gates with batches.
SHARE, SHARE_OF_LENGTHS, SHARE_OF_BLOCKS, SHARE_WITH_BATCHES = 0.001, 0.005, 1 / 6, 0.01
# Settings that are no part of a cell, in the order of their axis, after the cell as it is.
SETTINGS = (
    "timescales.weights",
    "objective.norm",
    "objective.nonnegativity",
    "initial.weight_scale",
    "initial.gates",
    "teachers.correlation",
)
UNCHANGED = "unchanged"
SAVED = ("total_alignment", "relative_specialization")
# The cell with batches.
BATCH_LENGTH, BATCH_RATIO = 4.0, RATIOS[18]


def base() -> Experiment:
    """The network of open question 1 with half overlapping tasks and implicit constraints."""
    return with_values(open1.population(), {"teachers.correlation": CORRELATION, "rule": Proximal()})


def explicit() -> Experiment:
    """The same with the explicit steps of Figure 5."""
    return with_values(base(), {"rule": Euler()})


def cells(experiment: Experiment, *others: Axis, gates: float = 1.0, length: float = 1.0, time: float = 1.0) -> Sweep:
    """All cells with τ_c, τ_B and the time of the run multiplied by factors, and axes of further settings."""
    weights = experiment.timescales.weights
    lengths = tuple(round(value * weights * length, 9) for value in LENGTHS)
    axes = (
        Axis("relative_length", "curriculum.block_length", lengths, LENGTHS),
        Axis("ratio", "timescales.gates", tuple(value * weights * gates for value in RATIOS), RATIOS),
        *others,
        Axis.seeds(SEEDS),
    )
    steps = round(experiment.steps * time)
    return Sweep(with_values(experiment, {"steps": steps}), axes, Save(SAVED, steps), precision="float64")


def settings(sign: int) -> Axis:
    """The cell as it is, and with one setting after the other larger or smaller; 1 - ρ in the place of ρ."""
    experiment = base()
    values = {
        "timescales.weights": experiment.timescales.weights,
        "objective.norm": experiment.objective.norm,
        "objective.nonnegativity": experiment.objective.nonnegativity,
        "initial.weight_scale": experiment.initial.weight_scale,
        "initial.gates": experiment.initial.gates,
        "teachers.correlation": CORRELATION,
    }
    rows = [tuple(values.values())]
    for name, value in values.items():
        changed = 1 - (1 - value) * (1 + sign * SHARE) if name == "teachers.correlation" else value * (1 + sign * SHARE)
        rows.append(tuple({**values, name: changed}.values()))
    return Axis("setting", tuple(values), tuple(rows), (UNCHANGED, *SETTINGS))


def batches() -> Sweep:
    """One cell with batches of 200, and with gates that are a share faster and slower."""
    experiment = base()
    weights = experiment.timescales.weights
    values = {"inputs": Gaussian(200), "curriculum.block_length": BATCH_LENGTH * weights}
    gates = tuple(BATCH_RATIO * weights * (1 + sign * SHARE_WITH_BATCHES) for sign in (-1, 1))
    axes = (Axis("gates", "timescales.gates", gates, ("faster", "slower")), Axis.seeds(SEEDS))
    return Sweep(with_values(experiment, values), axes, Save(SAVED, experiment.steps))


def differences() -> dict[str, Sweep]:
    """Both ends of all central differences."""
    found = {}
    for name, sign in (("less", -1), ("more", 1)):
        gates, length, blocks = (1 + sign * share for share in (SHARE, SHARE_OF_LENGTHS, SHARE_OF_BLOCKS))
        found |= {
            f"open6-settings-{name}": cells(base(), settings(sign)),
            f"open6-gates-{name}": cells(base(), gates=gates),
            f"open6-lengths-{name}": cells(base(), length=length, time=length),
            f"open6-blocks-{name}": cells(base(), time=blocks),
        }
    return found


EXPERIMENTS = (Entry("open6", "Open question 6: open question 1's network with ρ = .5, implicit constraints", base),)
SWEEPS = (
    Entry("open6", "Open question 6: both ends of all differences of settings, by the boundary", differences),
    Entry(
        "open6-controls",
        "Open question 6: the same cells with explicit constraints, and one cell with batches",
        lambda: {
            "open6-explicit": cells(explicit()),
            # Not in any claim: how differences fare where gates chatter.
            "open6-explicit-less": cells(explicit(), gates=1 - SHARE),
            "open6-explicit-more": cells(explicit(), gates=1 + SHARE),
            "open6-batches": batches(),
        },
    ),
)
