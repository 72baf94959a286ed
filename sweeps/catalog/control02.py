"""Control 2: each constraint on the gates removed alone, and all of them (paper, section 2 and Figures 2 and 5)."""

from __future__ import annotations

from gatednet.engine.save import Save
from gatednet.experiment import Experiment, with_values
from gatednet.inputs.population import Population
from gatednet.sweeps.axes import Axis
from gatednet.sweeps.catalog.entry import Entry
from gatednet.sweeps.catalog.fig02 import PATHS, regime
from gatednet.sweeps.catalog.fig05 import BLOCKS, GATE_TIMESCALES, left
from gatednet.sweeps.sweep import Sweep

EVERY, SEEDS = 100, 100
SAVED = ("loss", "gates", "alignment", "total_alignment", "specialization", "time_to_criterion")


def removed(experiment: Experiment) -> dict[str, tuple[float, float, float]]:
    """The values at `PATHS` with nothing removed, with each constraint removed alone, and with all of them."""
    times, objective = experiment.timescales, experiment.objective
    fast, slow, norm, negative = times.gates, times.weights, objective.norm, objective.nonnegativity
    return {
        "none": (fast, norm, negative),
        "fast": (slow, norm, negative),
        "bounded": (fast, 0.0, negative),
        "nonnegative": (fast, norm, 0.0),
        "all": (slow, 0.0, 0.0),
    }


def at_figure_2() -> Experiment:
    """The flexible network of Figure 2 with the population as inputs."""
    return with_values(regime("flexible"), {"inputs": Population()})


def at_figure_5() -> Experiment:
    """The network of Figure 5, left, with the fastest gates there, and the population as inputs."""
    return with_values(left(), {"inputs": Population(), "timescales.gates": GATE_TIMESCALES[0]})


def sweeps() -> dict[str, Sweep]:
    """At Figure 2's settings over time, and at Figure 5's for several lengths of blocks at the end."""

    def constraints(experiment: Experiment) -> Axis:
        values = removed(experiment)
        return Axis("removed", PATHS, tuple(values.values()), tuple(values))

    figure_2, figure_5 = at_figure_2(), at_figure_5()
    lengths = Axis("block_length", "curriculum.block_length", BLOCKS)
    ends = Save(("total_alignment", "specialization"), figure_5.steps // 100)
    return {
        "control2": Sweep(figure_2, (constraints(figure_2), Axis.seeds(SEEDS)), Save(SAVED, EVERY)),
        "control2-blocks": Sweep(figure_5, (constraints(figure_5), lengths, Axis.seeds(SEEDS)), ends),
    }


EXPERIMENTS = (
    Entry("control2", "Control 2: Figure 2's flexible network, population", at_figure_2),
    Entry("control2-blocks", "Control 2: Figure 5's network with its fastest gates, population", at_figure_5),
)
SWEEPS = (Entry("control2", "Control 2: constraints on the gates removed, one by one and all", sweeps),)
