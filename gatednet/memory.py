"""The memory of this machine: refusing what does not fit, and resting the garbage collector."""

from __future__ import annotations

import contextlib
import functools
import gc
import os
from collections.abc import Iterator
from pathlib import Path

from gatednet.refusal import SettingError

_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")
# Limits of a container, in the two versions of control groups of Linux.
_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
# Where nothing is known of a machine: no limit that anybody meets.
_UNKNOWN = 2**62


@functools.cache
def memory() -> int:
    """The bytes that this process may use: those of the machine, or of its container."""
    found = [_UNKNOWN]
    if "SC_PHYS_PAGES" in os.sysconf_names:
        found.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    for path in _LIMITS:
        try:
            found.append(int(path.read_text()))
        except (OSError, ValueError):
            continue
    return min(each for each in found if each > 0)


def check_fits(what: str, size: int) -> None:
    """Raise `SettingError` where `size` bytes, which have to be held at once, exceed the memory."""
    if size > memory():
        raise SettingError(f"{what} would take {amount(size)} of memory, allowed are {amount(memory())}")


def amount(size: int) -> str:
    """A number of bytes for people."""
    place = min(max(size.bit_length() - 1, 0) // 10, len(_UNITS) - 1)
    return f"{size} B" if place == 0 else f"{size / 1024**place:,.1f} {_UNITS[place]}"


@contextlib.contextmanager
def uncollected(last: bool = False) -> Iterator[None]:
    """A context, or a decorator, for what makes many objects that stay: Python's garbage collector rests.

    A trace is a hundred thousand of them: to go through all again and again takes a third of its time. After the `last`
    thing that a process does, nobody goes through what is there at all: garbage goes with the process.
    """
    resting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if resting:
            if last:
                gc.freeze()
            gc.enable()
