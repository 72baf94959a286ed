"""Docstrings are plain text with `code`, **Raises** and lists; other signs mean themselves."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sphinx.application import Sphinx

# Code, bold words and the stars of a list stay; a sign that markup would take for its own is escaped.
_PIECES = re.compile(r"(`[^`]+`|\*\*\w+\*\*|^ *\* )|([*_|])", re.MULTILINE)


def escaped(text: str) -> str:
    """Text in which stars, underscores and bars outside of code are plain signs, in reStructuredText and Markdown."""
    return _PIECES.sub(lambda piece: piece[1] or rf"\{piece[2]}", text)


def _process(_app: Sphinx, _what: str, _name: str, _object: Any, _options: Any, lines: list[str]) -> None:
    # Code may run on to the next line, so the text is escaped as one.
    lines[:] = escaped("\n".join(lines)).split("\n")


def setup(app: Sphinx) -> dict[str, bool]:
    """Have autodoc escape docstrings."""
    app.connect("autodoc-process-docstring", _process)
    return {"parallel_read_safe": True}
