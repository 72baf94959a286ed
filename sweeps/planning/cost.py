"""What a sweep will take, before it runs.

The time is an estimate from a table of measured speeds: simulated steps per second of one core at the sizes of the
paper's Figure 2 (benchmarks/throughput.py), in inverse proportion to the number of weights. It is good to a factor of
two or three on a desktop processor, and counts devices as cores.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import jax

from gatednet.kernels.kernel import PLATFORM
from gatednet.settings import Optional, Whole, argument
from gatednet.sweeps.planning.plan import plan_of
from gatednet.sweeps.planning.speed import COMPILE_SECONDS, expected_speed, mode_of
from gatednet.sweeps.sweep import Sweep


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

    def worthwhile(self, devices: Sequence[jax.Device]) -> int:
        """How many of the devices are worth compiling for, where this is the cost on one: all of them, or one.

        Cores of a processor share one program. Other devices have each its own, and a second one saves at most half of
        the run.
        """
        pays = devices[0].platform == PLATFORM or self.run_seconds > 2 * self.compile_seconds
        return len(devices) if pays else 1


def cost_of(sweep: Sweep, devices: int | None = None) -> Cost:
    """The cost of a sweep on a number of devices; default: those of this process that are worth compiling for."""
    devices = argument("devices", devices, Optional(Whole(1)))
    groups = list(sweep.groups())
    runs = sweep.runs // len(groups)
    steps = [runs * sweep.simulations * sweep.group(group).steps for group in groups]
    speeds = [expected_speed(sweep, group) for group in groups]
    cost = Cost(
        runs=sweep.runs,
        steps=sum(steps),
        compiles=len({sweep.recipe(group) for group in groups}),
        bytes=sweep.runs * sum(variable.bytes for variable in sweep.variables),
        chunks=len(plan_of(sweep)),
        compile_seconds=sum(COMPILE_SECONDS[mode_of(sweep, group)] for group in groups),
        run_seconds=sum(each / speed for each, speed in zip(steps, speeds, strict=True)),
    )
    devices = devices or cost.worthwhile(jax.local_devices())
    return dataclasses.replace(cost, run_seconds=cost.run_seconds / devices)
