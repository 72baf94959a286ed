"""What commands share: options, values, devices."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

Runs = Annotated[Path, typer.Option(help="Folder of the stores.")]
Out = Annotated[Path, typer.Option(help="Folder of the pictures.")]
Format = Annotated[str, typer.Option("--format", help="Picture formats, with commas between them: pdf, png, svg.")]


def parse_value(text: str) -> Any:
    """A value as TOML writes it, such as 0.1, true or {kind = "Population"}; anything else is a string as it stands."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def parse_settings(texts: Sequence[str]) -> dict[str, Any]:
    """The values of `--set PATH=VALUE`, by path.

    **Raises** `SettingError` for anything else, and for a path that is set twice.
    """
    from gatednet.settings import SettingError

    values: dict[str, Any] = {}
    for text in texts:
        path, equals, value = (part.strip() for part in text.partition("="))
        if not equals or not path or not value:
            raise SettingError(f"--set is {text!r}, allowed is PATH=VALUE, such as timescales.gates=0.1")
        if path in values:
            raise SettingError(f"--set names {path!r} twice")
        values[path] = parse_value(value)
    return values
