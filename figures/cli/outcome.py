"""How a command ends: its exit code, and the one line that says why."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator

from gatednet.refusal import SettingError

# Exit codes.
DONE, FAILED, REFUSED, INTERRUPTED = 0, 1, 2, 130
# Commands that leave stores behind which they continue.
RESUMED = ("sweep", "reproduce")

# What goes wrong outside while something is written: modules and names of errors, whose text is one line.
FAILURES = (("gatednet.sweeps.execution.cluster", "ClusterError"), ("gatednet.sweeps.files", "WriteError"))


class FailureError(Exception):
    """What went wrong after something was written; its text is one line."""


@contextlib.contextmanager
def begun(written: bool = True) -> Iterator[None]:
    """Where something is written already, a refusal is a failure: exit code 2 promises an untouched disk.

    **Raises** `FailureError` in the place of `SettingError`.
    """
    try:
        yield
    except SettingError as error:
        if not written:
            raise
        raise FailureError(str(error)) from error


def is_failure(error: BaseException) -> bool:
    """Whether an error is a `FailureError` or one of `FAILURES`."""
    return isinstance(error, FailureError) or any(
        isinstance(error, getattr(sys.modules.get(module), name, ())) for module, name in FAILURES
    )


def tell(message: str, code: int) -> int:
    """Print one line to the standard error, whatever the message holds, and return the exit code."""
    # Names of files may hold bytes that are no text.
    text = " ".join(message.split()).encode(errors="backslashreplace").decode()
    print(f"gatednet: {text}", file=sys.stderr)
    return code


def tell_interruption(arguments: list[str]) -> int:
    """Say that a command was interrupted, and whether the same one goes on."""
    resumed = "; the same command again continues it" if arguments and arguments[0] in RESUMED else ""
    return tell(f"interrupted{resumed}", INTERRUPTED)
