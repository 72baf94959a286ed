"""The chunks of a sweep on the workers of a dask cluster.

Workers get the plan as text and the place of a chunk, and send its arrays back; this process alone writes the store. So
workers need no common folder, and a worker that is lost costs the chunk that it was at: dask gives it to another one.
The numbers are those of a sweep on this machine where the processors are of one kind, and so are all versions: workers
say what they are, before the first chunk and with every result.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import socket
import threading
import time
import warnings
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from gatednet.kernels.choice import here
from gatednet.refusal import SettingError, printable
from gatednet.simulation import PRECISIONS, precision_of
from gatednet.sweeps.devices import usable_devices
from gatednet.sweeps.execution.executor import Executors
from gatednet.sweeps.imports import NOT_RECORDED, import_from_folder, source_of
from gatednet.sweeps.planning.devices import devices_for
from gatednet.sweeps.planning.grid import Chunk
from gatednet.sweeps.planning.plan import Computed, Plan
from gatednet.sweeps.progress import Progress, Silent
from gatednet.sweeps.store.provenance import BITS, versions
from gatednet.sweeps.text import from_text, to_text

if TYPE_CHECKING:
    from distributed import Client, Future

# A worker may be given several chunks at once; it works on one, with all its devices.
_ONE_AT_A_TIME = threading.Lock()
# Seconds: for the first answer of a scheduler, without workers before that is reported, between polls for results.
_ANSWER, _PATIENCE, _LOOK = 10.0, 5.0, 0.02
# And between polls for a first worker.
_POLL = 0.2
_NO_WORKERS = "waiting for workers, of which the cluster has none"
_SCHEMES = ("tcp", "tls")
_NONE: Mapping[str, str] = MappingProxyType({})
# Their messages are for those who run a cluster; a sweep reports itself what concerns it.
_LOGGERS = ("distributed", "tornado", "asyncio")


class ClusterError(RuntimeError):
    """A cluster that fails while it computes; its text is one line. What is stored stays, and can be continued."""


@contextlib.contextmanager
def connected(address: str) -> Iterator[Client]:
    """A client of the scheduler at an address such as "tcp://node1:8786", for as long as the context lasts.

    For "tls://node1:8786" the certificates are those of dask's configuration, `distributed.comm.tls`.

    **Raises** `SettingError` where dask is not installed, the address is none, and the scheduler does not answer.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise SettingError("clusters need dask: install gatednet[cluster]") from error

    class Closed(Client):
        """A client that is closed where it cannot start; dask leaves that to whichever thread collects it later."""

        def start(self, **options: Any) -> None:
            try:
                super().start(**options)
            except BaseException:
                self.close(timeout=2)
                raise

    host, port = _checked(address)
    with _quiet():
        try:
            # Dask asks again and again, which only helps where a scheduler is being started.
            with socket.create_connection((host, port), _ANSWER):
                pass
            client = Closed(address, timeout=_ANSWER)
        # A certificate that is missing or not understood is one of several kinds of errors.
        except (TimeoutError, OSError, ValueError, TypeError, RuntimeError) as error:
            tls = ", with the certificates of dask's configuration" if address.startswith("tls://") else ""
            raise SettingError(f"no scheduler answers at {address!r}{tls}: {_said(error)}") from error
        try:
            yield client
        finally:
            # A scheduler that is gone is not waited for.
            with contextlib.suppress(Exception):
                client.close(timeout=2)


def _checked(address: str) -> tuple[str, int]:
    """Host and port of an address."""
    scheme, _, place = address.rpartition("://")
    host, _, port = place.rpartition(":")
    host = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    number = int(port) if port.isascii() and port.isdigit() and len(port) <= 5 else 0
    if scheme not in ("", *_SCHEMES) or not host or not host.isprintable() or not 0 < number < 2**16:
        allowed = " or ".join(f"{each}://HOST:PORT" for each in _SCHEMES)
        raise SettingError(f"the address of the cluster is {address!r}, allowed is {allowed}")
    try:
        host.encode("idna")
    except UnicodeError as error:
        raise SettingError(f"the address of the cluster is {address!r}: the name of its host is none") from error
    return host, number


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Silence what dask logs about connections."""
    names = [name for name in logging.root.manager.loggerDict if name.partition(".")[0] in _LOGGERS]
    levels = {name: logging.getLogger(name).level for name in {*names, *_LOGGERS}}
    for name in levels:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    try:
        with warnings.catch_warnings():
            # Of versions of packages that no number depends on.
            warnings.filterwarnings("ignore", module="distributed")
            yield
    finally:
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)


def versions_of_workers(client: Client, sources: Mapping[str, str] = _NONE) -> dict[str, dict[str, str]]:
    """What `gatednet.sweeps.store.provenance.versions` gives on each of the workers that are there, by their addresses.

    `sources` are those of a sweep: modules that workers import, with the digests that they must have there.

    **Raises** `SettingError` where a worker cannot say it, as one that lacks a package or has another source.
    """
    try:
        found: Any = client.run(described, dict(sources), on_error="return")
    except Exception as error:
        raise SettingError(f"the workers of the cluster do not say what they are: {_said(error)}") from error
    for worker, said in found.items():
        if isinstance(said, BaseException):
            raise SettingError(f"the worker at {worker} cannot compute: {_said(said)}")
    return found


def first_workers(
    client: Client, progress: Progress, sources: Mapping[str, str] = _NONE, *, mix_versions: bool = False
) -> dict[str, dict[str, str]]:
    """The versions of the workers once there are some, by their addresses; `progress` reports a long wait.

    `sources` are as for `versions_of_workers`.

    **Raises** `ClusterError` where the scheduler is lost, and `SettingError` as `versions_of_workers` and, without
    `mix_versions`, `check_alike` do.
    """
    since: float | None = time.monotonic()
    with _told():
        while not client.nthreads():
            if since is not None and time.monotonic() - since >= _PATIENCE:
                progress.waiting(_NO_WORKERS)
                since = None
            time.sleep(_POLL)
    workers = versions_of_workers(client, sources)
    if not mix_versions:
        check_alike(workers)
    return workers


def described(sources: Mapping[str, str] = _NONE) -> dict[str, str]:
    """What a worker says of itself, once it has imported the modules of a sweep.

    **Raises** `SettingError` where it has not the same modules.
    """
    use_sources(sources)
    return versions(usable_devices(), here("auto"))


def use_sources(sources: Mapping[str, str]) -> None:
    """Import modules with parts of a user's own on a worker, from its current folder or as they are installed there.

    **Raises** `SettingError` where one is not found or fails, or has another source than on the machine that asks.
    """
    import_from_folder(list(sources))
    for name, digest in sources.items():
        if source_of(name) != digest:
            raise SettingError(
                f"its source of {name} is not that of this machine; allowed is the same one, and to start workers "
                "again that have imported another"
            )


def check_sendable(sources: Mapping[str, str]) -> None:
    """Raise `SettingError` where workers could not import what a sweep is made of."""
    for name, digest in sources.items():
        if digest == NOT_RECORDED:
            raise SettingError(
                f"parts of {name} cannot reach the workers of a cluster, allowed are those of a module that workers "
                "can import"
            )


def check_alike(workers: Mapping[str, Mapping[str, Any]]) -> None:
    """Raise `SettingError` where workers are of different versions or kinds of processors, with the first difference.

    `workers` is as `versions_of_workers` returns it. What one of two workers does not tell is no difference.
    """
    first: tuple[str, Mapping[str, Any]] | None = None
    for worker, said in workers.items():
        first = first or (worker, said)
        for key in BITS:
            here, there = first[1].get(key), said.get(key)
            if None not in (here, there) and here != there:
                raise SettingError(
                    f"workers differ: {key} is {here} at {first[0]} and {there} at {worker}; "
                    "allowed are workers of the same versions and processors"
                )


def check_cluster(
    address: str, sources: Mapping[str, str] = _NONE, *, mix_versions: bool = False
) -> dict[str, dict[str, str]]:
    """Check that a scheduler answers, and that the workers that it has by now can compute, and the same.

    Returns the versions of the workers, by their addresses. `sources` are those of the sweeps.

    **Raises** `SettingError` as `check_sendable`, `connected`, `versions_of_workers` and, without `mix_versions`,
    `check_alike` do.
    """
    check_sendable(sources)
    with connected(address) as client:
        workers = versions_of_workers(client, sources)
        if not mix_versions:
            check_alike(workers)
        return workers


def on_workers(
    client: Client,
    plan: Plan,
    chunks: Sequence[Chunk],
    progress: Progress | None = None,
    *,
    workers: Mapping[str, Mapping[str, str]] | None = None,
    mix_versions: bool = False,
) -> Generator[Computed]:
    """The results of chunks, in the order in which the workers have them.

    Where there are no workers it waits for some, and `progress` reports that. `workers` are the versions of those
    that are known already, by their addresses.

    **Raises** `ClusterError` where the scheduler is lost, a chunk kills one worker after the other or is refused by
    one, and where a worker is not as the others are, unless `mix_versions` says that it need not be.
    """
    text, sources = to_text(plan.sweep), dict(plan.sweep.sources)
    known = dict(workers or {})
    with _told():
        futures = {
            client.submit(compute, text, plan.chunk_shape, chunk.index, sources, pure=False): chunk for chunk in chunks
        }
    try:
        for future in _completed(client, futures, progress or Silent()):
            with _told(futures[future]):
                worker, said, results = future.result()
            known[worker] = said
            if not mix_versions:
                try:
                    check_alike(known)
                except SettingError as error:
                    raise ClusterError(str(error)) from error
            yield futures[future], results
            future.release()
    finally:
        # One that is lost has nothing to cancel.
        with contextlib.suppress(Exception):
            client.cancel(list(futures))


def _completed(client: Client, futures: Iterable[Future], progress: Progress) -> Iterator[Future]:
    """Futures as they are completed; `progress` reports it where there is no worker for some seconds."""
    from distributed import as_completed

    completed = as_completed(futures)
    # When a worker was last there; infinite once their absence was reported.
    looked = seen = time.monotonic()
    while not completed.is_empty():
        ready = completed.next_batch(block=False)
        yield from ready
        if ready:
            looked = seen = time.monotonic()
        elif time.monotonic() - looked < _PATIENCE:
            time.sleep(_LOOK)
        else:
            looked = time.monotonic()
            with _told():
                if client.nthreads():
                    seen = looked
            if looked - seen >= _PATIENCE:
                progress.waiting(_NO_WORKERS)
                seen = float("inf")


@contextlib.contextmanager
def _told(chunk: Chunk | None = None) -> Iterator[None]:
    """Turn what goes wrong on a cluster into one line."""
    from distributed import CancelledError, KilledWorker

    where = "" if chunk is None else f"chunk {chunk.name}: "
    try:
        yield
    except KilledWorker as error:
        worker = getattr(error.last_worker, "address", error.last_worker)
        raise ClusterError(
            f"{where}{error.allowed_failures + 1} workers died over it, the last one at {worker}; "
            "they may need more memory"
        ) from error
    except (TimeoutError, CancelledError, asyncio.CancelledError, OSError) as error:
        raise ClusterError(
            f"the scheduler of the cluster was lost ({_said(error)}); what is stored stays, and the same sweep goes on"
        ) from error
    except (SettingError, ImportError, MemoryError, AttributeError) as error:
        raise ClusterError(f"{where}a worker cannot compute it: {_said(error)}") from error


def _said(error: BaseException) -> str:
    """What an error says, in one line."""
    text = printable(str(getattr(error, "strerror", None) or error))
    return text if isinstance(error, SettingError) else ": ".join(filter(None, [type(error).__name__, text]))


def compute(
    text: str, chunk_shape: tuple[int, ...], index: tuple[int, ...], sources: Mapping[str, str]
) -> tuple[str, dict[str, str], dict[str, Any]]:
    """The results of one chunk, on a worker: its address, what it is, and arrays over the runs, by name.

    `sources` are the modules of the sweep, which the worker imports first.
    """
    from distributed import get_worker

    with _ONE_AT_A_TIME:
        use_sources(sources)
        executors = _executors(text, chunk_shape)
        with precision_of(executors.plan.sweep.precision):
            results = executors.start(executors.plan.chunk(index)).fetch()
        return get_worker().address, _description(), results


@functools.cache
def _description() -> dict[str, str]:
    """What this worker is; found out once, not for every chunk."""
    return described()


@functools.lru_cache(maxsize=1)
def _executors(text: str, chunk_shape: tuple[int, ...]) -> Executors:
    """The compilations of a plan, kept from chunk to chunk."""
    plan = Plan(from_text(text), chunk_shape)
    return Executors(plan, devices_for(plan.sweep), PRECISIONS[plan.sweep.precision], Silent())
