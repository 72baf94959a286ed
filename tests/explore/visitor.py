"""A visitor of a page without a browser, and a source that answers at once."""

import threading
import time
from collections import deque

import jax
import numpy as np
from bokeh.document import Document
from bokeh.events import DocumentReady

from gatednet.explore.diagram import Diagram
from gatednet.explore.page import Page
from gatednet.explore.source import Live
from gatednet.explore.turns import Turns
from tests.explore.tools import by_hand

# No test waits so long, unless it fails.
PATIENCE = 20.0
STEPS = 50
GATES = "timescales.gates"


class Prompt(Live):
    """All of `Live` but its runs: curves and diagrams are there at once, and requests are kept.

    `hold` has diagrams wait until it is set, `wait` has curves, and `fail` and `fail_diagram` have them fail.
    """

    def __init__(self):
        super().__init__(jax.local_devices()[:1])
        self.curves_of, self.diagrams_of = [], []
        self.hold = threading.Event()
        self.hold.set()
        self.wait = threading.Event()
        self.wait.set()
        self.fail: Exception | None = None
        self.fail_diagram: Exception | None = None

    def curves(self, view, cell, compiling):
        self.curves_of.append((view, cell))
        assert self.wait.wait(PATIENCE)
        if self.fail is not None:
            raise self.fail
        seeds = view.seeds
        return by_hand(
            self.experiment(view, cell),
            loss=np.linspace(1.0, 0.1, STEPS) * np.ones((seeds, 1)),
            specialization=np.full(seeds, 0.9),
            result=np.zeros(seeds, int),
            result_step=np.zeros(seeds, int),
        )

    def diagrams(self, view, wanted, compiling):
        self.diagrams_of.append(view)
        for side in (2, 3):
            if not wanted():
                return
            assert self.hold.wait(PATIENCE)
            if self.fail_diagram is not None:
                raise self.fail_diagram
            yield Diagram(view.x.values(side), view.y.values(side), np.ones((side, side)), side**2, 0.0)


class Visitor:
    """A page in a document whose callbacks are called by `until`, in the order in which they were put off."""

    def __init__(self, source, turns=None, **query):
        self.source, self.document = source, Document()
        self._put_off = deque()
        self.document.callbacks.on_change_dispatch_to(self)
        arguments = {name: [value] for name, value in query.items()}
        self.page = Page(self.document, source, turns or Turns(), arguments)

    def come(self):
        """The page is there."""
        self.document.callbacks.trigger_event(DocumentReady())
        return self

    def set(self, path, text):
        """Type into a field."""
        self.field(path).value = text

    def field(self, path):
        return self.document.get_model_by_name(f"set-{path}")

    @property
    def message(self):
        (html,) = self.document.get_model_by_name("message").elements
        return html.html.removeprefix('<span role="alert">').removesuffix("</span>")

    @property
    def address(self):
        return self.document.get_model_by_name("address").value

    def turn(self):
        """Everything that was put off is done."""
        for _ in range(len(self._put_off)):
            self._put_off.popleft().callback()

    def _session_callback_added(self, event):
        # Of a server's session this is called by Bokeh, as here, in whatever thread.
        self._put_off.append(event.callback)

    def document_after_long(self):
        """More time has passed than curves may take before their settings are shown without them."""
        self.page._overdue()

    def until(self, true):
        end = time.monotonic() + PATIENCE
        while not true():
            assert time.monotonic() < end
            self.turn()
            time.sleep(0.001)

    def settle(self):
        """Until the diagram is as fine as it gets."""
        self.until(lambda: self.diagram is not None and len(self.diagram.x) == 3 and not self.busy)
        return self

    def follow(self):
        """Until the curves are those of the view."""
        wanted = self.source.experiment(self.page.view)
        self.until(lambda: self.chosen is not None and self.chosen.experiment is wanted)

    @property
    def busy(self):
        return self.page._work.busy

    @property
    def diagram(self):
        """The diagram that is shown, if it is that of the settings that are named."""
        return self.page.drawn.diagram and self.page.drawn.diagram[0]

    @property
    def chosen(self):
        return self.page.drawn.found and self.page.drawn.found.chosen

    @property
    def beside(self):
        return self.page.drawn.found and self.page.drawn.found.beside
