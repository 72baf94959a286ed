"""The devices that runs are spread over: accelerators, or the cores of the processor."""

from __future__ import annotations

import os
import warnings
from typing import TYPE_CHECKING

import jax

if TYPE_CHECKING:
    from sweeps.plan import Sweep

# The size of the pool of threads that XLA's processor devices share; read when JAX starts.
POOL = "PJRT_NPROC"


def use_all_cores() -> None:
    """Make every usable core a device of JAX. Only before JAX is first used."""
    _use(usable_cores())


def use_one_core() -> None:
    """Make one core the only device of JAX: for small sweeps, beside whose runs others are compiled and drawn.

    Only before JAX is first used. The variable `JAX_NUM_CPU_DEVICES` goes before this and `use_all_cores`.
    """
    _use(1)


def _use(cores: int) -> None:
    """Make so many cores devices, and see to their pool of threads.

    The pool gets two for each device. A device keeps one thread while a loop runs, and an operation of the loop that
    XLA cuts into parts waits for another one to do them: with as many threads as devices all of them can come to wait,
    for ever. A pool of a single thread does all parts itself, and a single device loses nothing by that: in the sweeps
    of Figures A3 and A14 a second thread took twice the processor time, and no less time.
    """
    devices = int(os.environ.get("JAX_NUM_CPU_DEVICES", "0")) or cores
    jax.config.update("jax_num_cpu_devices", devices)
    fewest, pool = (1, 1) if devices == 1 else (devices + 1, 2 * devices)
    if _threads() < fewest:
        os.environ[POOL] = str(pool)


def usable_cores() -> int:
    """The number of processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    # Systems other than Linux cannot keep a process from some of the cores.
    return os.cpu_count() or 1


def usable_devices() -> list[jax.Device]:
    """The devices of this process: all of them, but only one processor core where several could stop each other."""
    devices = jax.local_devices()
    if devices[0].platform == "cpu" and len(devices) > 1 and _threads() <= len(devices):
        warnings.warn(
            f"{len(devices)} processor devices share too few threads and could stop each other, so one is used; to use "
            f"all, call sweeps.use_all_cores() or set {POOL}={2 * len(devices)} before JAX starts",
            stacklevel=4,
        )
        return devices[:1]
    return devices


def devices_for(sweep: Sweep) -> list[jax.Device]:
    """The devices that are worth compiling for, see `Cost.worthwhile`; results do not depend on their number."""
    devices = usable_devices()
    return devices[: sweep.cost(1).worthwhile(len(devices))]


def _threads() -> int:
    return int(os.environ.get(POOL, "0"))
