"""Figures 6, A4, A5, A6: the fully connected network of two layers (paper, section 6 and appendix on metrics)."""

from __future__ import annotations

from gatednet.engine.save import Save
from gatednet.experiment import Experiment, with_values
from gatednet.networks.deep_linear import DeepLinear
from gatednet.objectives.base import Objective
from gatednet.sweeps.axes import Axis
from gatednet.sweeps.catalog.entry import Entry
from gatednet.sweeps.catalog.penalties import PENALTIES
from gatednet.sweeps.catalog.published import as_published
from gatednet.sweeps.catalog.published import seeds as published_seeds
from gatednet.sweeps.sweep import Sweep
from gatednet.timescales import Timescales

EVERY, SEEDS = 10, 200
# What the panels are drawn from: units are matched to the teachers' rows afterwards, once a run.
SAVED = ("loss_every_step", "unit_alignment", "second_layer", "weight_step")
# Changes of the second layer over two steps, which those of one step are not enough for: it goes to and fro.
EVERY_CHANGE = 2
# What tells the two networks apart: the strengths of `PENALTIES`, which are here on the second layer.
REGIMES = {"regularised": (0.2, 0.2), "control": (0.0, 0.0)}


def two_layers() -> Experiment:
    """The regularised network: a fast second layer, under the penalties that gates have."""
    norm, nonnegativity = REGIMES["regularised"]
    return Experiment(
        network=DeepLinear(inputs=20, hidden=20, outputs=10),
        objective=Objective(norm=norm, norm_order=2, nonnegativity=nonnegativity),
        timescales=Timescales(weights=0.06, gates=0.01),
        dt=0.01,
        steps=3000,
    )


def control() -> Experiment:
    """The same without penalties."""
    return with_values(two_layers(), dict(zip(PENALTIES, REGIMES["control"], strict=True)))


def regimes() -> Axis:
    """The axis of the two networks."""
    return Axis("regime", PENALTIES, tuple(REGIMES.values()), tuple(REGIMES))


def both() -> Sweep:
    """Both networks, with teachers of its own for each seed."""
    return Sweep(two_layers(), (regimes(), Axis.seeds(SEEDS)), Save(SAVED, EVERY))


def second_layer() -> Sweep:
    """The second layer of the regularised network, the same runs, saved often."""
    return Sweep(two_layers(), (Axis.seeds(SEEDS),), Save(("second_layer",), EVERY_CHANGE))


def published() -> Sweep:
    """Both networks from the published starts, saved at the ends of blocks."""
    experiment = as_published(two_layers())
    block = experiment.block_steps
    experiment = with_values(experiment, {"steps": two_layers().blocks * block})
    return Sweep(experiment, (regimes(), published_seeds()), Save(("unit_alignment", "second_layer"), block))


def second_layer_published() -> Sweep:
    """The second layer of the regularised network from the ten published starts, saved often."""
    return Sweep(as_published(two_layers()), (published_seeds(1),), Save(("second_layer",), EVERY_CHANGE))


EXPERIMENTS = (
    Entry("fig6-regularised", "Figure 6: two layers, the second one regularised as gates are", two_layers),
    Entry("fig6-control", "Figure 6: two layers without regularisation", control),
)
SWEEPS = (
    Entry("fig6", "Figures 6, A4, A5, A6: two layers, regularised and not", lambda: {"fig6": both()}),
    Entry("figa4", "Figure A4: the second layer of the regularised network", lambda: {"figa4": second_layer()}),
    Entry(
        "fig6-published",
        "Figures 6, A4, A5, A6 from the published starts: ten starts with ten sets of batches each",
        lambda: {"fig6-published": published()},
    ),
    Entry(
        "figa4-published",
        "Figure A4 from the published starts: the second layer of the regularised network",
        lambda: {"figa4-published": second_layer_published()},
    ),
)
