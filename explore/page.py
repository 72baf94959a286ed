"""`Page`: what one visitor sees, and what follows from what they do."""

from __future__ import annotations

import base64
import dataclasses
import json
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from html import escape
from typing import Any

from bokeh.document import Document
from bokeh.events import DocumentReady, Tap
from bokeh.layouts import column, row
from bokeh.models import CustomJS, TextInput, UIElement
from matplotlib.figure import Figure

from gatednet import SettingError
from gatednet.explore import export
from gatednet.explore.diagram import Diagram
from gatednet.explore.drawn import Drawn, Found
from gatednet.explore.fields import Fields
from gatednet.explore.look import COLOURS
from gatednet.explore.menus import Menus
from gatednet.explore.news import Change, News
from gatednet.explore.source import Source
from gatednet.explore.tour import STOPS
from gatednet.explore.turns import Turns
from gatednet.explore.view import View, from_query
from gatednet.explore.widgets import Widgets, rounded
from gatednet.explore.words import one_line
from gatednet.explore.work import Work

_LOG = logging.getLogger(__name__)
_DIAGRAM = (470, 330)
_SETTINGS, _CURVES, _WIDTH = 262, 505, 1240
# How far the keyboard's buttons move a cell, as a part of the range.
_STEP = 1 / 16
# Settings are shown together with their curves where those take no longer than this.
_LONG_MS = 100


class Page:
    """The page of one visitor: it receives changes, refuses them in one line, or shows what follows.

    `document` is the visitor's, `source` gives the numbers, all pages take `turns`, and `arguments` are those of the
    address.
    """

    def __init__(
        self, document: Document, source: Source, turns: Turns, arguments: Mapping[str, Sequence[str]]
    ) -> None:
        self.document, self.source = document, source
        self.view = source.default()
        # Views are numbered: the latest requested, and the one whose settings the page shows.
        self._number = self._presented = 0
        self._asked: tuple[Any, ...] | None = None
        self._stop: int | None = None
        self._work = Work(document, source, turns, self._compiling, self._failed)
        self.widgets = Widgets(self._attempt)
        self._build()
        message = ""
        try:
            asked = from_query(arguments, source.default(_last(arguments, "base")))
            source.check(asked)
            self.view = asked
        except SettingError as error:
            message = str(error)
        self._ready = False
        self.show(self.view)
        self._say(message)
        document.title = "gatednet explore"
        # Last: with every change of a page that is in a document all of it is gone through.
        document.add_root(self.root)
        document.on_session_destroyed(lambda context: self.close())
        # Numbers come after the page: both would share the processor.
        document.on_event(DocumentReady, lambda event: self._begin())
        document.js_on_event(DocumentReady, self.fields.named)

    # What the page is made of.

    def _build(self) -> None:
        make = self.widgets
        self.news = News()
        self.drawn = Drawn(make, self.news, (_DIAGRAM, _CURVES), self.view)
        self.drawn.plot.plot.on_event(Tap, self._tapped)
        self.message, self.status = make.words("message"), make.words("status")
        self.tour_text = make.words("tour", width=_WIDTH)
        self.message.root.visible = self.tour_text.root.visible = False
        self.address, self.file = _told("address", _ADDRESS), _told("file", _SAVE)
        self.fields = Fields(make, self._set, _SETTINGS)
        self.menus = Menus(make, self.source, lambda: self.view, self._ask)
        self.root = self._laid_out()

    def _laid_out(self) -> UIElement:
        make = self.widgets
        moves = [
            make.button(f"move-{name}", sign, partial(self._move, *by), 34)
            for name, sign, by in (
                ("left", "←", (-_STEP, 0.0)),
                ("down", "↓", (0.0, -_STEP)),
                ("up", "↑", (0.0, _STEP)),
                ("right", "→", (_STEP, 0.0)),
            )
        ]
        self.pin = make.button("pin", "pin / unpin", self._pin, 104)
        self.next = make.button("tour-next", "tour", self._tour, 60)
        self.next.visible = self.source.computes
        self.leave = make.button("tour-end", "end tour", self._end_tour, 76)
        self.leave.visible = False
        self.dark = make.button("theme", "dark", self._change_theme, 60)
        copy = make.button("copy", "copy link", lambda: None, 84)
        copy.js_on_click(CustomJS(code="navigator.clipboard && navigator.clipboard.writeText(location.href)"))
        keep = [
            make.button(f"as-{name.lower()}", name, partial(self._keep, name.lower()), 66)
            for name in ("Python", "TOML", "PNG", "SVG")
        ]
        title = make.words("title", width=_SETTINGS - 10)
        title.say("<h1>gatednet explore</h1>")
        middle = column(
            self.drawn.plot.frame,
            row(*moves, self.pin),
            self.drawn.cells.verdict.root,
            *self.menus.rows,
        )
        return column(
            row(title.root, *keep, copy, self.dark, self.next, self.leave, self.status.root),
            self.message.root,
            self.tour_text.root,
            row(column(self.menus.base, self.fields.root), middle, self.drawn.cells.root),
            self.address,
            self.file,
            self.news.root,
            name="page",
        )

    # What a visitor does.

    def _attempt(self, change: Callable[[], None]) -> None:
        """Do what is asked, or say in one line why not, and leave all as it was."""
        try:
            change()
        except Exception as error:
            if not isinstance(error, SettingError):
                _LOG.exception("a wish of a visitor failed")
            with self.widgets.filled():
                self._fill(self.view)
            self._say(one_line(error))
        else:
            self._say("")

    def _ask(self, view: View, at_once: bool = False) -> None:
        """Show a view, if it can be shown.

        **Raises** `SettingError` where it cannot.
        """
        self.source.check(view)
        self.show(view, at_once)

    def _set(self, path: str, value: Any) -> None:
        self._ask(self.view.changed(path, value))

    def _tapped(self, event: Any) -> None:
        def choose() -> None:
            place = event.x, event.y
            if all(isinstance(each, int | float) and 0 <= each <= 1 for each in place):
                self._choose(*place)

        self._attempt(choose)

    def _choose(self, across: float, up: float) -> None:
        self._ask(self.view.at((rounded(self.view.x.value(across)), rounded(self.view.y.value(up)))))

    def _move(self, across: float, up: float) -> None:
        cell = self._cell(self.view)
        self._choose(self.view.x.place(cell[0]) + across, self.view.y.place(cell[1]) + up)

    def _cell(self, view: View) -> tuple[float, float]:
        """The chosen cell: what the two paths of the diagram are set to."""
        values = {each.path: each.value for each in self.source.controls(view)}
        return float(values[view.x.path]), float(values[view.y.path])

    def _pin(self) -> None:
        self._ask(dataclasses.replace(self.view, pinned=None if self.view.pinned else self._cell(self.view)))

    def _change_theme(self) -> None:
        self._ask(dataclasses.replace(self.view, theme="dark" if self.view.theme == "light" else "light"))

    def _tour(self) -> None:
        number = 0 if self._stop is None else self._stop + 1
        if number == len(STOPS):
            self._end_tour()
            return
        stop = STOPS[number]
        self._ask(dataclasses.replace(stop.view, theme=self.view.theme), at_once=True)
        self._stop = number
        self.tour_text.say(f"<h2>{number + 1} of {len(STOPS)}: {stop.title}</h2><p>{stop.text}</p>")
        self.tour_text.root.visible = self.leave.visible = True
        self.next.label = "next" if number + 1 < len(STOPS) else "done"

    def _end_tour(self) -> None:
        self._stop = None
        self.tour_text.root.visible = self.leave.visible = False
        self.next.label = "tour"

    def _keep(self, kind: str) -> None:
        self._overdue()
        if kind == "python":
            self._offer("explore.py", export.as_python(self.view, self.source.experiment(self.view)).encode())
            return
        if kind == "toml":
            self._offer("explore.toml", export.as_toml(self.source.sweep_table(self.view)).encode())
            return
        figure = self._picture()
        from gatednet.figures.toolkit.pictures import pictures

        self._offer(f"explore.{kind}", pictures(figure, [kind])[kind])

    def _picture(self) -> Figure:
        found, drawn, view = self.drawn.found, self.drawn.diagram, self.view
        for name, there in (("curves are", found), ("diagram is", drawn)):
            if there is None:
                raise SettingError(f"the {name} still being computed, a picture can be had after that")
        assert found is not None
        assert drawn is not None
        if found.chosen is None:
            raise SettingError("the store keeps nothing of this cell, allowed are others for a picture")
        return export.picture(view, drawn[0], (self._cell(view), found.chosen), found.beside, drawn[1])

    def _offer(self, name: str, content: bytes) -> None:
        # Each time another text, so that the same file can be had again.
        made = {"name": name, "content": base64.b64encode(content).decode(), "number": time.monotonic_ns()}
        self.file.value = json.dumps(made)

    # What is shown.

    def show(self, view: View, at_once: bool = False) -> None:
        """Show a view that was checked: with its curves, or before them where those take long, or `at_once`."""
        at_once = at_once or not self._ready or view.cells != self.view.cells
        self.view, self._number = view, self._number + 1
        if self._ready:
            self._work.curves(view, partial(self._found, self._number), partial(self._no_curves, view))
        if at_once:
            self._present(view, self._number)
        else:
            self.document.add_timeout_callback(self._overdue, _LONG_MS)

    def _overdue(self) -> None:
        if self._presented != self._number:
            self._present(self.view, self._number)

    def _present(self, view: View, number: int) -> None:
        """Show the settings of a view. Not before its curves: a browser that draws takes their processor."""
        self._presented = number
        # First of all: what is drawn does not stay under names that are not its own.
        self.drawn.named(view)
        with self.widgets.filled():
            self._fill(view)
        if self._ready:
            # Not before the page is there, which receives changes only: a refused link would stay.
            self.address.value = view.query()
        self.dark.label = "light" if view.theme == "dark" else "dark"
        self.root.css_classes = ["page", view.theme]
        self.drawn.plot.axes(view.x, view.y, (view.x.path, view.y.path))
        self._mark(view)
        self.drawn.cells.fit(pinned=view.pinned is not None)

    def _begin(self) -> None:
        self._ready = True
        self.show(self.view)

    def _fill(self, view: View) -> None:
        self.menus.fill(view)
        self.fields.fill(self.source.controls(view))

    def _mark(self, view: View) -> None:
        colours = COLOURS[view.theme]
        cells = [(self._cell(view), colours["marker"], "circle")]
        if view.pinned:
            cells.append((view.pinned, colours["ink"], "square"))
        self.drawn.plot.mark(view.x, view.y, cells)

    def _say(self, message: str) -> None:
        self.message.say(f'<span role="alert">{escape(message, quote=False)}</span>')
        self.message.root.visible = bool(message)

    def _tell(self, words: str) -> None:
        self.news.tell([self.status.change(_status(words))])

    # What was computed, aside.

    def _found(self, number: int, found: Found, seconds: float) -> None:
        changes = self.drawn.cells.fill(found.chosen, found.beside, found.view.theme)
        changes.append(self.status.change(_status(f"curves in {1000 * seconds:.0f} ms")))
        self._work.later(partial(self._show_curves, number, found, changes))

    def _show_curves(self, number: int, found: Found, changes: list[Change]) -> None:
        view, latest = found.view, found.view == self.view
        if latest or number > self._presented:
            # With their settings. Those of a moment ago are shown while a slider moves on, now and then.
            self.drawn.show_curves(found, changes, of=view)
            number = self._number if latest else number
            if number != self._presented:
                self._present(view, number)
        else:
            self.drawn.show_curves(found, changes)
        self._work.shown()
        if latest:
            self._draw(view)

    def _no_curves(self, view: View, error: Exception) -> None:
        if view == self.view:
            self._overdue()
            self.drawn.no_curves(view)
            self._failed(error)
            # Its diagram may be there all the same.
            self._draw(view)

    def _draw(self, view: View) -> None:
        if self._asked != view.diagram:
            self._asked = view.diagram
            self._work.diagrams(view, partial(self._show_diagram, view), partial(self._no_diagram, view))

    def _show_diagram(self, view: View, diagram: Diagram) -> None:
        if view.diagram != self.view.diagram:
            return
        self._overdue()
        if self.drawn.show_diagram(view, diagram):
            self._mark(self.view)
            rows, columns = diagram.values.shape
            self._tell(f"{columns} × {rows} cells, {diagram.runs:,} runs in {diagram.seconds:.1f} s")

    def _no_diagram(self, view: View, error: Exception) -> None:
        if view.diagram == self.view.diagram:
            self._asked = None
            self._overdue()
            self.drawn.no_diagram(view)
            self._failed(error)

    def _compiling(self, begins: bool) -> None:
        self._tell("compiling …" if begins else "compiled")

    def _failed(self, error: Exception) -> None:
        self._say(one_line(error))

    def close(self) -> None:
        """Give up all work."""
        self._work.close()


_ADDRESS = "history.replaceState(null, '', location.pathname + '?' + cb_obj.value)"
_SAVE = """
const made = JSON.parse(cb_obj.value)
const bytes = Uint8Array.from(atob(made.content), (each) => each.charCodeAt(0))
const link = document.createElement('a')
link.href = URL.createObjectURL(new Blob([bytes]))
link.download = made.name
link.click()
URL.revokeObjectURL(link.href)
"""


def _told(name: str, code: str) -> TextInput:
    """A hidden field, by whose value the page receives something: `code` runs in the browser when it changes."""
    made = TextInput(name=name, visible=False)
    made.js_on_change("value", CustomJS(code=code))
    return made


def _status(words: str) -> str:
    return f'<span role="status">{escape(words, quote=False)}</span>'


def _last(arguments: Mapping[str, Sequence[str]], name: str) -> str | None:
    return arguments[name][-1] if arguments.get(name) else None
