"""`run_sweep`: the runs of a sweep, chunk by chunk into its store."""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import os
import warnings
from collections.abc import Generator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import jax

from gatednet.kernels.kernel import check_platform
from gatednet.refusal import SettingError, shown
from gatednet.simulation import PRECISIONS, precision_of
from gatednet.sweeps.execution.cluster import check_sendable, connected, first_workers, on_workers
from gatednet.sweeps.execution.executor import Executors
from gatednet.sweeps.execution.search import Pending
from gatednet.sweeps.files import known_sha256, reason_of
from gatednet.sweeps.images.labelled import fingerprints
from gatednet.sweeps.imports import UnrecordedSourceWarning
from gatednet.sweeps.planning.devices import devices_for
from gatednet.sweeps.planning.grid import Chunk
from gatednet.sweeps.planning.plan import Computed, Plan, plan_of
from gatednet.sweeps.planning.stability import warn_of_stiffness
from gatednet.sweeps.progress import Progress, Silent
from gatednet.sweeps.store.asides import check_deletable, sweep_up
from gatednet.sweeps.store.creation import TakenError, check_place, is_free, new_store, place_of, resolved
from gatednet.sweeps.store.store import Store
from gatednet.sweeps.sweep import Sweep

# How often another process may create the store between a look and the creation.
_RACES = 3


def run_sweep(
    sweep: Sweep,
    folder: str | os.PathLike[str],
    *,
    restart: bool = False,
    progress: Progress | None = None,
    devices: Sequence[jax.Device] | None = None,
    chunk_runs: int | None = None,
    cluster: str | None = None,
    mix_versions: bool = False,
) -> Store:
    """Run a sweep into the store in `folder`, and return the finished store.

    A new folder is created; in the store of an interrupted sweep the chunks that are missing are computed, and those
    that are damaged again; a finished one is returned at once, with `fresh` false, once all of its files have been
    compared with their digests. `restart` replaces the store that is there and starts over. `devices` are those of this
    process by default, or one of them where that is all that pays. `chunk_runs` is the largest number of runs in a
    chunk of a new store. The numbers depend on neither of the two.

    `cluster` is the address of a dask scheduler, whose workers then compute the chunks. `mix_versions` goes on with a
    store that was begun with other versions or on another kind of processor, which may differ in last bits.

    An interruption at any moment, even by a kill, leaves a store that can be resumed.

    Features of images are taken from the cache, or computed first; see `gatednet.sweeps.images.labelled.prepare`.

    **Raises** `SettingError`, before anything is changed, where the folder is not the store of this sweep, is damaged
    beyond what can be computed again, cannot be written, or is being written by another process, where it was begun
    with other versions or another source of a user's own parts, where no scheduler answers or workers lack those parts,
    and where images are not to be had. **Raises** `WriteError` where the system fails later, as a full disk does: the
    same call then goes on.

    **Warns** `UnrecordedSourceWarning` of parts of a script or notebook, whose source a store cannot record.
    """
    sweep, path = sweep.current(), place_of(folder)
    progress = progress or Silent()
    if is_finished(sweep, path, restart=restart):
        sweep_up(resolved(path))
        return Store.open(path)
    with contextlib.ExitStack() as stack:
        # All that can be refused comes before the first change.
        if cluster is not None:
            check_sendable(sweep.sources)
        client = None if cluster is None else stack.enter_context(connected(cluster))
        workers = {} if client is None else first_workers(client, progress, sweep.sources, mix_versions=mix_versions)
        computing = tuple(workers.values())
        usable = _checked(devices, sweep)
        check_platform(sweep.kernel, usable[0].platform)
        plan = plan_of(sweep, chunk_runs)
        check_resumable(sweep, path, restart=restart, mix_versions=mix_versions, devices=usable, workers=computing)
        warn_of_stiffness(sweep)
        warn_of_unrecorded(sweep)
        # A network may have to be trained for them.
        features = fingerprints([sweep])
        for last in (*(False,) * (_RACES - 1), True):
            there = _existing(sweep, path, restart=restart)
            _check_change(sweep, path, there, usable, features, mix_versions=mix_versions, workers=computing)
            try:
                store = stack.enter_context(_locked(path, plan, there))
            except TakenError:
                if last:
                    raise
            else:
                break
        # Another process may have gone on with it in between.
        store.require(sweep)
        faults = [(chunk, fault) for chunk, fault in store.faults(store.plan.chunks(), known_sha256) if fault]
        if not faults and store.finished:
            return store
        missing = [chunk for chunk, _ in faults]
        damaged = [chunk for chunk in missing if os.path.lexists(store.record(chunk))]
        store.check_replaceable(missing)
        going = store.as_begun(store.sweep)
        store.begin(
            usable, features, kernel=going.used_kernel, mix_versions=mix_versions, workers=computing, again=damaged
        )
        plan = store.plan if going is store.sweep else dataclasses.replace(store.plan, sweep=going)
        store.fresh, store.mended = True, tuple(chunk.name for chunk in damaged)
        stack.enter_context(precision_of(sweep.precision))
        computed = (
            _locally(plan, missing, usable, progress)
            if client is None
            else on_workers(client, plan, missing, progress, workers=workers, mix_versions=mix_versions)
        )
        _keep(store, missing, stack.enter_context(contextlib.closing(computed)), progress)
        store.finish()
    return store


def warn_of_unrecorded(sweep: Sweep) -> None:
    """Warn of parts of a script or notebook: nothing tells later whether they are the same."""
    if sweep.unrecorded:
        warnings.warn(
            f"parts of {' and '.join(sweep.unrecorded)} have no source file that the store could record: it is resumed "
            "by their names and values alone; a module of their own is recorded",
            UnrecordedSourceWarning,
            stacklevel=3,
        )


def is_finished(sweep: Sweep, folder: str | os.PathLike[str], *, restart: bool = False) -> bool:
    """Whether `run_sweep` has nothing to compute in a folder: all of its store is there and agrees with its digests.

    **Raises** `SettingError` where the folder is something that `run_sweep` refuses.
    """
    store = _existing(sweep, place_of(folder), restart=restart)
    if store is None or not store.finished:
        return False
    return not any(fault for _, fault in store.faults(store.plan.chunks(), known_sha256))


def check_resumable(
    sweep: Sweep,
    folder: str | os.PathLike[str],
    *,
    restart: bool = False,
    mix_versions: bool = False,
    devices: Sequence[jax.Device] | None = None,
    workers: Sequence[Mapping[str, str]] = (),
) -> None:
    """Raise `SettingError` where `run_sweep` would refuse to write into a folder, but for features of images.

    `workers` are the versions of the workers of a cluster where those compute.
    """
    path = place_of(folder)
    there = _existing(sweep, path, restart=restart)
    usable = [] if there is None else _checked(devices, sweep)
    _check_change(sweep, path, there, usable, None, mix_versions=mix_versions, workers=workers)


def _check_change(
    sweep: Sweep,
    folder: Path,
    there: Store | None,
    devices: Sequence[jax.Device],
    features: Mapping[str, Any] | None,
    *,
    mix_versions: bool,
    workers: Sequence[Mapping[str, str]],
) -> None:
    if there is None:
        check_place(folder, None if is_free(folder) else Store(folder).arrays)
    else:
        kernel = there.as_begun(sweep).used_kernel
        there.check_sessions(devices, features, kernel=kernel, mix_versions=mix_versions, workers=workers)
        there.check_changeable()


def _existing(sweep: Sweep, folder: Path, *, restart: bool) -> Store | None:
    """The store that is gone on with; None where one is created, in the place of another or not."""
    try:
        return _looked_at(sweep, folder, restart=restart)
    except OSError as error:
        raise SettingError(f"{folder} cannot be read: {reason_of(error)}") from error


def _looked_at(sweep: Sweep, folder: Path, *, restart: bool) -> Store | None:
    if is_free(folder):
        return None
    store = Store(folder)
    if restart or store.never_completed:
        store.check_ours()
        if not restart:
            store.require_if_known(sweep)
        check_deletable(resolved(folder), store.arrays)
        return None
    store = Store.open(folder)
    store.require(sweep)
    store.check(known_sha256, mendable=True)
    return store


@contextlib.contextmanager
def _locked(folder: Path, plan: Plan, there: Store | None) -> Iterator[Store]:
    """The store that is there, or a new one, which nobody else writes meanwhile."""
    if there is not None:
        with there.lock():
            yield Store.open(folder)
    elif is_free(folder):
        with new_store(folder, plan):
            yield Store.open(folder)
    else:
        old = Store(folder)
        with old.lock():
            old.check_ours()
            check_place(folder, old.arrays)
            with new_store(folder, plan, replaces=True):
                yield Store.open(folder)


def _checked(devices: Sequence[jax.Device] | None, sweep: Sweep) -> list[jax.Device]:
    """The devices to compute on.

    **Raises** `SettingError` for devices of other processes, and for several kinds of devices, whose bits differ.
    """
    if devices is None:
        return devices_for(sweep)
    try:
        found = list(devices)
    except TypeError:
        found = []
    here = [each for each in found if isinstance(each, jax.Device) and each.process_index == jax.process_index()]
    if not found or len(set(here)) < len(found) or len({each.device_kind for each in here}) > 1:
        raise SettingError(f"devices are {shown(devices)}, allowed are those of one kind of this process, each once")
    return found


def _keep(store: Store, chunks: Sequence[Chunk], computed: Iterator[Computed], progress: Progress) -> None:
    """Write chunks into the store as they are computed."""
    sweep, plan = store.sweep, store.plan
    steps = {chunk: chunk.runs * sweep.simulations * sweep.group(plan.group(chunk)).steps for chunk in chunks}
    progress.begin(sweep.runs, sweep.runs - sum(chunk.runs for chunk in chunks), sum(steps.values()))
    try:
        for chunk, results in computed:
            store.write(chunk, results)
            progress.stored(chunk.runs, steps[chunk])
    finally:
        progress.end()


def _locally(
    plan: Plan, chunks: Sequence[Chunk], devices: Sequence[jax.Device], progress: Progress
) -> Generator[Computed]:
    """The results of chunks; while the caller has one, the devices work on the next."""
    executors = Executors(plan, devices, PRECISIONS[plan.sweep.precision], progress)
    started: collections.deque[tuple[Chunk, Pending]] = collections.deque()
    try:
        for chunk in chunks:
            started.append((chunk, executors.start(chunk)))
            if len(started) > 1:
                yield _fetched(*started[0])
                started.popleft()
        for each in started:
            yield _fetched(*each)
    finally:
        # An interruption waits for what the devices compute, and not for what comes after.
        for _, pending in started:
            pending.cancel()


def _fetched(chunk: Chunk, pending: Pending) -> Computed:
    return chunk, pending.fetch()
