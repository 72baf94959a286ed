"""`gatednet`: from a setting to a picture, from the command line.

Nothing heavy is imported until a command needs it, so that help is there at once.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
import threading
import warnings
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, TextIO

import typer

from figures.cli.environment import shield
from figures.cli.explore import explore
from figures.cli.figure import figure
from figures.cli.listing import listing
from figures.cli.reproduce import reproduce
from figures.cli.simulate import simulate
from figures.cli.sweep import sweep
from figures.cli.verify import verify

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

# Exit codes.
DONE, FAILED, REFUSED, INTERRUPTED = 0, 1, 2, 130
# Commands that leave stores behind which they continue.
RESUMED = ("sweep", "reproduce")
# The error of a wrong call, wherever typer keeps its copy of click: its class is only known while the program runs.
_UsageError: Any = typer.BadParameter.__bases__[0]
_python_warned = warnings.showwarning

app = typer.Typer(
    name="gatednet",
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("list")(listing)
for _command in (simulate, sweep, verify, figure, reproduce, explore):
    app.command()(_command)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"gatednet {_number()}")
        raise typer.Exit


def _number() -> str:
    """The version as its file says: an import of it would be one of the whole package, and so of JAX."""
    spec = find_spec("gatednet")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    (folder,) = spec.submodule_search_locations
    return runpy.run_path(str(Path(folder) / "version.py"))["__version__"]


@app.callback()
def gatednet(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Simulate gated linear networks that learn to switch tasks, sweep their settings, draw and check figures.

    Exit codes: 0 done, 1 a claim, a run or the disk failed, 2 wrong usage or input, 130 interrupted and resumable.
    """


def _terminated(number: int, frame: FrameType | None) -> NoReturn:
    del number, frame
    raise KeyboardInterrupt


def _unraisable(lost: UnraisableHookArgs) -> None:
    """Interrupt again where an interruption came when nothing could be raised, as in a callback of the collector."""
    if lost.exc_type is KeyboardInterrupt:
        # A little later: an interruption of this function would be lost as well. And by the signal that is never
        # ignored, as the other one is in a job in the background.
        threading.Timer(0.01, os.kill, (os.getpid(), signal.SIGTERM)).start()
    else:
        sys.__unraisablehook__(lost)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run a command and leave with its exit code.

    What is wrong with a call, an input or the disk is told in one line; anything else that goes wrong is a bug, and
    shows where.
    """
    signal.signal(signal.SIGTERM, _terminated)
    sys.unraisablehook = _unraisable
    shield()
    warnings.showwarning = _warned
    code = _code(list(sys.argv[1:] if arguments is None else arguments))
    if code == INTERRUPTED:
        # What the devices still compute is not waited for: Python's own end would abort over it.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


def _code(arguments: list[str]) -> int:
    try:
        result = app(arguments or ["--help"], prog_name="gatednet", standalone_mode=False)
    except (KeyboardInterrupt, typer.Abort):
        result = INTERRUPTED
    except typer.Exit as error:
        result = error.exit_code
    except _UsageError as error:
        return _tell(error.format_message(), REFUSED)
    except RuntimeError as error:
        from sweeps.files import WriteError

        if not isinstance(error, WriteError):
            raise
        return _tell(str(error), FAILED)
    except ValueError as error:
        from gatednet.settings import SettingError

        if not isinstance(error, SettingError):
            raise
        return _tell(str(error), REFUSED)
    # Typer itself may make an exit of an interruption.
    if result == INTERRUPTED:
        resumed = "; the same command again continues it" if arguments[0] in RESUMED else ""
        return _tell(f"interrupted{resumed}", INTERRUPTED)
    return result if isinstance(result, int) else DONE


def _warned(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """Print a warning of the package in one line; others as Python does."""
    if category.__module__.partition(".")[0] == "gatednet":
        _tell(f"warning: {message}", DONE)
    else:
        _python_warned(message, category, filename, lineno, file, line)


def _tell(message: str, code: int) -> int:
    """Print one line to the standard error, whatever the message holds."""
    print(f"gatednet: {' '.join(message.split())}", file=sys.stderr)
    return code


if __name__ == "__main__":
    main()
