"""`Widgets`: menus, fields, buttons and texts that look alike, and report what a visitor wants."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from importlib.resources import files
from typing import Any

from bokeh.models import Button, CustomJS, InlineStyleSheet, Select, Slider, TextInput

from gatednet.explore.words import Text

# Places of a slider.
PLACES = 1000
# What a slider passes within this is left out, in milliseconds.
_SETTLED_MS = 15

# A button with another label is another element, and the focus is lost with the one before.
_FOCUSED = """
const view = Bokeh.index.find_one(cb_obj)
setTimeout(() => { if (document.activeElement == document.body) view?.shadow_el.querySelector('button')?.focus() })
"""

# Does what it is given, or says why not.
Attempt = Callable[[Callable[[], None]], None]


class Widgets:
    """Makes widgets. What they report goes to `attempt`, but not while the page itself fills them."""

    def __init__(self, attempt: Attempt) -> None:
        self._attempt = attempt
        self._sheet = InlineStyleSheet(css=(files("gatednet.explore") / "widgets.css").read_text(encoding="utf-8"))
        self._filling = False
        # Sliders that were heard just now, and where they have moved since.
        self._moving: dict[Any, int | None] = {}

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

    def words(self, name: str, width: int | None = None) -> Text:
        """A text, empty at first, `width` pixels wide or as wide as its content."""
        return Text(name, self._sheet, width)

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
        made.on_change("value", lambda attr, old, new: self._passed(made, new, moved))
        return made

    def put(self, slider: Slider, place: int) -> None:
        """Put a slider at a place, unless it is on its way to another one."""
        if self._moving.get(slider) is None:
            slider.value = place

    def _passed(self, slider: Slider, place: int, moved: Callable[[int], None]) -> None:
        # Places that a hand passes by are left out: what is shown is the first of them, and soon the last.
        if self._filling:
            return
        if slider in self._moving:
            self._moving[slider] = place
            return
        self._wish(lambda: moved(place))
        self._moving[slider] = None
        document: Any = slider.document
        document.add_timeout_callback(partial(self._settled, slider, moved), _SETTLED_MS)

    def _settled(self, slider: Slider, moved: Callable[[int], None]) -> None:
        place = self._moving.pop(slider)
        # Of another experiment the panel has other sliders.
        if place is not None and slider.document is not None:
            self._passed(slider, place, moved)

    def button(self, name: str, label: str, pressed: Callable[[], None], width: int) -> Button:
        """A button."""
        made = self.dressed(Button(name=name, label=label, width=width))
        made.js_on_change("label", CustomJS(code=_FOCUSED))
        made.on_click(lambda: self._wish(pressed))
        return made

    def _wish(self, wish: Callable[[], None]) -> None:
        if not self._filling:
            self._attempt(wish)


def written(value: Any) -> str:
    """A value as a field shows it."""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def rounded(value: float) -> float:
    """A value that a slider or a click gives, with as many digits as a place has."""
    return float(f"{value:.4g}")
