"""Figures as files."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from matplotlib.figure import Figure

from gatednet.figures.toolkit.panels import look

# Nothing that changes from one run to the next is written into a picture.
_METADATA: dict[str, dict[str, Any]] = {"pdf": {"CreationDate": None}, "svg": {"Date": None}, "png": {}}


def pictures(figure: Figure, formats: Sequence[str]) -> dict[str, bytes]:
    """A figure as the contents of files, by their formats."""
    contents = {}
    # Some settings are read when a picture is written, such as those of fonts.
    with look():
        # Parts make room for each other once: done again for each format, it would move them a little every time.
        layout = figure.get_layout_engine()
        if layout is not None and figure.axes:
            layout.execute(figure)
            figure.set_layout_engine(None)
        for suffix in formats:
            file = io.BytesIO()
            figure.savefig(file, format=suffix, metadata=_METADATA[suffix])
            contents[suffix] = file.getvalue()
    return contents
