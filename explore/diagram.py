"""`Diagram`: a scalar observable over two paths, computed live, coarse first and then fine."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Iterator, Sequence
from typing import Any

import jax
import numpy as np

from gatednet import REGISTRY, Experiment, Observable, Save
from gatednet.engine.save import COMPLETED
from gatednet.explore.latest import Wanted
from gatednet.explore.view import Span
from gatednet.kernels.kernel import Kernel
from gatednet.simulation import PRECISIONS, precision_of
from gatednet.sweeps.axes import Axis
from gatednet.sweeps.execution.executor import Executors
from gatednet.sweeps.execution.search import Pending
from gatednet.sweeps.planning.plan import plan_of
from gatednet.sweeps.planning.speed import expected_speed
from gatednet.sweeps.progress import Progress
from gatednet.sweeps.sweep import Sweep
from gatednet.times import steps_between

# Cells along either side, one after the other.
SIDES = (16, 64, 128)
# Cells of a chunk: after each it is asked whether the diagram is still wanted.
_CELLS = 256
# Seconds that a chunk may be expected to take on one core, and a diagram finer than the first.
_PIECE_S, _LONGEST_S = 1.0, 600.0
# Chunks of more cells are expected to take no longer than this: each takes some milliseconds beside its runs.
_QUICK_S = 0.05
# Numbers that its runs keep.
_PIECE_NUMBERS = 10**7
_PRECISION = "float32"
# The dimensions of what has one value for each save, for each block, or for a run.
SCALARS = (("step",), ("block",), ())


@dataclasses.dataclass(frozen=True, eq=False)
class Diagram:
    """Means over seeds, (y, x), NaN where a run left the finite numbers, at the centres of the cells.

    `runs` and `seconds` say what it took.
    """

    x: np.ndarray
    y: np.ndarray
    values: np.ndarray
    runs: int
    seconds: float


def observables() -> dict[str, Observable]:
    """What can colour a diagram, by name: scalars whose last value needs neither every step nor chosen saves."""
    return {
        name: each
        for name, each in REGISTRY.items()
        if each.all_dims in SCALARS and each.recorder.fewest_saves and each.of != "labels"
    }


def diagrams(
    experiment: Experiment,
    x: Span,
    y: Span,
    observable: str,
    seeds: int,
    wanted: Wanted,
    progress: Progress,
    devices: Sequence[jax.Device],
    sides: Sequence[int] = SIDES,
    kernel: Kernel = "auto",
) -> Iterator[Diagram]:
    """Diagrams of more and more cells, for as long as they are wanted, and expected to be there in some minutes.

    None comes before one that is expected to be there at once. All cells share their random numbers, so that they
    differ by their settings alone. `progress` reports compilations, `kernel` is that of a sweep.

    **Raises** `SettingError` where the experiment does not allow values of the range, or not the kernel.
    """
    save = Save((observable,), steps_between(experiment.steps, REGISTRY[observable].recorder.fewest_saves or 1))
    seconds = _seconds(Sweep(experiment, (Axis.seeds(seeds),), save, precision=_PRECISION, kernel=kernel))
    at_once = [finer**2 * seeds * seconds <= _QUICK_S for finer in sides[1:]]
    sides = [side for side, passed in zip(sides, [*at_once, False], strict=True) if not passed]
    for side in sides:
        start = time.perf_counter()
        axes = (
            Axis("y", y.path, tuple(y.values(side).tolist())),
            Axis("x", x.path, tuple(x.values(side).tolist())),
            Axis.seeds(seeds),
        )
        sweep = Sweep(experiment, axes, save, precision=_PRECISION, kernel=kernel)
        if side != sides[0] and sweep.runs * seconds > _LONGEST_S:
            return
        values = _computed(sweep, _piece(sweep, seconds), wanted, progress, devices)
        if values is None:
            return
        yield Diagram(x.values(side), y.values(side), values.mean(axis=-1), sweep.runs, time.perf_counter() - start)


def _computed(
    sweep: Sweep, piece: int, wanted: Wanted, progress: Progress, devices: Sequence[jax.Device]
) -> np.ndarray | None:
    """The scalar of each run of a grid, in its shape, by `piece` runs at a time; None where it is not wanted any more.

    Grids of any number of cells share their programs.
    """
    plan = plan_of(sweep, piece)
    room = piece, piece if plan.most_draws > sweep.shape[-1] else sweep.shape[-1]
    values = np.full(sweep.shape, np.nan)
    with precision_of(sweep.precision):
        executors = Executors(plan, devices, PRECISIONS[sweep.precision], progress, room)
        before: tuple[Any, Pending] | None = None
        for chunk in [*plan.chunks(), None]:
            if not wanted():
                return None
            now = None if chunk is None else (chunk, executors.start(chunk))
            if before is not None:
                results = before[1].fetch()
                (name,) = sweep.save.observables
                dims = REGISTRY[name].all_dims
                values[before[0].region] = scalar(dims, results[name], results["result"]).reshape(before[0].shape)
            before = now
    return values


def _piece(sweep: Sweep, seconds: float) -> int:
    """The runs of a chunk, of so many seconds each: nobody else has a turn before they are done."""
    (observable,) = sweep.save.chosen
    span = sweep.save.span(sweep.experiment, sweep.most_blocks)
    saved = math.prod(observable.recorder.sizes(span, observable.dims).values())
    most = max(_QUICK_S, min(_CELLS * sweep.shape[-1] * seconds, _PIECE_S)) / seconds
    return max(1, int(min(most, _PIECE_NUMBERS / saved)))


def _seconds(sweep: Sweep) -> float:
    """Of one run. All of what a sweep takes would be found by tracing it, which is felt while a slider moves."""
    return sweep.experiment.steps / expected_speed(sweep, ())


def scalar(dims: tuple[str, ...], values: np.ndarray, result: np.ndarray) -> np.ndarray:
    """The last value of an observable in each run, and NaN where the run left the finite numbers.

    `dims`, one of `SCALARS`, are its dimensions within a run, the last of `values`: (..., saves), (..., blocks), or
    (...). `result`, (...), are the result codes of the runs.
    """
    values = np.asarray(values, np.float64)
    if dims == ("block",):
        # Blocks that a run does not reach are NaN.
        last = np.isfinite(values).cumsum(axis=-1).argmax(axis=-1)
        values = np.take_along_axis(values, last[..., None], axis=-1)[..., 0]
    elif dims:
        values = values[..., -1]
    return np.where(result == COMPLETED, values, np.nan)
