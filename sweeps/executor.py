"""`Executor`: a recipe compiled for lanes that are shared out among the devices of this process."""

from __future__ import annotations

import dataclasses
import functools
import time
from collections.abc import Sequence
from typing import Any

import jax
import numpy as np
from jax import Array
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from gatednet.batch import Batch, Recipe, pack, run_batch, unpack
from sweeps.chunks import Chunk, Plan, Request
from sweeps.progress import Progress

DEVICES = PartitionSpec("devices")


@dataclasses.dataclass(frozen=True)
class Running:
    """A chunk that devices are working on: arrays that may not be ready, and where its runs are in them."""

    results: dict[str, Array]
    place: np.ndarray
    runs: int

    def fetch(self) -> dict[str, np.ndarray]:
        """The results in the order of the request, once they are there."""
        return {name: values[: self.runs] for name, values in unpack(self.results, self.place).items()}


@dataclasses.dataclass
class Executor:
    """One compilation: `recipe` for chunks of at most `runs` runs that start from at most `draws` draws.

    Every device gets the same number of whole lanes; what is missing is filled up with copies of the last run, so that
    all chunks have one shape.
    """

    recipe: Recipe
    dtype: Any
    runs: int
    draws: int
    devices: Sequence[jax.Device]
    compiled: Any = None

    @property
    def lanes(self) -> int:
        """Lanes of one device."""
        return -(-self.runs // (self.recipe.width * len(self.devices)))

    @functools.cached_property
    def sharding(self) -> NamedSharding:
        """How the leading axis of every array is shared out among the devices."""
        return NamedSharding(Mesh(np.array(self.devices), ("devices",)), DEVICES)

    def pack(self, request: Request) -> tuple[Batch, np.ndarray]:
        """The lanes of all devices after each other, and where each run is in them, padding last."""
        share = self.lanes * self.recipe.width
        missing = share * len(self.devices) - len(request.seeds)

        def filled(values: np.ndarray) -> np.ndarray:
            return np.concatenate([values, np.repeat(values[-1:], missing)])

        values = {path: filled(each) for path, each in request.values.items()}
        seeds, streams = filled(request.seeds), filled(request.streams)
        parts = []
        for device in range(len(self.devices)):
            part = slice(device * share, (device + 1) * share)
            parts.append(
                pack(
                    request.experiment,
                    {path: each[part] for path, each in values.items()},
                    seeds[part],
                    streams[part],
                    self.recipe.width,
                    self.dtype,
                    self.lanes,
                    min(self.draws, share),
                )
            )
        batch = jax.tree.map(lambda *leaves: np.concatenate(leaves), *(part.batch for part in parts))
        place = np.concatenate([part.place + device * share for device, part in enumerate(parts)])
        return batch, place

    def compile(self, request: Request) -> float:
        """Compile for requests like this one; returns the seconds that it took."""
        start = time.perf_counter()
        batch, _ = self.pack(request)
        function = jax.shard_map(
            functools.partial(run_batch, self.recipe),
            mesh=self.sharding.mesh,
            in_specs=DEVICES,
            out_specs=DEVICES,
            check_vma=False,
        )
        self.compiled = jax.jit(function).lower(jax.device_put(batch, self.sharding)).compile()
        return time.perf_counter() - start

    def start(self, request: Request) -> Running:
        """Hand a chunk to the devices; returns before they are ready."""
        batch, place = self.pack(request)
        return Running(self.compiled(jax.device_put(batch, self.sharding)), place, len(request.seeds))


class Executors:
    """The compilations of a plan: one for each static group, made when its first chunk comes."""

    def __init__(self, plan: Plan, devices: Sequence[jax.Device], dtype: type, progress: Progress) -> None:
        self.plan, self.devices, self.dtype, self.progress = plan, devices, dtype, progress
        self.known: dict[object, Executor] = {}

    def start(self, chunk: Chunk) -> Running:
        """Hand a chunk to the devices, after compiling where it is the first of its kind."""
        plan = self.plan
        request, recipe = plan.request(chunk), plan.sweep.recipe(plan.group(chunk))
        executor = self.known.get(recipe)
        if executor is None:
            executor = Executor(recipe, self.dtype, plan.chunk_runs, plan.most_draws, self.devices)
            self.progress.compiling()
            self.progress.compiled(executor.compile(request))
            # Only the latest is kept: chunks come group by group.
            self.known = {recipe: executor}
        return executor.start(request)
