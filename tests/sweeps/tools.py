"""Small sweeps, and numbers that stand in for runs."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

from gatednet import Blocked, Experiment, GatedLinear, Gaussian, Population, Save, Teachers
from gatednet.sweeps.axes import Axis
from gatednet.sweeps.images.datasets import TEST, TEST_LABELS, TRAIN, TRAIN_LABELS
from gatednet.sweeps.planning.grid import Chunk
from gatednet.sweeps.planning.plan import Plan
from gatednet.sweeps.sweep import Sweep


def small(**changes: Any) -> Experiment:
    """A run of 40 steps in blocks of 10, of a network with 4 inputs."""
    parts = {
        "network": GatedLinear(inputs=4, outputs=2),
        "teachers": Teachers(),
        "curriculum": Blocked(block_length=0.01),
        "inputs": Population(),
        "steps": 40,
    }
    return Experiment(**{**parts, **changes})


def grid(experiment: Experiment | None = None, **options: Any) -> Sweep:
    """12 runs: three time constants, two block lengths, two seeds."""
    axes = (
        Axis("gates", "timescales.gates", (0.02, 0.05, 0.1)),
        Axis("length", "curriculum.block_length", (0.01, 0.02)),
        Axis.seeds(2),
    )
    return Sweep(experiment or small(), axes, Save(("loss", "block_loss"), 20), **options)


def noisy() -> Experiment:
    """The same kind of run with batches of inputs."""
    return small(inputs=Gaussian(batch=5))


class Numbers:
    """In the place of a running chunk: numbers that tell which run they belong to, without any simulation."""

    def __init__(self, plan: Plan, chunk: Chunk) -> None:
        self.plan, self.chunk = plan, chunk

    def cancel(self) -> None:
        pass

    def fetch(self) -> dict[str, np.ndarray]:
        cells = np.arange(self.plan.sweep.runs).reshape(self.plan.sweep.shape)[self.chunk.region].reshape(-1)
        return {
            variable.name: np.broadcast_to(
                cells.reshape(-1, *(1,) * len(variable.sizes)), (len(cells), *variable.sizes)
            ).astype(variable.dtype)
            for variable in self.plan.sweep.variables
        }


class Numbered:
    """In the place of `gatednet.sweeps.execution.run.Executors`."""

    def __init__(self, plan: Plan, *_: object) -> None:
        self.plan = plan

    def start(self, chunk: Chunk) -> Numbers:
        return Numbers(self.plan, chunk)


# Images and labels of a data set in the files of MNIST, few of them.
_RANDOM = np.random.default_rng(0)
IDX_VALUES = {
    TRAIN: _RANDOM.integers(0, 256, (20, 28, 28), np.uint8),
    TRAIN_LABELS: np.tile(np.arange(10, dtype=np.uint8), 2),
    TEST: _RANDOM.integers(0, 256, (10, 28, 28), np.uint8),
    TEST_LABELS: np.arange(10, dtype=np.uint8),
}


def idx(values):
    """The content of an IDX file."""
    return bytes((0, 0, 8, values.ndim)) + struct.pack(f">{values.ndim}I", *values.shape) + values.tobytes()
