"""What commands share: options, values, devices."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gatednet.refusal import SettingError, shown

# So much of a path is shown where it is too long.
_LONGEST_SHOWN = 80


def path_of(text: str | os.PathLike[str]) -> Path:
    """A path of the command line that the system can be asked about; whether it is there is another question.

    **Raises** `typer.BadParameter` for no text, and for one that can be no path here.
    """
    name = os.fspath(text)
    quoted = repr(name) if len(name) <= _LONGEST_SHOWN else f"{name[:_LONGEST_SHOWN]!r}..."
    if not name or "\0" in name:
        raise typer.BadParameter(f"it is {quoted}, allowed is a path")
    try:
        # A folder that is gone has no paths below it.
        os.getcwd()
    except OSError as error:
        if not os.path.isabs(name):
            raise typer.BadParameter(f"{quoted} is a path from a working directory that is gone") from error
    try:
        os.stat(name)
    except (FileNotFoundError, NotADirectoryError) as error:
        if os.path.islink(name):
            raise typer.BadParameter(f"{quoted} is a symbolic link to what is not there") from error
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise typer.BadParameter(f"{quoted} cannot be reached: {reason}") from error
    return Path(name)


# The type of options that are paths, which help shows by this name.
_Path: dict[str, Any] = {"parser": path_of, "metavar": "<path>"}
Runs = Annotated[Path, typer.Option(**_Path, help="Folder of the stores.")]
Out = Annotated[Path, typer.Option(**_Path, help="Folder of the pictures.")]
Stores = Annotated[Path, typer.Option(**_Path, help="Folder of the stores; each gets a folder in it.")]
StoreFolder = Annotated[Path, typer.Argument(parser=path_of, metavar="STORE", help="The folder of a store.")]
_FORMATS = "Picture formats, with commas between them: pdf, png, svg"
Format = Annotated[str, typer.Option("--format", help=f"{_FORMATS}.")]
FormatIfAny = Annotated[str | None, typer.Option("--format", help=f"{_FORMATS}; default: all, or png if quick.")]

if TYPE_CHECKING:
    from gatednet.sweeps.progress import Progress
    from gatednet.sweeps.sweep import Sweep

Data = Annotated[
    Path | None, typer.Option(**_Path, help="Folder with MNIST or Fashion-MNIST, as the documentation says.")
]

MixVersions = Annotated[
    bool,
    typer.Option(
        "--mix-versions", help="Go on with stores that other versions or processors began: last bits may differ."
    ),
]

Kernel = Annotated[
    str | None,
    typer.Option(
        metavar="auto|xla|vector|pallas",
        help="What compiles the loop over steps; default: the fastest that can, see the documentation.",
    ),
]

File = Annotated[
    list[str] | None,
    typer.Option(
        "--file", metavar="NAME=PATH", help="Data of your own for a figure, as its caption says; may be repeated."
    ),
]


# What imports modules for all commands that take them, with commas between their names.
IMPORT = "GATEDNET_IMPORT"
Import = Annotated[
    list[str] | None,
    typer.Option(
        "--import",
        metavar="MODULE",
        help="Run a module with parts of your own, of this folder or installed; may be repeated. "
        f"Those of {IMPORT} come first.",
    ),
]


def use_imports(modules: Sequence[str] | None) -> list[str]:
    """Import the modules of `GATEDNET_IMPORT` and of `--import`, and return their names.

    **Raises** `SettingError` for names that are not allowed, and for modules that are not found or fail.
    """
    named = [name.strip() for name in os.environ.get(IMPORT, "").split(",") if name.strip()]
    names: list[str] = list(dict.fromkeys([*named, *(modules or [])]))
    # Found without JAX: most calls name none.
    if names:
        from gatednet.sweeps.imports import import_from_folder

        for option, given in ((IMPORT, named), ("--import", names)):
            try:
                import_from_folder(given)
            except SettingError as error:
                raise SettingError(f"{option}: {error}") from error
    return names


def with_kernel(sweep: Sweep, kernel: str | None) -> Sweep:
    """A sweep by the kernel of the option, where it is given.

    **Raises** `SettingError` for a kernel that is unknown, or that runs of the sweep cannot have.
    """
    return sweep if kernel is None else dataclasses.replace(sweep, kernel=kernel)


def use_data(folder: Path | None) -> None:
    """Have images looked for in a folder first.

    **Raises** `SettingError` where it is not there.
    """
    from gatednet.sweeps.images.datasets import DATA

    if folder is None:
        return
    if not folder.is_dir():
        raise SettingError(f"--data is {str(folder)!r}, allowed is a folder that is there")
    os.environ[DATA] = str(folder)


def progress_of_training(title: str) -> Progress:
    """The progress of the training of a network for features."""
    from gatednet.sweeps.progress import progress_for

    return progress_for(title, counted="steps")


def parse_files(texts: Sequence[str]) -> dict[str, Path]:
    """The paths of `--file NAME=PATH`, by name.

    **Raises** `SettingError` for anything else, and for a name that is given twice.
    """
    named = _by_name("--file", texts, "NAME=PATH, such as human=scores.csv")
    return {name: path_of(path) for name, path in named.items()}


def parse_settings(texts: Sequence[str]) -> dict[str, Any]:
    """The values of `--set PATH=VALUE`, by path.

    **Raises** `SettingError` for anything else, and for a path that is set twice.
    """
    from gatednet.toml import value_of

    texts_by_path = _by_name("--set", texts, "PATH=VALUE, such as timescales.gates=0.1")
    return {path: value_of(value) for path, value in texts_by_path.items()}


def _by_name(option: str, texts: Sequence[str], allowed: str) -> dict[str, str]:
    """What stands after the first equals sign of some texts, by what stands before it."""
    values: dict[str, str] = {}
    for text in texts:
        name, equals, value = (part.strip() for part in text.partition("="))
        if not equals or not name or not value:
            raise SettingError(f"{option} is {shown(text)}, allowed is {allowed}")
        if name in values:
            raise SettingError(f"{option} names {shown(name)} twice")
        values[name] = value
    return values
