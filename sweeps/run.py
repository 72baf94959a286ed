"""`run_sweep`: the runs of a sweep, chunk by chunk into its store."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import jax

from gatednet.simulation import precision_of
from sweeps.chunks import Chunk, Plan
from sweeps.devices import usable_devices
from sweeps.executor import Executor, Running
from sweeps.plan import Sweep
from sweeps.progress import Progress, Silent
from sweeps.store import Store


def run_sweep(
    sweep: Sweep,
    folder: str | os.PathLike[str],
    *,
    restart: bool = False,
    progress: Progress | None = None,
    devices: Sequence[jax.Device] | None = None,
    chunk_runs: int | None = None,
) -> Store:
    """Run a sweep into the store in `folder`, and return the finished store.

    A new folder is created; in the store of an interrupted sweep the chunks that are missing are computed; a finished
    one is returned at once, with `fresh` false. `restart` deletes the store that is there and starts over. `devices`
    are those of this process by default. `chunk_runs` is the largest number of runs in a chunk of a new store. The
    numbers depend on neither of the two.

    An interruption at any moment, even by a kill, leaves a store that can be resumed.

    **Raises** `SettingError` where the folder is not the store of this sweep, cannot be written, or is being written by
    another process.
    """
    path = Path(folder)
    devices = list(devices or usable_devices())
    if restart and path.exists():
        Store(path).remove()
    if path.exists() and not (path.is_dir() and not any(path.iterdir())):
        store = Store.open(path)
        store.require(sweep)
        store.check()
        if store.finished:
            return store
    else:
        store = Store.create(path, sweep, chunk_runs)
    with store.lock(), precision_of(sweep.precision) as dtype:
        missing = [chunk for chunk in store.plan.chunks() if not store.is_done(chunk)]
        store.fresh = True
        store.begin(devices)
        _compute(store, missing, devices, dtype, progress or Silent())
        store.finish()
    return store


def _compute(
    store: Store, chunks: Sequence[Chunk], devices: Sequence[jax.Device], dtype: type, progress: Progress
) -> None:
    """Compute and store chunks; one is written while the devices work on the next."""
    plan, sweep = store.plan, store.sweep
    executors = Executors(plan, devices, dtype, progress)
    steps = {chunk: chunk.runs * sweep.group(plan.group(chunk)).steps for chunk in chunks}
    progress.begin(sweep.runs, sweep.runs - sum(chunk.runs for chunk in chunks), sum(steps.values()))

    def put(chunk: Chunk, running: Running) -> None:
        store.write(chunk, running.fetch())
        progress.stored(chunk.runs, steps[chunk])

    before: tuple[Chunk, Running] | None = None
    try:
        for chunk in chunks:
            now = executors.start(chunk)
            if before is not None:
                put(*before)
            before = chunk, now
        if before is not None:
            put(*before)
    finally:
        progress.end()


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
