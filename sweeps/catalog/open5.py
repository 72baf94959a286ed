"""Open question 5: what a switch costs, against the length of blocks and against practice (paper, sections 4 and 5).

Control 5 measures times to the criterion late in a run. Here is the whole plane: block lengths over two decades, and 2
to 200 blocks of practice. A switch is compared with a repeat, as in the laboratory: in the order A A B B of alternating
runs (Rogers & Monsell 1995) the second half of a block begins without a switch. What a switch costs is the loss of its
first five steps minus that of the same steps of a repeat; the same of whole halves, summed over time, is its area.

What is known of people, and compared in kind alone: practice makes switches cheaper, and a residual cost remains
(Rogers & Monsell 1995; Monsell 2003). Times fall as a power of practice (Newell & Rosenbloom 1981), means over people
better than those of each, which are nearer to exponentials (Heathcote, Brown & Mewhort 2000). Blocks help people to
keep tasks apart (Flesch et al. 2018). A switch into the stronger task of two costs more (Allport, Styles & Hsieh 1994).

Written down before the sweeps were run; "practised" is cycles 51 to 100 of a block of either task, "early" 2 to 4:

* Flexible networks. Paths of one task each meet the other with all of its loss, Σ s², mixtures with less: at the very
  first step practice makes a switch cost more. Then the gates alone decide: the loss falls by (1 - Σ s² dt / τ_c)² a
  step. So after five steps a fixed part is left, and the time to the criterion has a floor that neither practice nor
  longer blocks lower: the residual cost.
* Forgetful networks. After a few τ_w every cycle is as the one before: practice changes nothing, and longer blocks make
  switches cost more, since less is left of the other task.
* Law of practice. Single runs specialize at times of their own, and fast: an exponential describes them better. Their
  mean is smeared, and a power does. Both have three parameters, a + b n^-c and a + b e^-cn, and are fitted to odd
  cycles by least squares; the smaller error on even cycles is better.
* Unequal practice. Task A lasts three times as long as B for 40 blocks, then both are shown equally. The weights of a
  forgetful network follow what was shown: a switch into the rare task costs more, the reverse of what people show. In a
  flexible one, specialized, no path remembers how often it was shown, and no asymmetry is left in the test.

Range: τ_B/τ_w from .1 to 10, nine lengths in equal ratios, halves of whole steps, of 7 and more, at Figure 2's settings
with a step of .01: ten times Figure 2's, so that five steps are about what a specialized gate takes; λ_norm P dt/τ_c is
.6, far from 2. The longest three also at Figure 5's, left, with its fastest gates and own step. Population as inputs.

Seeds: an error is at most a third of what a claim allows. Of eight pilot seeds (1000 to 1007) standard deviations alone
were looked at: .05 of the cost of the first step, of which .1 is allowed, .008 τ_w of times, of which a step, .0077
τ_w, is allowed, and a third of areas, of which a quarter is allowed: 15 runs. Shares of runs and fits to their mean ask
for more, and a hundred are taken.

Added after the first run, in which the cost of forgetful networks changed with practice by more than was expected: the
same with a fifth of the step, `open5-finer`, 20 seeds, since in Euler's steps ‖W‖² - c², which the flow conserves where
τ_c is τ_w, drifts in proportion to them. And alignment at the end, since practised networks in long blocks switched
faster than gates of orthogonal paths can. No setting, seed or range was changed.
"""

from __future__ import annotations

import math

from gatednet.curricula.blocked import Blocked
from gatednet.curricula.phases import Phase, Phases
from gatednet.curricula.targets import Task
from gatednet.engine.save import Save
from gatednet.experiment import Experiment, with_values
from gatednet.inputs.population import Population
from gatednet.sweeps.axes import Axis
from gatednet.sweeps.catalog import fig02, fig05
from gatednet.sweeps.catalog.entry import Entry, together
from gatednet.sweeps.sweep import Sweep

SEEDS, BATCH_SEEDS, FINER_SEEDS = 100, 40, 20
# Blocks of a run, each of two halves: a switch, and a repeat.
BLOCKS, HALVES = 200, 2
# τ_B/τ_w in stores of three: every block of a run is kept, and the shortest of a store has as many as the longest is
# times as long, which takes time in proportion to the square of their number.
LENGTHS = {"short": (0.1, 0.178, 0.316), "middle": (0.562, 1.0, 1.778), "long": (3.162, 5.623, 10.0)}
HEADLINE = 1.0
UNEQUAL_LENGTHS = (0.316, 1.0, 3.162)
# Halves of A and of B in a cycle of unequal practice, how many cycles of it there are, and cycles of the test after it.
SHARES, PRACTICE, TEST = (6, 2), 20, 10
STEP, FINER_STEP = 0.01, 0.002
FINER_LENGTHS = (1.0, 1.778, 3.162)
TIMES, COSTS = "time_to_criterion", "loss_after_switch"
SAVED = (TIMES, "gate_speed", COSTS, "block_loss", "alignment")


def at_figure_2() -> Experiment:
    """The flexible network of Figure 2 with alternating runs, the population as inputs, and longer steps."""
    return alternating(with_values(fig02.regime("flexible"), {"dt": STEP}))


def at_figure_5() -> Experiment:
    """The network of Figure 5, left, with its fastest gates, alternating runs, and the population as inputs."""
    return alternating(with_values(fig05.left(), {"timescales.gates": fig05.GATE_TIMESCALES[0]}))


def alternating(experiment: Experiment) -> Experiment:
    """The same experiment in the order A A B B, with blocks of one τ_w."""
    changed = with_values(experiment, {"inputs": Population(), "curriculum": Blocked(order=(0, 0, 1, 1))})
    half = half_steps(changed, HEADLINE)
    return with_values(changed, {"curriculum.block_length": half * changed.dt, "steps": BLOCKS * HALVES * half})


def unequal() -> Experiment:
    """The network at Figure 2's settings that practises A three times as long as B, and then both equally."""
    both = [(Task(0),) * of_a + (Task(1),) * of_b for of_a, of_b in (SHARES, (HALVES, HALVES))]
    phases = (Phase(both[0], PRACTICE * len(both[0])), Phase(both[1]))
    return with_values(at_figure_2(), {"curriculum": Phases(phases=phases)})


def half_steps(experiment: Experiment, relative_length: float) -> int:
    """Steps of half a block that lasts so many τ_w."""
    return math.floor(relative_length * experiment.timescales.weights / experiment.dt / HALVES + 0.5)


def practised(
    experiment: Experiment,
    lengths: tuple[float, ...],
    saved: tuple[str, ...],
    seeds: int = SEEDS,
    halves: int = BLOCKS * HALVES,
) -> Sweep:
    """Both regimes with blocks of several lengths, for so many halves of the longest; labels are before rounding."""
    times, objective = experiment.timescales, experiment.objective
    regimes = {
        "flexible": (times.gates, objective.norm, objective.nonnegativity),
        "forgetful": (times.weights, 0.0, 0.0),
    }
    steps = [half_steps(experiment, length) for length in lengths]
    axes = (
        Axis("regime", fig02.PATHS, tuple(regimes.values()), tuple(regimes)),
        Axis(
            "relative_length",
            "curriculum.block_length",
            tuple(round(number * experiment.dt, 9) for number in steps),
            lengths,
        ),
        Axis.seeds(seeds),
    )
    longest = with_values(experiment, {"steps": halves * max(steps)})
    return Sweep(longest, axes, Save(saved, longest.steps))


def at_figure_2_with(name: str) -> Sweep:
    """The lengths of one of the stores at Figure 2's settings."""
    return practised(at_figure_2(), LENGTHS[name], SAVED)


def with_batches() -> Sweep:
    """Blocks of one τ_w at Figure 2's settings, with batches of 200 inputs."""
    batches = with_values(at_figure_2(), {"inputs": fig02.regime("flexible").inputs})
    return practised(batches, (HEADLINE,), (TIMES, COSTS), BATCH_SEEDS)


def practised_unequally() -> Sweep:
    """Three lengths of blocks with A three times as long as B, and then both equally."""
    halves = PRACTICE * sum(SHARES) + TEST * 2 * HALVES
    return practised(unequal(), UNEQUAL_LENGTHS, (COSTS,), halves=halves)


def finer() -> Sweep:
    """Three lengths at Figure 2's settings with a fifth of the step."""
    experiment = with_values(at_figure_2(), {"dt": FINER_STEP})
    return practised(experiment, FINER_LENGTHS, (COSTS,), FINER_SEEDS)


EXPERIMENTS = (
    Entry("open5-fig2", "Open question 5: Figure 2's flexible network, A A B B, steps of .01, population", at_figure_2),
    Entry("open5-fig5", "Open question 5: Figure 5's network with its fastest gates, A A B B, population", at_figure_5),
    Entry("open5-unequal", "Open question 5: as open5-fig2, A three times as long as B, then both equally", unequal),
)
SWEEPS = together(
    "open5",
    "Open question 5: switches and repeats against the length of blocks and practice",
    Entry("open5-short", "Open question 5: short blocks, Figure 2's settings", lambda: at_figure_2_with("short")),
    Entry("open5-middle", "Open question 5: middle blocks, Figure 2's settings", lambda: at_figure_2_with("middle")),
    Entry("open5-long", "Open question 5: long blocks, Figure 2's settings", lambda: at_figure_2_with("long")),
    Entry(
        "open5-fig5",
        "Open question 5: long blocks, Figure 5's settings",
        lambda: practised(at_figure_5(), LENGTHS["long"], (TIMES,)),
    ),
    Entry("open5-unequal", "Open question 5: A three times as long as B, then both equally", practised_unequally),
    Entry("open5-finer", "Open question 5: three lengths of blocks with a fifth of the step", finer),
    Entry("open5-batches", "Open question 5: blocks of one τ_w with finite batches", with_batches),
)
