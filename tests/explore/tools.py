"""Short runs of Figure 2's network, and curves whose numbers are made by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray

from gatednet import Experiment, with_values
from gatednet.explore.curves import Curves, prepared
from gatednet.explore.source import live
from gatednet.sweeps.planning.grid import Chunk
from gatednet.sweeps.planning.plan import Plan
from tests.sweeps.tools import Numbered, Numbers

# What makes a run short: 300 long steps, three units of time.
SHORT = {"dt": 0.01, "steps": 300}

_DIMS = {
    "loss": ("seed", "step"),
    "gates": ("seed", "step", "path"),
    "alignment": ("seed", "step", "task", "path"),
    "teacher_component": ("seed", "step", "task", "path"),
    "specialization": ("seed",),
    "relative_specialization": ("seed",),
    "result": ("seed",),
    "result_step": ("seed",),
}


def short(**changes: Any) -> Experiment:
    """A run of `SHORT`; of other values in names "__" stands for a dot."""
    return with_values(
        live("fig2-flexible"), SHORT | {name.replace("__", "."): value for name, value in changes.items()}
    )


def by_hand(experiment: Experiment, times: Any = None, **arrays: Any) -> Curves:
    """Curves of arrays in the order of their dimensions, at times that are even where they are not given."""
    variables = {name: (_DIMS[name], np.asarray(values)) for name, values in arrays.items()}
    data = xarray.Dataset(variables)
    steps = data.sizes.get("step", 0)
    if steps:
        even = np.linspace(0.0, experiment.duration, steps)
        data = data.assign_coords(time=("step", even if times is None else np.asarray(times, float)))
    return prepared(experiment, data)


class Counted(Numbered):
    """In the place of `Executors`: runs give their own numbers, and all are complete."""

    lost = False

    def start(self, chunk: Chunk) -> Numbers:
        return _Complete(self.plan, chunk, self.lost)


class SomeLost(Counted):
    """The same, where the second of every three runs is lost on its way. Of its blocks the first is known."""

    lost = True


class _Complete(Numbers):
    def __init__(self, plan: Plan, chunk: Chunk, lost: bool) -> None:
        super().__init__(plan, chunk)
        self.lost = lost

    def fetch(self) -> dict[str, np.ndarray]:
        found = {name: values.copy() for name, values in super().fetch().items()}
        lost = self.lost & (found["result_step"] % 3 == 1)
        found["result"] = lost.astype(np.int8)
        for name, values in found.items():
            if name == "block_loss":
                values[lost, 1:] = np.nan
            elif values.dtype.kind == "f":
                values[(lost, -1) if values.ndim > 1 else lost] = np.nan
        return found
