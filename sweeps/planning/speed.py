"""How fast runs are simulated, from a table of measured speeds (benchmarks/throughput.py)."""

from __future__ import annotations

import math

from gatednet.dynamics.reduction import network_of
from gatednet.engine.batch import in_stack
from gatednet.sweeps.sweep import Sweep

# Simulated steps per second of one core, and seconds to compile, by the way of simulating; where kernels are faster,
# those with kernels.
SPEED = {"reduced": 2e8, "population": 4e6, "gaussian": 3.5e5, "drawn": 2.5e4, "labelled": 2.5e4}
KERNEL_SPEED = {"reduced": 7e8, "gaussian": 8e5}
COMPILE_SECONDS = {"reduced": 2.0, "population": 2.0, "gaussian": 2.5, "drawn": 2.5, "labelled": 1.5}
# The number of weights of the networks that these were measured with.
WEIGHTS = {"reduced": 8, "population": 400, "gaussian": 400, "drawn": 400, "labelled": 1280}


def mode_of(sweep: Sweep, group: tuple[int, ...]) -> str:
    """How the runs of a group are simulated: "reduced", "population", "gaussian", "drawn" or "labelled"."""
    experiment = sweep.group(group)
    if experiment.labelled:
        return "labelled"
    if sweep.recipe(group).reduced:
        return "reduced"
    return experiment.inputs.cost(experiment.network.inputs)


def expected_speed(sweep: Sweep, group: tuple[int, ...]) -> float:
    """Simulated steps per second of one core."""
    mode = mode_of(sweep, group)
    experiment = sweep.group(group)
    network = network_of(experiment, mode == "reduced")
    # Of many paths a kernel computes sums alone.
    by_kernel = sweep.recipe(group).kernel != "xla" and not in_stack(experiment, mode == "reduced")
    speed = KERNEL_SPEED.get(mode, SPEED[mode]) if by_kernel else SPEED[mode]
    return speed * WEIGHTS[mode] / max(math.prod(group.shape) for group in network.groups.values())
