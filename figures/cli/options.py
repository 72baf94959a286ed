"""What commands share: options, values, devices."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

Runs = Annotated[Path, typer.Option(help="Folder of the stores.")]
Out = Annotated[Path, typer.Option(help="Folder of the pictures.")]
_FORMATS = "Picture formats, with commas between them: pdf, png, svg"
Format = Annotated[str, typer.Option("--format", help=f"{_FORMATS}.")]
FormatIfAny = Annotated[str | None, typer.Option("--format", help=f"{_FORMATS}; by itself all, or png if quick.")]

if TYPE_CHECKING:
    from sweeps.progress import Progress

Data = Annotated[Path | None, typer.Option(help="Folder with MNIST or Fashion-MNIST, as the documentation says.")]

MixVersions = Annotated[
    bool,
    typer.Option(
        "--mix-versions", help="Go on with stores that other versions or processors began: last bits may differ."
    ),
]

File = Annotated[
    list[str] | None,
    typer.Option(
        "--file", metavar="NAME=PATH", help="Data of your own for a figure, as its caption says; may be repeated."
    ),
]


def use_data(folder: Path | None) -> None:
    """Have images looked for in a folder first.

    **Raises** `SettingError` where it is not there.
    """
    from gatednet.settings import SettingError
    from sweeps.datasets import DATA

    if folder is None:
        return
    if not folder.is_dir():
        raise SettingError(f"--data is {str(folder)!r}, allowed is a folder that is there")
    os.environ[DATA] = str(folder)


def progress_of_training(title: str) -> Progress:
    """What tells how far the training of a network for features is."""
    from sweeps.progress import progress_for

    return progress_for(title, counted="steps")


def parse_files(texts: Sequence[str]) -> dict[str, Path]:
    """The paths of `--file NAME=PATH`, by name.

    **Raises** `SettingError` for anything else, and for a name that is given twice.
    """
    return {name: Path(path) for name, path in _by_name("--file", texts, "NAME=PATH, such as human=scores.csv").items()}


def parse_settings(texts: Sequence[str]) -> dict[str, Any]:
    """The values of `--set PATH=VALUE`, by path.

    **Raises** `SettingError` for anything else, and for a path that is set twice.
    """
    from gatednet.toml import value_of

    texts_by_path = _by_name("--set", texts, "PATH=VALUE, such as timescales.gates=0.1")
    return {path: value_of(value) for path, value in texts_by_path.items()}


def _by_name(option: str, texts: Sequence[str], allowed: str) -> dict[str, str]:
    """What stands after the first equals sign of some texts, by what stands before it."""
    from gatednet.refusal import SettingError, shown

    values: dict[str, str] = {}
    for text in texts:
        name, equals, value = (part.strip() for part in text.partition("="))
        if not equals or not name or not value:
            raise SettingError(f"{option} is {shown(text)}, allowed is {allowed}")
        if name in values:
            raise SettingError(f"{option} names {shown(name)} twice")
        values[name] = value
    return values
