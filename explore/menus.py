"""`Menus`: which experiment is shown, the axes of the diagram with their ranges, its colour, boundary and seeds."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import partial
from typing import Any

from bokeh.layouts import row

from gatednet import SettingError
from gatednet.explore.source import Source
from gatednet.explore.view import SCALES, View, number, whole
from gatednet.explore.widgets import Widgets
from gatednet.refusal import nearest

_NARROW = 78


class Menus:
    """Menus and fields of all of a view that is no setting of its experiment.

    `view` gives the view that is shown, and `ask` requests another one. `base` is the menu of experiments, `rows`
    are the others.
    """

    def __init__(self, widgets: Widgets, source: Source, view: Callable[[], View], ask: Callable[[View], None]) -> None:
        self._source, self._view, self._ask = source, view, ask
        self.base = widgets.menu("base", "experiment", list(source.bases()), self._set_base)
        self._axes = {
            which: widgets.menu(which, title, [], partial(self._set_axis, which))
            for which, title in (("x", "across"), ("y", "up"))
        }
        self._ranges = {
            which: (
                widgets.field(f"{which}-low", "from", partial(self._set_end, which, "low", "from"), _NARROW),
                widgets.field(f"{which}-high", "to", partial(self._set_end, which, "high", "to"), _NARROW),
                widgets.menu(f"{which}-scale", "scale", SCALES, partial(self._set_span, which, "scale"), _NARROW),
            )
            for which in self._axes
        }
        self._observable = widgets.menu(
            "observable", "colour", list(source.observables()), partial(self._set, "observable"), 186
        )
        self._level = widgets.field("level", "boundary at", self._set_level, 90)
        self._seeds = widgets.field("seeds", "seeds", self._set_seeds, 70)
        self.rows = [
            *[row(menu, *self._ranges[which]) for which, menu in self._axes.items()],
            row(self._observable, self._level, self._seeds),
        ]

    def fill(self, view: View) -> None:
        """Show a view."""
        self.base.value = view.base
        names = list(self._source.axes(view))
        for which, span in (("x", view.x), ("y", view.y)):
            self._axes[which].update(options=names, value=span.path)
            low, high, scale = self._ranges[which]
            low.value, high.value, scale.value = f"{span.low:.6g}", f"{span.high:.6g}", span.scale
        self._observable.value = view.observable
        self._level.value, self._seeds.value = f"{view.level:g}", str(view.seeds)

    def _set(self, name: str, value: Any) -> None:
        self._ask(dataclasses.replace(self._view(), **{name: value}))

    def _set_base(self, name: str) -> None:
        self._ask(dataclasses.replace(self._source.default(name), theme=self._view().theme))

    def _set_axis(self, which: str, path: str) -> None:
        view = self._view()
        if path == (view.y if which == "x" else view.x).path:
            # The chosen axis is the other one now: they change places.
            changes = {"x": view.y, "y": view.x}
        else:
            axes = self._source.axes(view)
            if path not in axes:
                raise SettingError(f"{path!r} cannot be an axis: {nearest(path, axes)}")
            changes = {which: axes[path]}
        self._ask(dataclasses.replace(view, **changes, pinned=None))

    def _set_span(self, which: str, name: str, value: Any) -> None:
        self._set(which, dataclasses.replace(getattr(self._view(), which), **{name: value}))

    def _set_end(self, which: str, end: str, word: str, text: str) -> None:
        self._set_span(which, end, number(f"{getattr(self._view(), which).path} {word}", text))

    def _set_level(self, text: str) -> None:
        self._set("level", number("boundary", text))

    def _set_seeds(self, text: str) -> None:
        self._set("seeds", whole("seeds", text))
