"""Figure A3: more paths than tasks, without and with a cost of the weights (paper, appendix, Figure A3)."""

from __future__ import annotations

from gatednet.engine.save import Save
from gatednet.experiment import Experiment, with_values
from gatednet.networks.gated_linear import GatedLinear
from gatednet.objectives.base import Objective
from gatednet.sweeps.axes import Axis
from gatednet.sweeps.catalog.entry import Entry
from gatednet.sweeps.catalog.penalties import PENALTIES
from gatednet.sweeps.catalog.published import as_published_once
from gatednet.sweeps.sweep import Sweep
from gatednet.timescales import Timescales

EVERY = 50
PATHS = ("objective.weight_cost", *PENALTIES)
# In the released code all strengths share one sum: the cost of the weights takes from the other two.
COSTS = {"without": (0.0, 5.45, 0.545), "with": (0.387, 1.94, 0.194)}


def redundant() -> Experiment:
    """Four paths for two tasks, with the cost of the weights."""
    base = Experiment(
        network=GatedLinear(paths=4),
        objective=Objective(weight_norm="columns"),
        timescales=Timescales(weights=1.3, gates=0.03),
        dt=1e-3,
        steps=25_000,
    )
    return with_values(base, dict(zip(PATHS, COSTS["with"], strict=True)))


def both(experiment: Experiment) -> Sweep:
    """Without and with the cost, from the same starts."""
    costs = Axis("cost", PATHS, tuple(COSTS.values()), tuple(COSTS))
    return Sweep(experiment, (costs, Axis.seeds(100)), Save(("gates", "path_norm", "representation_cost"), EVERY))


EXPERIMENTS = (Entry("figa3", "Figure A3: four paths for two tasks, with a cost of the weights", redundant),)
SWEEPS = (
    Entry(
        "figa3", "Figure A3: four paths for two tasks, without and with a cost", lambda: {"figa3": both(redundant())}
    ),
    Entry(
        "figa3-published",
        "Figure A3 from the published start, with a hundred sets of batches",
        lambda: {"figa3-published": both(as_published_once(redundant()))},
    ),
)
