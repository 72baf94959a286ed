"""What experiments with images share: the gated head on features, flexible and forgetful (paper, section 7)."""

from __future__ import annotations

from collections.abc import Sequence

from gatednet.curricula.blocked import Blocked
from gatednet.engine.save import Save
from gatednet.experiment import Experiment, with_values
from gatednet.inputs.features import Features
from gatednet.networks.gated_linear import GatedLinear
from gatednet.objectives.cross_entropy import CrossEntropy
from gatednet.starts.gaussian import Initial
from gatednet.sweeps.axes import Axis
from gatednet.sweeps.catalog.penalties import PENALTIES
from gatednet.sweeps.sweep import Sweep
from gatednet.teachers.permutations import IDENTITY, Permutations
from gatednet.timescales import Timescales

EVERY = 100
SAVED = ("accuracy", "task_accuracy", "gates", "steps_to_recover")
FEATURES, CLASSES = 64, 10
# The gates' time constant and the two constraints on the gates.
PATHS = ("timescales.gates", *PENALTIES)
REGIMES = {"flexible": (0.5, 0.5, 0.5), "forgetful": (1000.0, 0.0, 0.0)}


def head(images: str, task: str, regime: str = "flexible") -> Experiment:
    """Labels of images in turn with the same labels permuted, ten blocks of a thousand steps."""
    base = Experiment(
        network=GatedLinear(inputs=FEATURES, outputs=CLASSES),
        initial=Initial(weight_scale=1e-4),
        teachers=Permutations((IDENTITY, task)),
        curriculum=Blocked(block_length=100.0),
        inputs=Features(images=images, width=FEATURES),
        objective=CrossEntropy(),
        timescales=Timescales(weights=1000.0),
        dt=0.1,
        steps=10_000,
    )
    return with_values(base, dict(zip(PATHS, REGIMES[regime], strict=True)))


def both(images: str, tasks: Sequence[str]) -> Sweep:
    """Both regimes for each of some tasks beside the labels themselves."""
    axes = (
        Axis("task_beside", "teachers.tasks.1", tuple(tasks)),
        Axis("regime", PATHS, tuple(REGIMES.values()), tuple(REGIMES)),
        Axis.seeds(10),
    )
    return Sweep(head(images, tasks[0]), axes, Save(SAVED, EVERY))
