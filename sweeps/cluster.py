"""The chunks of a sweep on the workers of a dask cluster.

Workers get the plan as text and the place of a chunk, and send its arrays back; this process alone writes the store. So
workers need no common folder, and a worker that is lost costs the chunk that it was at: dask gives it to another one.
The numbers are those of a sweep on this machine where the processors are of one kind.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from gatednet.settings import SettingError
from gatednet.simulation import PRECISIONS, precision_of
from sweeps.chunks import Chunk, Computed, Plan
from sweeps.devices import devices_for
from sweeps.executor import Executors
from sweeps.plan import Sweep
from sweeps.progress import Silent

if TYPE_CHECKING:
    from distributed import Client

# A worker may be given several chunks at once; it works on one, with all its devices.
_ONE_AT_A_TIME = threading.Lock()


def connected(address: str) -> Client:
    """A client of the scheduler at an address such as "tcp://node1:8786", to be used as a context.

    **Raises** `SettingError` where dask is not installed or the scheduler does not answer.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise SettingError("clusters need dask: install gatednet[cluster]") from error
    try:
        return Client(address, timeout=10)
    except (OSError, ValueError) as error:
        raise SettingError(f"no scheduler answers at {address!r}: {error}") from error


def on_workers(client: Client, plan: Plan, chunks: Sequence[Chunk]) -> Iterator[Computed]:
    """The results of chunks, in the order in which the workers have them."""
    from distributed import as_completed

    text = plan.sweep.to_toml()
    futures = {client.submit(compute, text, plan.chunk_shape, chunk.index, pure=False): chunk for chunk in chunks}
    try:
        for future in as_completed(futures):
            yield futures[future], future.result()
            future.release()
    finally:
        client.cancel(list(futures))


def compute(text: str, chunk_shape: tuple[int, ...], index: tuple[int, ...]) -> dict[str, Any]:
    """The results of one chunk, on a worker: arrays over its runs, by name."""
    with _ONE_AT_A_TIME:
        executors = _executors(text, chunk_shape)
        with precision_of(executors.plan.sweep.precision):
            return executors.start(executors.plan.chunk(index)).fetch()


@functools.lru_cache(maxsize=1)
def _executors(text: str, chunk_shape: tuple[int, ...]) -> Executors:
    """The compilations of a plan, kept from chunk to chunk."""
    plan = Plan(Sweep.from_toml(text), chunk_shape)
    return Executors(plan, devices_for(plan.sweep), PRECISIONS[plan.sweep.precision], Silent())
