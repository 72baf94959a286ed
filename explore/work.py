"""`Work`: what a page has computed aside, of which only the latest matters."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

from bokeh.document import Document

from gatednet.explore.curves import Curves
from gatednet.explore.diagram import Diagram
from gatednet.explore.drawn import Found
from gatednet.explore.latest import Latest, Wanted
from gatednet.explore.source import Source
from gatednet.explore.turns import Turns
from gatednet.explore.view import View

# While a slider moves, curves are shown at least as often as this, in seconds.
_LIVE = 0.3
# A diagram goes on when settings have been still for so long, in seconds, longer than between two places of a slider
# that moves, and the one before it has been there for as long as a browser takes to draw.
_STILL, _DRAWN = 0.15, 0.05


class Work:
    """Computes curves and diagrams of views for the page in `document`, in the turns of all pages.

    Results and errors are passed to callbacks on the document's next tick; not results that are no longer wanted, and
    nothing once the page is closed. `compiling` is called before and after each compilation, `failed` with unexpected
    errors.
    """

    def __init__(
        self,
        document: Document,
        source: Source,
        turns: Turns,
        compiling: Callable[[bool], None],
        failed: Callable[[Exception], None],
    ) -> None:
        self._document, self._source, self._turns = document, source, turns
        self._told = compiling
        self._at_rest = self._shown = 0.0
        self._closed = False

        def unforeseen(error: Exception) -> None:
            self.later(partial(failed, error))

        self._curves, self._diagrams = Latest("explore-curves", unforeseen), Latest("explore-diagram", unforeseen)

    @property
    def busy(self) -> bool:
        """Whether anything is under way."""
        return self._curves.busy or self._diagrams.busy

    def curves(self, view: View, found: Callable[[Found, float], None], failed: Callable[[Exception], None]) -> None:
        """Compute the runs of both cells; `found` is called in the worker, with the runs and their seconds."""
        self._at_rest = time.perf_counter() + _STILL
        self._curves.submit(partial(self._compute_curves, view, found, failed))

    def diagrams(self, view: View, found: Callable[[Diagram], None], failed: Callable[[Exception], None]) -> None:
        """Compute diagrams, coarse first."""
        self._diagrams.submit(partial(self._compute_diagrams, view, found, failed))

    def close(self) -> None:
        """Give up everything."""
        self._closed = True
        for each in (self._curves, self._diagrams):
            each.stop()

    def shown(self) -> None:
        """Curves were shown just now."""
        self._shown = time.perf_counter()

    def later(self, callback: Callable[[], None]) -> None:
        """Do something with the document when it is its turn; a page that was closed has none."""
        context: Any = self._document.session_context
        try:
            if not (self._closed or (context is not None and context.destroyed)):
                self._document.add_next_tick_callback(callback)
        except AttributeError:
            # The document was taken apart in between, before the page hears of it.
            if context is None or not context.destroyed:
                raise

    def _compute_curves(
        self, view: View, found: Callable[[Found, float], None], failed: Callable[[Exception], None], wanted: Wanted
    ) -> None:
        wanted = self._looked_at(wanted)
        start = time.perf_counter()
        try:
            with self._turns.short():
                chosen = self._source.curves(view, None, self._compiling)
                if not (wanted() or time.perf_counter() > self._shown + _LIVE):
                    return
                beside: Curves | None = None
                if view.pinned:
                    beside = self._source.curves(view, view.pinned, self._compiling)
            found(Found(view, chosen, beside), time.perf_counter() - start)
        except Exception as error:
            self.later(partial(failed, error))

    def _compute_diagrams(
        self, view: View, found: Callable[[Diagram], None], failed: Callable[[Exception], None], wanted: Wanted
    ) -> None:
        try:
            with self._turns.long(self._looked_at(wanted), self._still) as wanted_now:
                if not wanted_now():
                    return
                for diagram in self._source.diagrams(view, wanted_now, self._compiling):
                    self.later(partial(found, diagram))
                    self._at_rest = max(self._at_rest, time.perf_counter() + _DRAWN)
        except Exception as error:
            self.later(partial(failed, error))

    def _looked_at(self, wanted: Wanted) -> Wanted:
        """The same for work that ends when the tab is closed, which is known long before the page is forgotten."""
        context: Any = self._document.session_context
        session = None if context is None else context.session
        return lambda: wanted() and (session is None or session.connection_count > 0)

    def _still(self) -> bool:
        """Whether settings have stayed as they are, so that curves do not come first, and what was found is drawn."""
        return not self._curves.busy and time.perf_counter() > self._at_rest

    def _compiling(self, begins: bool) -> None:
        self.later(partial(self._told, begins))
