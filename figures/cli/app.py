"""The commands, and what their errors mean.

Nothing heavy is imported until a command needs it, so that help is there at once.
"""

from __future__ import annotations

import os
import runpy
import sys
import traceback
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

import typer

from gatednet.figures.cli.explore import explore
from gatednet.figures.cli.figure import figure
from gatednet.figures.cli.listing import listing
from gatednet.figures.cli.outcome import (
    DONE,
    FAILED,
    INTERRUPTED,
    REFUSED,
    is_failure,
    tell,
    tell_interruption,
)
from gatednet.figures.cli.reproduce import reproduce
from gatednet.figures.cli.simulate import simulate
from gatednet.figures.cli.sweep import sweep
from gatednet.figures.cli.verify import verify
from gatednet.refusal import SettingError

# The error of a wrong call, wherever typer keeps its copy of click: its class is only known while the program runs.
_UsageError: Any = typer.BadParameter.__bases__[0]

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

    Exit codes: 0 done, 1 a claim, a run or the machine failed, 2 wrong usage or input, 130 interrupted and resumable.
    """


def code_of(arguments: list[str]) -> int:
    """Run a command and return its exit code.

    Errors that outside input or the machine can cause are reported in one line: a wrong call, a refusal, and a failed
    system call. Anything else is a bug, and its traceback is shown.
    """
    try:
        # Completion is not offered, also where the environment asks for it.
        result = app(arguments or ["--help"], prog_name="gatednet", standalone_mode=False, complete_var="")
    except (KeyboardInterrupt, typer.Abort):
        result = INTERRUPTED
    except typer.Exit as error:
        result = error.exit_code
    except Exception as error:
        said = _said(error)
        if said is None:
            raise
        return tell(*said)
    # Typer itself may make an exit of an interruption.
    if result == INTERRUPTED:
        return tell_interruption(arguments)
    return result if isinstance(result, int) else DONE


def _said(error: Any) -> tuple[str, int] | None:
    """What to say of an error, and the exit code; None where it is a bug."""
    if isinstance(error, _UsageError):
        return error.format_message(), REFUSED
    if isinstance(error, SettingError):
        return str(error), REFUSED
    if _keeps_jax_from_starting(error):
        return f"JAX cannot be started: {str(error) or 'it finds no devices'}", REFUSED
    failure = str(error) if is_failure(error) else _from_outside(error)
    return None if failure is None else (failure, FAILED)


def _keeps_jax_from_starting(error: Exception) -> bool:
    """Whether JAX could not be imported or finds no devices, as where the environment asks it for what is not there."""
    modules = [frame.f_globals.get("__name__", "") for frame, _ in traceback.walk_tb(error.__traceback__)]
    if modules and modules[-1] == "jax._src.xla_bridge":
        return isinstance(error, (RuntimeError, AssertionError))
    return "jax" not in sys.modules and any(name.partition(".")[0] in ("jax", "jaxlib") for name in modules)


def _from_outside(error: Exception) -> str | None:
    """What to say of an error that input or the machine can cause while something is done, None where it is a bug."""
    text, said = str(error), None
    match error:
        case OSError(filename=str() | bytes() as name):
            said = f"{os.fsdecode(name)}: {error.strerror or text}"
        case OSError():
            said = error.strerror or text or type(error).__name__
        case UnicodeError():
            said = f"text that cannot be read or written: {text}"
        case MemoryError():
            said = f"not enough memory: {text}" if text else "not enough memory"
        case RecursionError():
            said = "the input is nested too deeply"
        # Of a device, and of threads, Python has no errors of their own.
        case RuntimeError() if text.startswith("RESOURCE_EXHAUSTED"):
            said = f"not enough memory on the device: {text.partition(':')[2].strip()}"
        case RuntimeError() if text == "can't start new thread":
            said = "the system allows no more threads"
    return said
