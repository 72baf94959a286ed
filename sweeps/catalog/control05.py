"""Control 5: how fast a network switches, against the length of its blocks (paper, sections 4 and 5, Figures 4 and 5).

The paper's second mechanism is that long blocks specialize: w̄ grows by ½ C τ_B² in a block, so that its growth per
time is in proportion to τ_B (theory of Figure A9). It draws specialization alone against the length of blocks (Figures
4 and 5). Here the switch itself is measured: the time to the criterion, and the speed of the gates.

Written down before the sweeps were run:

* Hypothesis. With fast and bounded gates, at equal total time, longer blocks leave more specialized paths, faster gates
  (up to Σ s² of a teacher) and shorter times to the criterion. Networks with gates as slow as the weights and without
  constraints do none of it: their time to the criterion is the same for all lengths of blocks that let them meet it.
* Range. τ_B/τ_w from .1 to 10, nine lengths in equal ratios, at Figure 2's settings (τ_w 1.3, dt 1e-3) and at Figure
  5's left column (τ_w .1, dt 1e-3), with the population as inputs. Runs last 200 τ_w: 20 of the longest blocks.
* Equal total time: 40 τ_w, four of the longest blocks; what is measured is a mean over the blocks that end in the last
  10 τ_w. Equal number of blocks: 20, a mean over the last four.
* Measures. Specialization is the matched minus the unmatched alignment. A time to the criterion is at most the length
  of the block, so that times are compared from 1 τ_w on. The onset of a run is when its specialization reaches ½; where
  growth is in proportion to τ_B it goes as 1/τ_B.
* Seeds. Claims allow .1 of specialization and .02 τ_w of time. Of eight pilot seeds (1000 to 1007, none of those below)
  only standard deviations were looked at: at most .31 of specialization, which asks for 87 runs for an error of a third
  of .1; of times, from 1 τ_w on, .009 τ_w at Figure 2's settings, and 1.9 τ_w at Figure 5's, where single runs never
  meet the criterion: there the typical run, the median, is measured. A hundred are taken.
"""

from __future__ import annotations

from gatednet.engine.save import Save
from gatednet.experiment import Experiment, with_values
from gatednet.inputs.population import Population
from gatednet.sweeps.axes import Axis
from gatednet.sweeps.catalog import fig02, fig05
from gatednet.sweeps.catalog.entry import Entry, together
from gatednet.sweeps.sweep import Sweep

SEEDS = 100
# Lengths of blocks in units of τ_w: first, last, and how many in equal ratios.
SHORTEST, LONGEST, LENGTHS = 0.1, 10.0, 9
# Length of a run, and time between saves, in units of τ_w.
DURATION, BETWEEN_SAVES = 200, 1
SAVED = ("time_to_criterion", "gate_speed", "alignment")


def at_figure_2() -> Experiment:
    """The flexible network of Figure 2 with the population as inputs, for longer."""
    return longer(fig02.regime("flexible"))


def at_figure_5() -> Experiment:
    """The network of Figure 5, left, with the fastest gates there and the population as inputs, for longer."""
    return longer(with_values(fig05.left(), {"timescales.gates": fig05.GATE_TIMESCALES[0]}))


def longer(experiment: Experiment) -> Experiment:
    """The same experiment with the population as inputs, over `DURATION` time constants of its weights."""
    return with_values(
        experiment, {"inputs": Population(), "steps": DURATION * round(experiment.timescales.weights / experiment.dt)}
    )


def relative_lengths() -> tuple[float, ...]:
    """All τ_B/τ_w, before they are rounded to whole steps."""
    ratio = (LONGEST / SHORTEST) ** (1 / (LENGTHS - 1))
    return tuple(round(SHORTEST * ratio**place, 3) for place in range(LENGTHS))


def switching(experiment: Experiment) -> Sweep:
    """Both regimes, each with all lengths of blocks, in whole steps; labels are τ_B/τ_w before rounding."""
    times, objective, dt = experiment.timescales, experiment.objective, experiment.dt
    regimes = {
        "flexible": (times.gates, objective.norm, objective.nonnegativity),
        "forgetful": (times.weights, 0.0, 0.0),
    }
    steps = [round(length * times.weights / dt) for length in relative_lengths()]
    axes = (
        Axis("regime", fig02.PATHS, tuple(regimes.values()), tuple(regimes)),
        Axis(
            "relative_length",
            "curriculum.block_length",
            tuple(round(number * dt, 9) for number in steps),
            relative_lengths(),
        ),
        Axis.seeds(SEEDS),
    )
    return Sweep(experiment, axes, Save(SAVED, BETWEEN_SAVES * round(times.weights / dt)))


EXPERIMENTS = (
    Entry("control5-fig2", "Control 5: Figure 2's flexible network, population, 200 τ_w", at_figure_2),
    Entry("control5-fig5", "Control 5: Figure 5's network with its fastest gates, population, 200 τ_w", at_figure_5),
)
SWEEPS = together(
    "control5",
    "Control 5: switching against the length of blocks, at two settings",
    Entry("control5-fig2", "Control 5: lengths of blocks at Figure 2's settings", lambda: switching(at_figure_2())),
    Entry("control5-fig5", "Control 5: lengths of blocks at Figure 5's settings", lambda: switching(at_figure_5())),
)
