"""What experiments with images share: the gated head on features, flexible and forgetful (paper, section 7).

The features are those of several networks, trained from other seeds, since networks differ more than the heads on one
of them. Each network has heads of its own: the runs are nested, so that the means over a network's heads are
independent. The paper says 64 features; the released code hands the ten of a further layer to a head that
starts as one of 64 inputs does. Both are here.
"""

from __future__ import annotations

import math
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
WEIGHT_SCALE = 1e-4
# What differs between the head that the paper describes and that of the released code.
HEAD = ("network.inputs", "inputs.width", "inputs.relu_hidden", "initial.weight_scale")
HEADS = {
    "64 features": (FEATURES, FEATURES, 0, WEIGHT_SCALE),
    # Its initial weights have the standard deviation of those on 64 inputs.
    "as released": (10, 10, FEATURES, WEIGHT_SCALE * math.sqrt(10 / FEATURES)),
}
# The gates' time constant and the two constraints on the gates.
PATHS = ("timescales.gates", *PENALTIES)
REGIMES = {"flexible": (0.5, 0.5, 0.5), "forgetful": (1000.0, 0.0, 0.0)}


def head(images: str, task: str, regime: str = "flexible") -> Experiment:
    """Labels of images in turn with the same labels permuted, ten blocks of a thousand steps."""
    base = Experiment(
        network=GatedLinear(inputs=FEATURES, outputs=CLASSES),
        initial=Initial(weight_scale=WEIGHT_SCALE),
        teachers=Permutations((IDENTITY, task)),
        curriculum=Blocked(block_length=100.0),
        inputs=Features(images=images, width=FEATURES),
        objective=CrossEntropy(),
        timescales=Timescales(weights=1000.0),
        dt=0.1,
        steps=10_000,
    )
    return with_values(base, dict(zip(PATHS, REGIMES[regime], strict=True)))


def both(images: str, tasks: Sequence[str], networks: int = 3, heads: int = 5) -> Sweep:
    """Both regimes and both heads for each of some tasks beside the labels themselves, on the features of networks.

    `networks` is the number of these, `heads` how many of each kind learn from one. A network of MNIST or Fashion-MNIST
    trains for minutes, and each kind of head needs its own: three are what that affords.
    """
    axes = (
        Axis("task_beside", "teachers.tasks.1", tuple(tasks)),
        Axis("head", HEAD, tuple(HEADS.values()), tuple(HEADS)),
        Axis("network", "inputs.network_seed", tuple(range(networks))),
        Axis("regime", PATHS, tuple(REGIMES.values()), tuple(REGIMES)),
        Axis.seeds(heads),
    )
    return Sweep(head(images, tasks[0]), axes, Save(SAVED, EVERY), noise="independent")
