"""Kernels that are compiled while the program that calls them is traced: LLVM needs no Python."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future

_here = threading.local()
# What is under way in this process: a trace may be used by another thread than the one that made it.
_under_way: set[Future[None]] = set()


@contextlib.contextmanager
def compiled_meanwhile(pool: Executor) -> Iterator[None]:
    """A context in which a pool compiles the kernels of what this thread traces; before it is used, see `wait`."""
    before = getattr(_here, "pool", None)
    _here.pool = pool
    try:
        yield
    finally:
        _here.pool = before


def soon(compile_it: Callable[[], None]) -> None:
    """Compile a kernel: by the pool of this thread, where it has one, or else now."""
    pool: Executor | None = getattr(_here, "pool", None)
    if pool is None:
        compile_it()
        return
    future = pool.submit(compile_it)
    _under_way.add(future)
    future.add_done_callback(lambda done: _under_way.discard(done) if done.exception() is None else None)


def wait() -> None:
    """Wait for all kernels that are under way.

    **Raises** what the compilation of one raised.
    """
    for future in tuple(_under_way):
        try:
            future.result()
        finally:
            _under_way.discard(future)
