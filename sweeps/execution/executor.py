"""`Executor`: a recipe compiled for lanes that are shared out among the devices of this process.

All devices run the same program, each by itself. A single one that XLA partitions over the devices goes through other
passes than that of one device; products and sums are contracted elsewhere in it, and some observables differ in the
last bit. As it is, a run has the same bits on any number of devices, and in `gatednet.simulate`.
"""

from __future__ import annotations

import dataclasses
import functools
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, ClassVar

import jax
import numpy as np
from jax import Array

from gatednet.engine.batch import Batch, Packing, Recipe, pack, unpack
from gatednet.engine.kept import Kept
from gatednet.engine.programs import Programs, compiled_for
from gatednet.kernels.kernel import PLATFORM
from gatednet.simulation import precision_of
from gatednet.sweeps.execution.search import Pending, Searching
from gatednet.sweeps.images.labelled import examples_for
from gatednet.sweeps.planning.grid import Chunk
from gatednet.sweeps.planning.plan import Plan, Request
from gatednet.sweeps.progress import Progress

# The number of compilations that are kept for sweeps that come after; those of one figure often share them.
KEPT = 24


@dataclasses.dataclass(frozen=True)
class Running:
    """A chunk that devices are working on.

    For each part of it its arrays, that may not be ready, and where its runs are in them; `runs` leaves out those that
    fill up lanes.
    """

    parts: Sequence[tuple[Future[dict[str, Array]], np.ndarray]]
    runs: int

    def fetch(self) -> dict[str, np.ndarray]:
        """The results in the order of the request, once they are there."""
        parts = [unpack(results.result(), place) for results, place in self.parts]
        return {name: np.concatenate([part[name] for part in parts])[: self.runs] for name in parts[0]}

    def cancel(self) -> None:
        """Drop what no device has begun."""
        for results, _ in self.parts:
            results.cancel()


@dataclasses.dataclass(frozen=True)
class Shape:
    """All that a compilation depends on: `recipe`, for chunks of at most `runs` runs that start from `draws` draws.

    `sizes` are those of the examples of labelled inputs, None for others.
    """

    recipe: Recipe
    dtype: Any
    runs: int
    draws: int
    devices: tuple[jax.Device, ...]
    sizes: tuple[int, int] | None = None

    @property
    def lanes(self) -> int:
        """Lanes of one device."""
        return -(-self.runs // (self.recipe.width * len(self.devices)))

    @property
    def share(self) -> int:
        """Runs of one device, with those that fill up its lanes."""
        return self.lanes * self.recipe.width


@functools.cache
def _thread_of(device: jax.Device) -> ThreadPoolExecutor:
    """The thread that calls a device: more loops at a time than XLA has threads could stop each other.

    Python waits for such threads at its end, whoever started them.
    """
    del device
    return ThreadPoolExecutor(1, thread_name_prefix="runs")


class Executor:
    """The programs of one compilation.

    Devices get the same number of whole lanes, as far as there are any; what is missing in the last of them is filled
    up with copies of the last run, and lanes that a smaller chunk leaves empty are not advanced. Devices of the
    processor, which are its cores, have one program for all: it is compiled once, and each core calls it in its own
    thread.
    """

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        first = shape.devices[0]
        self._homes = [first if each.platform == PLATFORM else each for each in shape.devices]
        self._programs: dict[jax.Device, Programs] = {}

    def pack(self, request: Request) -> list[Packing]:
        """The lanes of each device, of as many as there are lanes for."""
        shape = self.shape
        width, runs = shape.recipe.width, len(request.seeds)
        share = -(-runs // (width * len(shape.devices))) * width
        used = -(-runs // share)

        def filled(values: np.ndarray) -> np.ndarray:
            return np.concatenate([values, np.repeat(values[-1:], used * share - runs)])

        values = {path: filled(each) for path, each in request.values.items()}
        seeds, streams = filled(request.seeds), filled(request.streams)
        parts = [slice(place * share, (place + 1) * share) for place in range(used)]
        return [
            pack(
                request.experiment,
                {path: each[part] for path, each in values.items()},
                seeds[part],
                streams[part],
                width,
                shape.dtype,
                shape.lanes,
                min(shape.draws, shape.share),
                request.examples,
            )
            for part in parts
        ]

    def compile(self, request: Request) -> None:
        """Compile for requests like this one, for all devices at a time."""
        batch, homes = self.pack(request)[0].batch, list(dict.fromkeys(self._homes))
        given = [jax.device_put(batch, home) for home in homes]
        programs = compiled_for(self.shape.recipe, given, in_parts=len(self.shape.devices) == 1)
        self._programs = dict(zip(homes, programs, strict=True))

    def start(self, request: Request) -> Running:
        """Hand a chunk to the devices; returns before they are ready."""
        packings = self.pack(request)
        running = self.run([each.batch for each in packings])
        return Running(list(zip(running, [each.place for each in packings], strict=True)), len(request.seeds))

    def run(self, batches: Sequence[Batch]) -> list[Future[dict[str, Array]]]:
        """Hand the batches of `pack` to the devices; returns before they are ready."""
        return [self._run(place, batch) for place, batch in enumerate(batches)]

    def _run(self, place: int, batch: Batch) -> Future[dict[str, Array]]:
        """The results of a batch on a device, which takes one after the other."""
        device, home = self.shape.devices[place], self._homes[place]

        def work() -> dict[str, Array]:
            # What JAX is set to is a matter of each thread.
            with precision_of(np.dtype(self.shape.dtype).name):
                # Programs of the processor take NumPy's arrays as they are.
                there = batch if device.platform == PLATFORM else jax.device_put(batch, home)
                results = self._programs[home](there)
                # A core is free when its results are there; other devices queue what they are handed.
                return jax.block_until_ready(results) if device.platform == PLATFORM else results

        return _thread_of(device).submit(work)


class Executors:
    """Hands the chunks of a plan to devices; what a static group needs is compiled when its first chunk comes.

    Compilations are kept for all sweeps of this process, also those that another thread has under way. `room` are runs
    and draws that programs have room for at least, so that sweeps with chunks of several sizes share them.
    """

    _kept: ClassVar[Kept[Shape, Executor]] = Kept(KEPT)

    def __init__(
        self,
        plan: Plan,
        devices: Sequence[jax.Device],
        dtype: type,
        progress: Progress,
        room: tuple[int, int] = (0, 0),
    ) -> None:
        self.plan, self.devices, self.dtype, self.progress = plan, tuple(devices), dtype, progress
        self._runs, self._draws = max(plan.chunk_runs, room[0]), max(plan.most_draws, room[1])
        # Read once for all chunks of a group: to know that features are the right ones takes reading the images.
        self._examples = functools.cache(examples_for)

    def start(self, chunk: Chunk) -> Pending:
        """Hand a chunk to the devices, after compiling where it is the first of its kind."""
        executor, request = self.compiled(chunk)
        search = self.plan.sweep.search
        return executor.start(request) if search is None else Searching(search, request, executor.start)

    def compiled(self, chunk: Chunk) -> tuple[Executor, Request]:
        """What runs a chunk, from this sweep or an earlier one where there is one, and the runs of the chunk."""
        plan = self.plan
        request, recipe = plan.request(chunk), plan.sweep.recipe(plan.group(chunk))
        examples = self._examples(request.experiment)
        request = dataclasses.replace(request, examples=examples)
        sizes = None if examples is None else examples.sizes
        shape = Shape(recipe, self.dtype, self._runs, self._draws, self.devices, sizes)

        def made() -> Executor:
            executor = Executor(shape)
            executor.compile(request)
            return executor

        if self._kept.ready(shape):
            return self._kept.get(shape, made), request
        self.progress.compiling()
        start = time.perf_counter()
        executor = self._kept.get(shape, made)
        self.progress.compiled(time.perf_counter() - start)
        return executor, request
