"""The devices that runs are spread over: accelerators, or the cores of the processor."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
import warnings
from typing import TYPE_CHECKING

import jax

from gatednet.settings import SettingError

if TYPE_CHECKING:
    pass

# The size of the pool of threads that XLA's processor devices share; read when JAX starts.
POOL = "PJRT_NPROC"
# Variables of the environment: the number of processor devices of JAX, and options of XLA.
CORES, FLAGS = "JAX_NUM_CPU_DEVICES", "XLA_FLAGS"
# Each device has threads of its own: more of them than a machine has cores gain nothing, and some more cost its memory.
_MOST_DEVICES, _MOST_THREADS = 1024, 1_000_000
# Seconds that JAX may take to start in a process of its own.
_START = 120


def use_all_cores() -> None:
    """Make every usable core a device of JAX. Only before JAX is first used."""
    _use(usable_cores())


def use_one_core() -> None:
    """Make one core the only device of JAX: for small sweeps, beside whose runs others are compiled and drawn.

    Only before JAX is first used. The variable `JAX_NUM_CPU_DEVICES` goes before this and `use_all_cores`; both raise
    `SettingError` where it is no number of devices, and where the options of XLA are not known to it.
    """
    _use(1)


def _use(cores: int) -> None:
    """Make so many cores devices, and see to their pool of threads.

    The pool gets two for each device. A device keeps one thread while a loop runs, and an operation of the loop that
    XLA cuts into parts waits for another one to do them: with as many threads as devices all of them can come to wait,
    for ever. A pool of a single thread does all parts itself, and a single device loses nothing by that: in the sweeps
    of Figures A3 and A14 a second thread took twice the processor time, and no less time.
    """
    _check_flags(os.environ.get(FLAGS, ""))
    devices = _number(CORES, cores, _MOST_DEVICES)
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
    """The devices of this process: all of them, but only one processor core where several could stop each other.

    **Raises** `SettingError` where JAX finds none, as for a platform that is not there, and where the
    options of XLA are not known to it.
    """
    _check_flags(os.environ.get(FLAGS, ""))
    try:
        devices = jax.local_devices()
    except (RuntimeError, AssertionError) as error:
        # Of a platform without its hardware JAX asserts that it is there.
        platforms = os.environ.get("JAX_PLATFORMS", "")
        raise SettingError(f"JAX finds no devices: {str(error) or f'JAX_PLATFORMS is {platforms!r}'}") from error
    if devices[0].platform == "cpu" and len(devices) > 1 and _threads() <= len(devices):
        warnings.warn(
            f"{len(devices)} processor devices share too few threads and could stop each other, so one is used; to use "
            f"all, call sweeps.use_all_cores() or set {POOL}={2 * len(devices)} before JAX starts",
            stacklevel=4,
        )
        return devices[:1]
    return devices


def _threads() -> int:
    return _number(POOL, 0, _MOST_THREADS)


def _number(variable: str, otherwise: int, most: int) -> int:
    """The number of devices or threads that the environment names, if it does."""
    text = os.environ.get(variable, "")
    if not text:
        return otherwise
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= len(str(most)) else 0
    if not 1 <= number <= most:
        raise SettingError(f"{variable} is {text!r}, allowed is a whole number from 1 to {most}")
    return number


@functools.cache
def _check_flags(flags: str) -> None:
    """Refuse options at which XLA would abort this process, as it does at one that it does not know."""
    if not flags or not sys.executable:
        return
    # Options are read for all platforms at once, so that a process need not wait for an accelerator.
    environment = {**os.environ, "JAX_PLATFORMS": "cpu"}
    command = [sys.executable, "-c", "import jax; jax.devices()"]
    try:
        done = subprocess.run(
            command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=_START, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return
    if done.returncode:
        said = done.stderr.decode(errors="replace").splitlines()
        about = next((line.partition("] ")[2] for line in said if FLAGS in line), "")
        raise SettingError(f"{FLAGS} is {flags!r}: XLA does not start with it{about and f': {about}'}")
