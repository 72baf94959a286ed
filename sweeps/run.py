"""`run_sweep`: the runs of a sweep, chunk by chunk into its store."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import jax

from gatednet.simulation import PRECISIONS, precision_of
from sweeps.chunks import Chunk, Computed, Plan
from sweeps.cluster import connected, on_workers
from sweeps.devices import devices_for
from sweeps.executor import Executors, Running
from sweeps.labelled import fingerprints
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
    cluster: str | None = None,
) -> Store:
    """Run a sweep into the store in `folder`, and return the finished store.

    A new folder is created; in the store of an interrupted sweep the chunks that are missing are computed; a finished
    one is returned at once, with `fresh` false. `restart` deletes the store that is there and starts over. `devices`
    are those of this process by default, or one of them where that is all that pays. `chunk_runs` is the largest number
    of runs in a chunk of a new store. The numbers depend on neither of the two.

    `cluster` is the address of a dask scheduler, whose workers then compute the chunks.

    An interruption at any moment, even by a kill, leaves a store that can be resumed.

    Features of images are taken from the cache, or computed first; see `sweeps.labelled.prepare`.

    **Raises** `SettingError` where the folder is not the store of this sweep, cannot be written, or is being written by
    another process, where no scheduler answers, and where images are not to be had.
    """
    path = Path(folder)
    progress = progress or Silent()
    if is_finished(sweep, path, restart=restart):
        return Store.open(path)
    with contextlib.ExitStack() as stack:
        client = None if cluster is None else stack.enter_context(connected(cluster))
        # Before anything is created or deleted: there may be none.
        devices = list(devices or devices_for(sweep))
        # So may images.
        features = fingerprints([sweep])
        if restart and path.exists():
            Store(path).remove()
        store = _existing(sweep, path) or Store.create(path, sweep, chunk_runs)
        stack.enter_context(store.lock())
        stack.enter_context(precision_of(sweep.precision))
        plan = store.plan
        missing = [chunk for chunk in plan.chunks() if not store.is_done(chunk)]
        computed = (
            _locally(plan, missing, devices, progress)
            if client is None
            else on_workers(client, plan, missing, progress)
        )
        store.fresh = True
        store.begin(devices, features)
        _keep(store, missing, computed, progress)
        store.finish()
    return store


def is_finished(sweep: Sweep, folder: str | os.PathLike[str], *, restart: bool = False) -> bool:
    """Whether `run_sweep` has nothing to compute in a folder.

    **Raises** `SettingError` where the folder is something that `run_sweep` refuses.
    """
    path = Path(folder)
    if restart:
        if path.exists():
            Store(path)._plan_text()  # refused where it is none, before anything is deleted
        return False
    store = _existing(sweep, path)
    return store is not None and store.finished


def _existing(sweep: Sweep, folder: Path) -> Store | None:
    """The store that is gone on with; None where one is created."""
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return None
    store = Store.open(folder)
    store.require(sweep)
    store.check()
    return store


def _keep(store: Store, chunks: Sequence[Chunk], computed: Iterator[Computed], progress: Progress) -> None:
    """Write chunks into the store as they are computed."""
    sweep, plan = store.sweep, store.plan
    steps = {chunk: chunk.runs * sweep.group(plan.group(chunk)).steps for chunk in chunks}
    progress.begin(sweep.runs, sweep.runs - sum(chunk.runs for chunk in chunks), sum(steps.values()))
    try:
        for chunk, results in computed:
            store.write(chunk, results)
            progress.stored(chunk.runs, steps[chunk])
    finally:
        progress.end()


def _locally(
    plan: Plan, chunks: Sequence[Chunk], devices: Sequence[jax.Device], progress: Progress
) -> Iterator[Computed]:
    """The results of chunks; while the caller has one, the devices work on the next."""
    executors = Executors(plan, devices, PRECISIONS[plan.sweep.precision], progress)
    before: tuple[Chunk, Running] | None = None
    for chunk in chunks:
        now = executors.start(chunk)
        if before is not None:
            yield before[0], before[1].fetch()
        before = chunk, now
    if before is not None:
        yield before[0], before[1].fetch()
