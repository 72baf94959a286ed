"""Warnings of the package, in one line each."""

from __future__ import annotations

import warnings
from typing import TextIO

from gatednet.figures.cli.outcome import DONE, tell

_python_warned = warnings.showwarning


def in_one_line() -> None:
    """Have warnings of the package printed in one line each; others as Python does."""
    warnings.showwarning = _warned


def _warned(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    if category.__module__.partition(".")[0] == "gatednet":
        tell(f"warning: {message}", DONE)
    else:
        _python_warned(message, category, filename, lineno, file, line)
