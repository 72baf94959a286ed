"""The environment of a command: pictures depend on what is drawn, and not on where."""

from __future__ import annotations

import os
from pathlib import Path

# What matplotlib, or a format, reads when it is imported or writes: the backend of a notebook is not installed
# everywhere, and a date that is no number ends the writing of a PDF.
_READ = ("MPLBACKEND", "SOURCE_DATE_EPOCH")


def shield() -> None:
    """Have matplotlib read the settings of this package in place of those of its user.

    Those may name what is not there, such as a backend or LaTeX, or may not be readable, and then it cannot be
    imported. Only for a process that is our own, before matplotlib is imported;
    `gatednet.figures.toolkit.panels.look` does the rest.
    """
    for name in _READ:
        os.environ.pop(name, None)
    os.environ["MATPLOTLIBRC"] = str(Path(__file__).parents[1] / "toolkit" / "paper.mplstyle")
