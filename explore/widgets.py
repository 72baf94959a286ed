"""`Widgets`: menus, fields, buttons and texts that look alike, and report what a visitor wants."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from importlib.resources import files
from typing import Any

from bokeh.models import Button, Div, InlineStyleSheet, Select, Slider, TextInput

# Places of a slider.
PLACES = 1000
# What a slider passes within this is left out, in milliseconds.
_SETTLED_MS = 15

# Does what it is given, or says why not.
Attempt = Callable[[Callable[[], None]], None]


class Widgets:
    """Makes widgets. What they report goes to `attempt`, but not while the page itself fills them."""

    def __init__(self, attempt: Attempt) -> None:
        self._attempt = attempt
        self._sheet = InlineStyleSheet(css=(files("explore") / "widgets.css").read_text(encoding="utf-8"))
        self._filling = False
        self._moving: set[Any] = set()

    @contextlib.contextmanager
    def filled(self) -> Iterator[None]:
        """While the page fills its own widgets, nothing that they report is a wish of the visitor."""
        self._filling = True
        try:
            yield
        finally:
            self._filling = False

    def dressed(self, widget: Any) -> Any:
        """A widget in the colours of the page."""
        widget.stylesheets = [*widget.stylesheets, self._sheet]
        return widget

    def words(self, name: str, **more: Any) -> Div:
        """A text, empty at first."""
        return self.dressed(Div(text="", name=name, css_classes=[name], **more))

    def menu(
        self, name: str, title: str, options: Sequence[str], chosen: Callable[[str], None], width: int = 200
    ) -> Select:
        """A menu; `chosen` is given the option."""
        made = self.dressed(Select(name=name, title=title, options=list(options), width=width))
        made.on_change("value", lambda attr, old, new: self._wish(partial(chosen, new)))
        return made

    def field(self, name: str, title: str, typed: Callable[[str], None], width: int) -> TextInput:
        """A field; `typed` is given its text."""
        made = self.dressed(TextInput(name=name, title=title, width=width))
        made.on_change("value", lambda attr, old, new: self._wish(partial(typed, new)))
        return made

    def slider(self, name: str, moved: Callable[[int], None], width: int) -> Slider:
        """A slider of `PLACES`; `moved` is given the place."""
        made = self.dressed(Slider(start=0, end=PLACES, value=0, step=1, show_value=False, width=width, tooltips=False))
        made.update(name=name)
        made.on_change("value", lambda attr, old, new: self._passed(made, moved))
        return made

    def _passed(self, slider: Any, moved: Callable[[int], None]) -> None:
        # Places that a hand passes by are left out: what is shown is the last of them.
        if self._filling or slider in self._moving:
            return
        self._moving.add(slider)

        def settled() -> None:
            self._moving.discard(slider)
            self._wish(lambda: moved(slider.value))

        slider.document.add_timeout_callback(settled, _SETTLED_MS)

    def button(self, name: str, label: str, pressed: Callable[[], None], width: int) -> Button:
        """A button."""
        made = self.dressed(Button(name=name, label=label, width=width))
        made.on_click(lambda: self._wish(pressed))
        return made

    def _wish(self, wish: Callable[[], None]) -> None:
        if not self._filling:
            self._attempt(wish)


def escaped(text: str) -> str:
    """A text that is no markup."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def written(value: Any) -> str:
    """A value as a field shows it."""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def rounded(value: float) -> float:
    """A value that a slider or a click gives, with as many digits as a place has."""
    return float(f"{value:.4g}")
