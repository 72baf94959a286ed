"""What a sweep will take, before it runs.

The time is an estimate from a table of measured speeds: simulated steps per second of one core at the sizes of the
paper's Figure 2 (benchmarks/throughput.py), in inverse proportion to the number of weights. It is good to a factor of
two or three on a desktop processor, and counts devices as cores.
"""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING

import jax

from gatednet.inputs import Gaussian
from gatednet.reduction import reduced_network
from gatednet.settings import Optional, Whole, argument

if TYPE_CHECKING:
    from sweeps.plan import Sweep

# Simulated steps per second of one core, and seconds to compile, by the way of simulating.
SPEED = {"reduced": 2e8, "population": 4e6, "gaussian": 3.5e5, "drawn": 2.5e4, "labelled": 2.5e4}
COMPILE_SECONDS = {"reduced": 2.0, "population": 2.0, "gaussian": 2.5, "drawn": 2.5, "labelled": 1.5}
# The number of weights of the networks that these were measured with.
WEIGHTS = {"reduced": 8, "population": 400, "gaussian": 400, "drawn": 400, "labelled": 1280}


@dataclasses.dataclass(frozen=True)
class Cost:
    """What a sweep takes: runs, their steps in sum, compilations, bytes before compression, chunks, seconds."""

    runs: int
    steps: int
    compiles: int
    bytes: int
    chunks: int
    compile_seconds: float
    run_seconds: float

    @property
    def seconds(self) -> float:
        """The expected time from start to end."""
        return self.compile_seconds + self.run_seconds

    def worthwhile(self, devices: int) -> int:
        """How many of so many devices are worth compiling for, where this is the cost on one: all of them, or one.

        Each has a program of its own, and a second one saves at most half of the run.
        """
        return devices if self.run_seconds > 2 * self.compile_seconds else 1


def mode_of(sweep: Sweep, group: tuple[int, ...]) -> str:
    """How the runs of a group are simulated: "reduced", "population", "gaussian", "drawn" or "labelled"."""
    experiment = sweep.group(group)
    if experiment.labelled:
        return "labelled"
    if sweep.recipe(group).reduced:
        return "reduced"
    inputs = experiment.inputs
    if not isinstance(inputs, Gaussian):
        return "population"
    return "gaussian" if inputs.by_triangle(experiment.network.inputs) else "drawn"


def expected_speed(sweep: Sweep, group: tuple[int, ...]) -> float:
    """Simulated steps per second of one core."""
    mode = mode_of(sweep, group)
    experiment = sweep.group(group)
    network = reduced_network(experiment) if mode == "reduced" else experiment.network
    return SPEED[mode] * WEIGHTS[mode] / math.prod(network.weight_shape)


def cost_of(sweep: Sweep, devices: int | None = None) -> Cost:
    """What a sweep takes on so many devices, by itself those of this process that are worth compiling for."""
    devices = argument("devices", devices, Optional(Whole(1)))
    groups = list(sweep.groups())
    runs = sweep.runs // len(groups)
    steps = [runs * sweep.group(group).steps for group in groups]
    speeds = [expected_speed(sweep, group) for group in groups]
    cost = Cost(
        runs=sweep.runs,
        steps=sum(steps),
        compiles=len({sweep.recipe(group) for group in groups}),
        bytes=sweep.runs * sum(variable.bytes for variable in sweep.variables),
        chunks=len(sweep.plan()),
        compile_seconds=sum(COMPILE_SECONDS[mode_of(sweep, group)] for group in groups),
        run_seconds=sum(each / speed for each, speed in zip(steps, speeds, strict=True)),
    )
    devices = devices or cost.worthwhile(jax.local_device_count())
    return dataclasses.replace(cost, run_seconds=cost.run_seconds / devices)
