"""`Text`: a text on the page."""

from __future__ import annotations

from bokeh.models import InlineStyleSheet, Pane
from bokeh.models.dom import HTML

from gatednet.explore.news import Change
from gatednet.refusal import SettingError, printable

# Characters of a line that says what went wrong.
_MOST = 300


class Text:
    """A text, empty at first, that says something else without anything else being laid out anew.

    `root` is its place on the page, a class of CSS of its own, `width` pixels wide or as wide as the text.
    """

    def __init__(self, name: str, sheet: InlineStyleSheet, width: int | None = None) -> None:
        self._html = HTML(html="")
        self.root = Pane(
            elements=[self._html],
            name=name,
            css_classes=[name],
            stylesheets=[sheet],
            styles={} if width is None else {"width": f"{width}px"},
        )

    def say(self, html: str) -> None:
        """Say something, which is markup."""
        self._html.html = html

    def change(self, html: str) -> Change:
        """What makes it say something."""
        return self._html, {"html": html}


def one_line(error: Exception) -> str:
    """What an error says, in one line: as it is where it is meant for a visitor, after its kind where it is not."""
    said = str(error) if isinstance(error, SettingError) else f"{type(error).__name__}: {error}"
    line = printable(said)
    return line if len(line) <= _MOST else f"{line[: _MOST - 1]}…"
