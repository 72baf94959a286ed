"""`gatednet`: from a setting to a picture, from the command line; here is how it begins and ends.

Nothing slow is imported before an interruption can be told.
"""

from __future__ import annotations

import atexit
import gc
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from types import CodeType, FrameType
from typing import TYPE_CHECKING, NoReturn

from gatednet.figures.cli import streams, warned
from gatednet.figures.cli.environment import shield
from gatednet.figures.cli.outcome import FAILED, INTERRUPTED, tell, tell_interruption

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

# What interrupts a command: from outside, from the keyboard, and what comes again on its own.
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGALRM)

# Seconds until an interruption that was lost comes again.
_AGAIN = 0.01

# Names of threads in which XLA computes or compiles, see `gatednet.sweeps.execution`.
_AT_WORK = ("runs", "compile ahead")

# Where Python takes a lock and gives it back.
_LOCKING = [
    getattr(threading.Condition, name).__code__
    for name in ("__enter__", "__exit__", "_release_save", "_acquire_restore")
]

# Modules and traced programs, which are hundreds of thousands of objects, live until the end: the garbage collector
# goes through them a tenth as often as it would (see `gc.set_threshold`).
_COLLECTED = (50_000, 20, 100)


def _interrupter(arguments: list[str]) -> Callable[[int, FrameType | None], None]:
    """What a signal does that interrupts a command."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        del number
        around = list(_around(frame))
        # Lost as the first one was, or become an error about a lock, if it were raised here.
        if any(code is _unraisable.__code__ for code in around) or _is_locking(frame):
            signal.setitimer(signal.ITIMER_REAL, _AGAIN)
            return
        # Amid an import an extension module would make something else of an interruption.
        if any(code.co_filename.startswith("<frozen importlib") for code in around):
            _ignore_signals()
            _leave(tell_interruption(arguments))
        raise KeyboardInterrupt

    return interrupt


def _is_locking(frame: FrameType | None) -> bool:
    """Whether a lock is being taken or given back, as at the start of a thread; to wait for it is something else."""
    if frame is None:
        return False
    begins_to_wait = frame.f_code is threading.Condition.wait.__code__ and "gotit" not in frame.f_locals
    return begins_to_wait or frame.f_code in _LOCKING


def _around(frame: FrameType | None) -> Iterator[CodeType]:
    """What is being run in a frame, from the inside out."""
    while frame is not None:
        yield frame.f_code
        frame = frame.f_back


def _ignore_signals() -> None:
    """Let another interruption not come between what is said of the first one and the end."""
    signal.setitimer(signal.ITIMER_REAL, 0)
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def _unraisable(lost: UnraisableHookArgs) -> None:
    """Interrupt again where an interruption came when nothing could be raised, as in a callback of the collector."""
    if lost.exc_type is KeyboardInterrupt:
        # By a signal that is ignored in no job in the background.
        signal.setitimer(signal.ITIMER_REAL, _AGAIN)
    else:
        sys.__unraisablehook__(lost)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run a command and leave with its exit code.

    What is wrong with a call or an input is told in one line; anything else that goes wrong is a bug, and shows where.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    interrupt = _interrupter(given)
    # Comes last of all that Python does at its end, before it takes its handlers away: then a signal would kill it, and
    # another exit code be seen than what was said.
    atexit.register(_ignore_signals)
    gc.set_threshold(*_COLLECTED)
    # Nor does Python's own end go through them once more, which takes half a second.
    atexit.register(gc.freeze)
    try:
        for number in _SIGNALS:
            # An interruption from the keyboard is not for a job in the background.
            if number != signal.SIGINT or signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, interrupt)
        sys.unraisablehook = _unraisable
        shield()
        warned.in_one_line()
        code = _code(given)
    except KeyboardInterrupt:
        _ignore_signals()
        code = tell_interruption(given)
    except Exception:
        if not _is_at_work():
            raise
        traceback.print_exc()
        code = FAILED
    if code == INTERRUPTED or _is_at_work():
        # Python's own end would wait for what the devices still compute.
        _leave(code)
    # Nothing is left to be interrupted but Python's own end.
    for number in _SIGNALS:
        if signal.getsignal(number) is interrupt:
            signal.signal(number, lambda *_: os._exit(code))
    sys.exit(code)


def _is_at_work() -> bool:
    """Whether a thread computes or compiles."""
    return any(each.name in _AT_WORK for each in threading.enumerate())


def _code(arguments: list[str]) -> int:
    """The exit code of a command, after everything that it said is written."""
    try:
        streams.prepare()
        # Imported here, so that an interruption of the import is reported like any other.
        from gatednet.figures.cli.app import code_of

        code = code_of(arguments)
        sys.stdout.flush()
    except streams.OutputError as error:
        streams.silence()
        # Whoever closes a pipe has read enough, as `head` has.
        return FAILED if error.reader_gone else tell(f"the standard output cannot be written: {error}", FAILED)
    return code


def _leave(code: int) -> NoReturn:
    """End at once, with what was said."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except streams.OutputError:
            continue
    os._exit(code)
