"""`Page`: what one visitor sees, and what follows from what they do."""

from __future__ import annotations

import base64
import dataclasses
import json
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from bokeh.document import Document
from bokeh.events import DocumentReady, Tap
from bokeh.layouts import column, row
from bokeh.models import CustomJS, TextInput, UIElement

from explore import export
from explore.cells import Cells
from explore.curves import Curves
from explore.diagram import Diagram
from explore.fields import Fields
from explore.latest import Latest, Wanted
from explore.look import COLOURS
from explore.menus import Menus
from explore.news import Change, News
from explore.phase_plot import DiagramPlot
from explore.source import Source
from explore.tour import STOPS
from explore.turns import Turns
from explore.view import View, from_query
from explore.widgets import Widgets, escaped, rounded
from gatednet import SettingError

_DIAGRAM = (470, 330)
_SETTINGS, _CURVES, _WIDTH = 262, 505, 1240
# How far the keyboard's buttons move a cell, as a part of the range.
_STEP = 1 / 16
# Settings are shown together with their curves where those take no longer than this.
_LONG_MS = 100
# While a slider moves, curves are shown at least as often as this, in seconds.
_LIVE = 0.3
# A diagram goes on when settings have been still for so long, in seconds.
_STILL = 0.15


class Page:
    """The page of one visitor: it is told of changes, refuses them in one line, or shows what follows.

    `document` is the visitor's, `source` gives the numbers, all pages take `turns`, and `arguments` are those of the
    address.
    """

    def __init__(
        self, document: Document, source: Source, turns: Turns, arguments: Mapping[str, Sequence[str]]
    ) -> None:
        self.document, self.source, self._turns = document, source, turns
        self.view = source.default()
        self.diagram: Diagram | None = None
        self.chosen: Curves | None = None
        self.beside: Curves | None = None
        self._shown_diagram: Any = None
        self._dressed = self.view.theme
        self._drawn = 0.0
        self._stop: int | None = None
        self._latest = {name: Latest(f"explore-{name}", self._failed) for name in ("curves", "diagram")}
        self.widgets = Widgets(self._attempt)
        self._build()
        message = ""
        try:
            asked = from_query(arguments, source.default(_last(arguments, "base")))
            source.check(asked)
            self.view = asked
        except SettingError as error:
            message = str(error)
        self._ready = self._closed = False
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
        theme, make = self.view.theme, self.widgets
        self.plot = DiagramPlot(*_DIAGRAM, theme)
        self.plot.plot.on_event(Tap, self._tapped)
        self.cells = Cells(make, _CURVES, _DIAGRAM[0], theme)
        self.message, self.status = make.words("message"), make.words("status")
        self.tour_text = make.words("tour", width=_WIDTH)
        self.message.root.visible = self.tour_text.root.visible = False
        self.address, self.file = _told("address", _ADDRESS), _told("file", _SAVE)
        self.news = News()
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
            self.plot.plot,
            row(*moves, self.pin),
            self.cells.verdict.root,
            *self.menus.rows,
        )
        return column(
            row(title.root, *keep, copy, self.dark, self.next, self.leave, self.status.root),
            self.message.root,
            self.tour_text.root,
            row(column(self.menus.base, self.fields.root), middle, self.cells.root),
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
        except SettingError as error:
            with self.widgets.filled():
                self._fill()
            self._say(str(error))
        else:
            self._say("")

    def _ask(self, view: View) -> None:
        """Show a view, if it can be shown.

        **Raises** `SettingError` where it cannot.
        """
        self.source.check(view)
        self.show(view)

    def _set(self, path: str, value: Any) -> None:
        self._ask(self.view.changed(path, value))

    def _tapped(self, event: Any) -> None:
        def choose() -> None:
            assert event.x is not None
            assert event.y is not None
            if 0 <= event.x <= 1 and 0 <= event.y <= 1:
                self._choose(event.x, event.y)

        self._attempt(choose)

    def _choose(self, across: float, up: float) -> None:
        self._ask(self.view.at((rounded(self.view.x.value(across)), rounded(self.view.y.value(up)))))

    def _move(self, across: float, up: float) -> None:
        cell = self._cell()
        self._choose(self.view.x.place(cell[0]) + across, self.view.y.place(cell[1]) + up)

    def _cell(self) -> tuple[float, float]:
        """The chosen cell: what the two paths of the diagram are set to."""
        values = {each.path: each.value for each in self._controls}
        return float(values[self.view.x.path]), float(values[self.view.y.path])

    def _pin(self) -> None:
        self._ask(dataclasses.replace(self.view, pinned=None if self.view.pinned else self._cell()))

    def _change_theme(self) -> None:
        self._ask(dataclasses.replace(self.view, theme="dark" if self.view.theme == "light" else "light"))

    def _tour(self) -> None:
        number = 0 if self._stop is None else self._stop + 1
        if number == len(STOPS):
            self._end_tour()
            return
        stop = STOPS[number]
        self._ask(dataclasses.replace(stop.view, theme=self.view.theme))
        self._stop = number
        self.tour_text.say(f"<h2>{number + 1} of {len(STOPS)}: {stop.title}</h2><p>{stop.text}</p>")
        self.tour_text.root.visible = self.leave.visible = True
        self.next.label = "next" if number + 1 < len(STOPS) else "done"

    def _end_tour(self) -> None:
        self._stop = None
        self.tour_text.root.visible = self.leave.visible = False
        self.next.label = "tour"

    def _keep(self, kind: str) -> None:
        if kind == "python":
            self._offer("explore.py", export.as_python(self.view, self.source.experiment(self.view)).encode())
            return
        if kind == "toml":
            self._offer("explore.toml", export.as_toml(self.source.sweep_table(self.view)).encode())
            return
        if self.chosen is None:
            raise SettingError("nothing is drawn yet, a picture comes after it")
        from figures.pipeline import pictures

        figure = export.picture(self.view, self.diagram, (self._cell(), self.chosen), self.beside)
        self._offer(f"explore.{kind}", pictures(figure, [kind])[kind])

    def _offer(self, name: str, content: bytes) -> None:
        # Each time another text, so that the same file can be had again.
        made = {"name": name, "content": base64.b64encode(content).decode(), "number": time.monotonic_ns()}
        self.file.value = json.dumps(made)

    # What is shown.

    def show(self, view: View) -> None:
        """Show a view that was checked: with its curves, or without where those take long."""
        self.view, self._controls = view, self.source.controls(view)
        self._presented, self._changed = False, time.perf_counter()
        if self._ready:
            self._latest["curves"].submit(partial(self._compute_curves, view))
            self.document.add_timeout_callback(self._present, _LONG_MS)
        else:
            self._present()

    def _present(self) -> None:
        """Show the settings of the view. Not before its curves: a browser that draws takes their processor."""
        if self._presented:
            return
        self._presented, view = True, self.view
        with self.widgets.filled():
            self._fill()
        if self._ready:
            # Not before the page is there, which is told of changes only: a refused link would stay.
            self.address.value = view.query()
        self.dark.label = "light" if view.theme == "dark" else "dark"
        self.root.css_classes = ["page", view.theme]
        if self._dressed != view.theme:
            self._dressed = view.theme
            self.plot.dress(view.theme)
            self.cells.dress(view.theme)
        self.plot.axes(view.x, view.y, (view.x.path, view.y.path))
        self._mark()
        self.cells.fit(pinned=view.pinned is not None)
        if self.diagram is not None and self._shown_diagram == view.diagram:
            self.plot.bound(self.diagram.values, view.level)

    def _begin(self) -> None:
        self._ready = True
        self.show(self.view)

    def _fill(self) -> None:
        self.menus.fill(self.view)
        self.fields.fill(self._controls)

    def _mark(self) -> None:
        colours = COLOURS[self.view.theme]
        cells = [(self._cell(), colours["marker"], "circle")]
        if self.view.pinned:
            cells.append((self.view.pinned, colours["ink"], "square"))
        self.plot.mark(self.view.x, self.view.y, cells)

    def _say(self, message: str) -> None:
        self.message.say(f'<span role="alert">{escaped(message)}</span>')
        self.message.root.visible = bool(message)

    def _tell(self, words: str) -> None:
        self.news.tell([self.status.change(_status(words))])

    # What is computed, aside.

    def _looked_at(self, wanted: Wanted) -> Wanted:
        """The same for work that ends when the tab is closed, which is known long before the page is forgotten."""
        context: Any = self.document.session_context
        session = None if context is None else context.session
        return lambda: wanted() and (session is None or session.connection_count > 0)

    def _still(self) -> bool:
        """Whether settings have stayed as they are, so that curves do not come first."""
        return not self._latest["curves"].busy and time.perf_counter() > self._changed + _STILL

    def _compute_curves(self, view: View, wanted: Wanted) -> None:
        wanted = self._looked_at(wanted)
        start = time.perf_counter()
        with self._turns.short():
            chosen = self.source.curves(view, None, self._compiling)
            if not (wanted() or time.perf_counter() > self._drawn + _LIVE):
                return
            beside = self.source.curves(view, view.pinned, self._compiling) if view.pinned else None
        words = _status(f"curves in {1000 * (time.perf_counter() - start):.0f} ms")
        changes = [*self.cells.fill(chosen, beside, view.theme), self.status.change(words)]
        self._later(partial(self._show_curves, view, chosen, beside, changes))

    def _show_curves(self, view: View, chosen: Curves | None, beside: Curves | None, changes: list[Change]) -> None:
        # Those of a moment ago are shown while a slider moves on, now and then, and not kept.
        latest = view == self.view
        self.chosen, self.beside = (chosen, beside) if latest else (None, None)
        self._drawn = time.perf_counter()
        self.news.tell(changes)
        if latest:
            self._present()
        if latest and self._shown_diagram != view.diagram:
            self._latest["diagram"].submit(partial(self._compute_diagrams, view))

    def _compute_diagrams(self, view: View, wanted: Wanted) -> None:
        with self._turns.long(self._looked_at(wanted), self._still) as wanted_now:
            if not wanted_now():
                return
            for diagram in self.source.diagrams(view, wanted_now, self._compiling):
                self._later(partial(self._show_diagram, view, diagram))

    def _show_diagram(self, view: View, diagram: Diagram) -> None:
        if view.diagram != self.view.diagram:
            return
        self.diagram, self._shown_diagram = diagram, view.diagram
        rows, columns = diagram.values.shape
        self.plot.fill(diagram, self.view.level, self.view.observable.replace("_", " "))
        self._mark()
        self._tell(f"{columns} × {rows} cells, {diagram.runs:,} runs in {diagram.seconds:.1f} s")

    def _compiling(self, begins: bool) -> None:
        self._later(partial(self._tell, "compiling …" if begins else "compiled"))

    def _failed(self, error: Exception) -> None:
        message = str(error) if isinstance(error, SettingError) else f"{type(error).__name__}: {error}"
        self._later(partial(self._say, message))

    def _later(self, callback: Callable[[], None]) -> None:
        """Do something with the document when it is its turn; a page that was closed has none."""
        context: Any = self.document.session_context
        try:
            if not (self._closed or (context is not None and context.destroyed)):
                self.document.add_next_tick_callback(callback)
        except AttributeError:
            # The document was taken apart in between, which comes before the page is told.
            if context is None or not context.destroyed:
                raise

    def close(self) -> None:
        """Give up all work."""
        self._closed = True
        for each in self._latest.values():
            each.stop()


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
    """What the page is told by its value, which is not shown: `code` runs in the browser when it changes."""
    made = TextInput(name=name, visible=False)
    made.js_on_change("value", CustomJS(code=code))
    return made


def _status(words: str) -> str:
    return f'<span role="status">{escaped(words)}</span>'


def _last(arguments: Mapping[str, Sequence[str]], name: str) -> str | None:
    return arguments[name][-1] if arguments.get(name) else None
