"""`Executor`: a recipe compiled for lanes that are shared out among the devices of this process.

Each device has a program of its own, and all have the same. A single program that XLA partitions over the devices goes
through other passes than that of one device; products and sums are contracted elsewhere in it, and some observables
differ in the last bit. As it is, a run has the same bits on any number of devices, and in `gatednet.simulate`.
"""

from __future__ import annotations

import concurrent.futures
import dataclasses
import functools
import threading
import time
from collections.abc import Sequence
from typing import Any, ClassVar

import jax
import numpy as np
from jax import Array

from gatednet.engine.batch import Batch, Packing, Recipe, jitted, pack, unpack
from gatednet.engine.compiler import uncollected
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

    For each of them its arrays, that may not be ready, and where its runs are in them; `runs` leaves out those that
    fill up lanes.
    """

    parts: Sequence[tuple[dict[str, Array], np.ndarray]]
    runs: int

    def fetch(self) -> dict[str, np.ndarray]:
        """The results in the order of the request, once they are there."""
        parts = [unpack(results, place) for results, place in self.parts]
        return {name: np.concatenate([part[name] for part in parts])[: self.runs] for name in parts[0]}


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


class Executor:
    """The programs of one compilation.

    Every device gets the same number of whole lanes; what is missing in the last of them is filled up with copies of
    the last run, and lanes that a smaller chunk leaves empty are not advanced.
    """

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.programs: list[Any] = []

    def pack(self, request: Request) -> list[Packing]:
        """The lanes of each device."""
        shape = self.shape
        width, runs = shape.recipe.width, len(request.seeds)
        share = -(-runs // (width * len(shape.devices))) * width
        missing = share * len(shape.devices) - runs

        def filled(values: np.ndarray) -> np.ndarray:
            return np.concatenate([values, np.repeat(values[-1:], missing)])

        values = {path: filled(each) for path, each in request.values.items()}
        seeds, streams = filled(request.seeds), filled(request.streams)
        parts = [slice(place * share, (place + 1) * share) for place in range(len(shape.devices))]
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

    def placed(self, packings: Sequence[Packing]) -> list[Batch]:
        """The batch of each device, in its memory."""
        return [
            jax.device_put(packing.batch, device) for packing, device in zip(packings, self.shape.devices, strict=True)
        ]

    def compile(self, request: Request) -> None:
        """Compile for requests like this one, for all devices at a time."""
        # One function for all devices, so that it is traced once; not one that is kept, as its programs are kept here.
        function = jitted(self.shape.recipe)
        batches = self.placed(self.pack(request))
        with uncollected(), concurrent.futures.ThreadPoolExecutor(len(batches)) as pool:
            # The first is compiled while the next is lowered.
            compiling = [pool.submit(self._compiled, function.lower(batch)) for batch in batches]
            self.programs = [each.result() for each in compiling]

    def _compiled(self, lowered: Any) -> Any:
        # What JAX is set to is a matter of each thread.
        with precision_of(np.dtype(self.shape.dtype).name):
            return lowered.compile()

    def run(self, batches: Sequence[Batch]) -> list[dict[str, Array]]:
        """Hand batches to their devices; returns before they are ready."""
        return [program(batch) for program, batch in zip(self.programs, batches, strict=True)]

    def start(self, request: Request) -> Running:
        """Hand a chunk to the devices; returns before they are ready."""
        packings = self.pack(request)
        results = self.run(self.placed(packings))
        places = [packing.place for packing in packings]
        return Running(list(zip(results, places, strict=True)), len(request.seeds))


class Executors:
    """Hands the chunks of a plan to devices; what a static group needs is compiled when its first chunk comes.

    Compilations are kept for all sweeps of this process, also those that another thread has under way. `room` are runs
    and draws that programs have room for at least, so that sweeps with chunks of several sizes share them.
    """

    _kept: ClassVar[dict[Shape, concurrent.futures.Future[Executor]]] = {}
    _lock: ClassVar[threading.Lock] = threading.Lock()

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
        with self._lock:
            kept = self._kept.pop(shape, None)
            future = self._kept[shape] = kept or concurrent.futures.Future()
            while len(self._kept) > KEPT:
                self._kept.pop(next(iter(self._kept)))
        if kept is None or not kept.done():
            self.progress.compiling()
            start = time.perf_counter()
            if kept is None:
                self._compile(shape, request, future)
            future.result()
            self.progress.compiled(time.perf_counter() - start)
        return future.result(), request

    def _compile(self, shape: Shape, request: Request, future: concurrent.futures.Future[Executor]) -> None:
        executor = Executor(shape)
        try:
            executor.compile(request)
        except BaseException as failure:
            # Whoever waits for it is told, and whoever comes after tries again.
            with self._lock:
                if self._kept.get(shape) is future:
                    del self._kept[shape]
            future.set_exception(failure)
            raise
        future.set_result(executor)
