"""Control 4: wrong labels and unequal classes, for the gated head and for plain ones (the paper's open question)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweeps.catalog.entry import Entry, together
from sweeps.catalog.images import head
from sweeps.catalog.penalties import PENALTIES

if TYPE_CHECKING:
    from gatednet.experiment import Experiment
    from sweeps.plan import Sweep

EVERY, BLOCKS = 100, 6
NOISES = (0.0, 0.1, 0.2, 0.3, 0.4)
RATIOS = (1.0, 10.0, 100.0)
# Gates that do not move within a run, as if there were none.
FIXED = 1e9


def network(name: str) -> Experiment:
    """Small digits and parity, learned by one of three networks.

    "gated" is that of Figure 7; "single" is one linear head for both tasks; "told" is one linear head for each task,
    which learns in the blocks of its task only. As no head knows of the other, it is the run of a single task, half as
    long, and that of either task up to the names of the outputs.
    """
    from gatednet.curricula import Blocked
    from gatednet.experiment import with_values

    base = head("digits", "parity")
    steps = base.steps * BLOCKS // 10
    if name == "gated":
        return with_values(base, {"steps": steps})
    plain = {"network.paths": 1, "initial.gates": 1.0, "timescales.gates": FIXED, **dict.fromkeys(PENALTIES, 0.0)}
    if name == "single":
        return with_values(base, {**plain, "steps": steps})
    alone = Blocked(block_length=base.curriculum.block_length, order=(0,))
    return with_values(base, {**plain, "steps": steps // 2, "curriculum": alone})


def noisy(name: str, seeds: int = 10) -> Sweep:
    """One of the networks with several shares of wrong labels."""
    from sweeps.axes import Axis

    return _sweep(network(name), Axis("label_noise", "inputs.label_noise", NOISES), seeds)


def imbalanced(name: str, seeds: int = 10) -> Sweep:
    """One of the networks with classes of several frequencies."""
    from gatednet.experiment import with_values
    from gatednet.features import Imbalanced
    from sweeps.axes import Axis

    experiment = network(name)
    inputs = Imbalanced(images="digits", width=experiment.network.inputs)
    return _sweep(with_values(experiment, {"inputs": inputs}), Axis("ratio", "inputs.ratio", RATIOS), seeds)


def _sweep(experiment: Experiment, axis: object, seeds: int) -> Sweep:
    from gatednet.lane import Save
    from sweeps.axes import Axis
    from sweeps.plan import Sweep

    assert isinstance(axis, Axis)
    return Sweep(experiment, (axis, Axis.seeds(seeds)), Save(("accuracy",), EVERY))


NETWORKS = {"gated": "the gated head", "single": "a single head", "told": "a head for each task"}
EXPERIMENTS = tuple(
    Entry(f"control4-{name}", f"Control 4: small digits, {words}", lambda name=name: network(name))
    for name, words in NETWORKS.items()
)
SWEEPS = together(
    "control4",
    "Control 4: wrong labels and unequal classes, three networks",
    *(
        Entry(f"control4-noise-{name}", f"Control 4: {words}, wrong labels", lambda name=name: noisy(name))
        for name, words in NETWORKS.items()
    ),
    *(
        Entry(f"control4-ratio-{name}", f"Control 4: {words}, unequal classes", lambda name=name: imbalanced(name))
        for name, words in NETWORKS.items()
    ),
)
