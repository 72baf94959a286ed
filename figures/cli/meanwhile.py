"""`meanwhile`: something else while XLA compiles and computes, when Python has nothing to do."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any

import jax

from gatednet.engine.batch import run_lanes

# What JAX says when a program is ready for the compiler, and how it names the one of runs.
_READY = "/jax/core/compile/jaxpr_to_mlir_module_duration"
_PROGRAM = f"jit({run_lanes.__name__})"


@contextlib.contextmanager
def meanwhile(work: Callable[[], object]) -> Iterator[threading.Thread]:
    """Have some work done in a thread from the time on at which XLA begins to compile a program of runs.

    It would hold up whatever is done in Python, so it waits until all is traced; where nothing is compiled it is not
    done. The context ends after it, but at once where it is left by an error. The work only saves time: what goes
    wrong in it goes wrong again where it is needed.
    """

    def quietly() -> None:
        with contextlib.suppress(Exception):
            work()

    thread = threading.Thread(target=quietly, name="meanwhile")

    def heard(event: str, duration_secs: float, **about: Any) -> None:
        del duration_secs
        if event == _READY and about.get("fun_name") == _PROGRAM and thread.ident is None:
            thread.start()

    jax.monitoring.register_event_duration_secs_listener(heard)
    try:
        yield thread
        if thread.ident is not None:
            thread.join()
    finally:
        jax.monitoring.unregister_event_duration_listener(heard)
