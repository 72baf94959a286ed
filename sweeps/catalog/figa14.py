"""Figure A14: tasks that are only ever shown as sums, in both conventions (paper, appendix)."""

from __future__ import annotations

from gatednet.curricula.phases import Phase, Phases
from gatednet.curricula.targets import sums
from gatednet.engine.save import Save
from gatednet.experiment import Experiment, with_values
from gatednet.networks.gated_linear import GatedLinear
from gatednet.objectives.base import Objective
from gatednet.sweeps.axes import Axis
from gatednet.sweeps.catalog.conventions import conventions
from gatednet.sweeps.catalog.entry import Entry
from gatednet.sweeps.catalog.published import as_published
from gatednet.sweeps.catalog.published import seeds as published_seeds
from gatednet.sweeps.sweep import Sweep
from gatednet.teachers.orthogonal import Teachers
from gatednet.timescales import Timescales

PAIRS = ((0, 1), (1, 2), (2, 0))
EVERY = 100
# Of blocks that are a step shorter.
SAVES_IN_BLOCK = 9
SAVED = ("loss", "gates", "alignment")


def sums_alone() -> Experiment:
    """Blocks of (A + B)/2, (B + C)/2 and (C + A)/2, in the convention of the published picture."""
    return Experiment(
        network=GatedLinear(paths=3, outputs=6),
        teachers=Teachers(tasks=3, scale="unit"),
        curriculum=Phases(phases=(Phase(sums(PAIRS)),)),
        objective=Objective(reduction="mean", norm=1.667, nonnegativity=0.333),
        timescales=Timescales(weights=0.05, gates=0.03),
        dt=1e-3,
        steps=50_000,
    )


def published() -> Sweep:
    """Both conventions, with saves at the ends of blocks too."""
    experiment = as_published(sums_alone())
    block = experiment.block_steps
    experiment = with_values(experiment, {"steps": sums_alone().blocks * block})
    return Sweep(experiment, (conventions(), published_seeds(1)), Save(SAVED, block // SAVES_IN_BLOCK))


EXPERIMENTS = (Entry("figa14-sums", "Figure A14: three tasks, of which only sums of two are shown", sums_alone),)
SWEEPS = (
    Entry(
        "figa14",
        "Figure A14: both conventions, twenty seeds",
        lambda: {"figa14": Sweep(sums_alone(), (conventions(), Axis.seeds(20)), Save(SAVED, EVERY))},
    ),
    Entry(
        "figa14-published",
        "Figure A14 from the starts that the published recipe gives: ten starts, both conventions",
        lambda: {"figa14-published": published()},
    ),
)
