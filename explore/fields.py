"""`Fields`: the panel of all settings, each with its meaning."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from bokeh.layouts import column
from bokeh.models import CustomJS, Select, Slider, TextInput, UIElement

from gatednet.explore.settings import Control
from gatednet.explore.view import Span, read_value
from gatednet.explore.widgets import PLACES, Widgets, rounded, written

# Offered for whole numbers, beside the one that is set; of those that are larger, these parts and multiples.
_WHOLE = (1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32)
_MULTIPLES = (0.1, 0.2, 0.5, 2, 5, 10)
_SCROLLBAR = 30
# To those who do not see them Bokeh's sliders tell no name, and a place as their value; once they are there, they are
# given the name of their field, and the number that it will show, as `Span.value` and `rounded` have it. They do not
# send their places a second time, as throttled ones.
_NAMED = """
const tell = (handle, {end, tags: [low, high, scale]}) => {
  const place = Number(handle.getAttribute('aria-valuenow')) / end
  const value = scale == 'log' ? low * (high / low) ** place : low + (high - low) * place
  handle.setAttribute('aria-valuetext', String(Number(value.toPrecision(4))))
}
const name = (tries) => {
  let left = 0
  for (const {children} of settings.children) {
    if (children == null) continue
    const [field, slider] = children
    const handle = Bokeh.index.find_one(slider)?.shadow_el.querySelector('[role=slider]')
    if (handle == null) left += 1
    else if (!handle.hasAttribute('aria-label')) {
      slider.properties.value_throttled.internal = true
      handle.setAttribute('aria-label', field.title)
      tell(handle, slider)
      new MutationObserver(() => tell(handle, slider)).observe(handle, {attributeFilter: ['aria-valuenow']})
    }
  }
  if (left && tries) setTimeout(() => name(tries - 1), 50)
}
name(100)
"""


@dataclasses.dataclass
class _Input:
    """The widgets of one control: a field or menu, and for numbers a slider along a range that stays."""

    field: TextInput | Select
    slider: Slider | None = None
    span: Span | None = None

    def fill(self, value: Any, put: Callable[[Slider, int], None]) -> None:
        """Show a value; `put` puts a slider at a place."""
        if isinstance(self.field, Select) and written(value) not in self.field.options:
            self.field.update(options=[*self.field.options, written(value)])
        self.field.value = written(value)
        if self.slider is not None and self.span is not None:
            place = self.span.place(float(value))
            if math.isfinite(place):
                put(self.slider, min(max(round(place * PLACES), 0), PLACES))

    @property
    def layout(self) -> UIElement:
        """The widgets, one above the other."""
        return self.field if self.slider is None else column(self.field, self.slider)


class Fields:
    """The panel; `change` receives the path and the new value of a setting, and `named` names sliders in a browser."""

    def __init__(self, widgets: Widgets, change: Callable[[str, Any], None], width: int) -> None:
        self._widgets, self._change, self._width = widgets, change, width
        self.root = widgets.dressed(column(width=width, name="settings", css_classes=["settings"]))
        self.named = CustomJS(args={"settings": self.root}, code=_NAMED)
        self.root.js_on_change("children", self.named)
        self._inputs: dict[str, _Input] = {}
        self._made_for: list[Any] = []

    def fill(self, controls: Sequence[Control]) -> None:
        """Show the values of settings; other settings than before are made anew."""
        made_for = [(each.path, each.options, each.span) for each in controls]
        if made_for != self._made_for:
            self._made_for = made_for
            self._inputs = {each.path: self._input(each) for each in controls}
            self.root.children = [each.layout for each in self._inputs.values()]
        for each in controls:
            self._inputs[each.path].fill(each.value, self._widgets.put)

    def _input(self, control: Control) -> _Input:
        path, span, width = control.path, control.span, self._width - _SCROLLBAR
        units = "" if control.units in ("1", "") else f" [{control.units}]"
        name, title = f"set-{path}", f"{path}{units}"
        typed = partial(self._typed, path)
        field: TextInput | Select
        if span is None:
            options = control.options or whole_numbers(control.value)
            field = self._widgets.menu(name, title, [written(each) for each in options], typed, width)
        else:
            field = self._widgets.field(name, title, typed, width)
        field.description = f"{control.meaning}; allowed is {control.allowed}"
        if span is None:
            return _Input(field)
        slider = self._widgets.slider(f"slide-{path}", partial(self._moved, path, span), width)
        slider.tags = [span.low, span.high, span.scale]
        return _Input(field, slider, span)

    def _typed(self, path: str, text: str) -> None:
        self._change(path, read_value(text))

    def _moved(self, path: str, span: Span, place: int) -> None:
        self._change(path, rounded(span.value(place / PLACES)))


def whole_numbers(value: int) -> list[int]:
    """The whole numbers that a menu offers where one is set."""
    if value <= _WHOLE[-1]:
        return sorted({*_WHOLE, value})
    return sorted({value, *(round(value * each) for each in _MULTIPLES)})
