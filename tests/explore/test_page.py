"""The page of a visitor, without a browser: what it asks of its source, what it refuses, and when it gives up."""

import threading
import time
from collections import deque

import jax
import numpy as np
import pytest
from bokeh.document import Document
from bokeh.events import DocumentReady

from explore.diagram import Diagram
from explore.page import Page
from explore.source import Live
from explore.turns import Turns
from tests.explore.tools import by_hand

# No test waits so long, unless it fails.
PATIENCE = 20.0
STEPS = 50
GATES = "timescales.gates"


class Prompt(Live):
    """All of `Live` but its runs: curves and diagrams are there at once, and what was asked for is kept.

    `hold` has diagrams wait until it is set, and `fail` has curves fail.
    """

    def __init__(self):
        super().__init__(jax.local_devices()[:1])
        self.curves_of, self.diagrams_of = [], []
        self.hold = threading.Event()
        self.hold.set()
        self.fail: Exception | None = None

    def curves(self, view, cell, compiling):
        self.curves_of.append((view, cell))
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


@pytest.fixture
def source():
    return Prompt()


@pytest.fixture
def visitor(source):
    visiting = Visitor(source).come().settle()
    yield visiting
    source.hold.set()
    visiting.page.close()


def test_numbers_come_after_the_page_and_the_diagram_after_the_curves(source):
    visitor = Visitor(source)
    visitor.turn()
    assert (source.curves_of, visitor.address) == ([], "")
    visitor.come().settle()
    assert source.curves_of == [(visitor.page.view, None)]
    assert source.diagrams_of == [visitor.page.view]
    assert visitor.chosen is not None
    assert visitor.address == visitor.page.view.query()
    visitor.page.close()


def test_a_link_is_shown(source):
    visitor = Visitor(source, set=f"{GATES}=0.07", seeds="2").come().settle()
    assert dict(visitor.page.view.changes) == {GATES: 0.07}
    assert visitor.page.view.seeds == 2
    assert (visitor.field(GATES).value, visitor.message) == ("0.07", "")
    visitor.page.close()


def test_a_bad_link_is_refused_in_one_line_and_leaves_the_address(source):
    visitor = Visitor(source, set=f"{GATES}=-1").come().settle()
    assert visitor.message == "set: Timescales.gates is -1.0, allowed is a finite number above 0"
    assert visitor.page.view == source.default()
    assert visitor.address == source.default().query()
    visitor.page.close()


def test_a_value_is_set_and_shown_with_its_curves(visitor, source):
    visitor.set(GATES, "0.07")
    assert visitor.message == ""
    assert dict(visitor.page.view.changes) == {GATES: 0.07}
    visitor.follow()
    assert source.curves_of[-1] == (visitor.page.view, None)
    visitor.until(lambda: "gates=0.07&" in visitor.address)


def test_a_bad_value_is_refused_in_one_line_and_all_stays(visitor, source):
    before = visitor.page.view, visitor.address, visitor.field(GATES).value, len(source.curves_of)
    for text, said in (("0", "set: Timescales.gates is 0.0, allowed is a finite number above 0"), ("abc", "abc")):
        visitor.set(GATES, text)
        visitor.turn()
        assert said in visitor.message
        assert "\n" not in visitor.message
        assert (visitor.page.view, visitor.address, visitor.field(GATES).value, len(source.curves_of)) == before


def test_the_diagram_stays_while_the_cell_moves_within_it(visitor, source):
    visitor.set(GATES, "0.07")
    visitor.follow()
    visitor.until(lambda: not visitor.busy)
    assert len(source.diagrams_of) == 1
    visitor.set("timescales.weights", "2")
    visitor.until(lambda: len(source.diagrams_of) == 2 and not visitor.busy)


def test_a_pinned_cell_has_curves_of_its_own(visitor, source):
    cell = visitor.page._cell(visitor.page.view)
    visitor.page._attempt(visitor.page._pin)
    visitor.set(GATES, "0.07")
    visitor.follow()
    assert source.curves_of[-2:] == [(visitor.page.view, None), (visitor.page.view, cell)]
    assert visitor.beside.experiment == source.experiment(visitor.page.view, cell)
    visitor.page._attempt(visitor.page._pin)
    visitor.until(lambda: visitor.beside is None)


def test_a_diagram_of_an_earlier_view_is_not_shown(visitor, source):
    source.hold.clear()
    visitor.set("timescales.weights", "2")
    visitor.until(lambda: len(source.diagrams_of) == 2)
    shown = visitor.diagram
    visitor.set("timescales.weights", "3")
    source.hold.set()
    # That of the second view comes first, and is passed over.
    visitor.until(lambda: visitor.diagram not in (None, shown))
    assert visitor.page.drawn._of_diagram.diagram == visitor.page.view.diagram
    visitor.until(lambda: not visitor.busy)
    assert source.diagrams_of[-1] == visitor.page.view


def test_an_error_is_said_and_the_next_view_is_shown(visitor, source):
    source.fail = RuntimeError("no memory")
    visitor.set(GATES, "0.07")
    visitor.until(lambda: visitor.message != "")
    assert visitor.message == "RuntimeError: no memory"
    source.fail = None
    visitor.set(GATES, "0.08")
    visitor.until(lambda: "gates=0.08&" in visitor.address)
    assert visitor.message == ""


def test_a_closed_page_asks_for_nothing_and_gives_up_what_is_under_way(visitor, source):
    source.hold.clear()
    visitor.set("timescales.weights", "2")
    visitor.until(lambda: len(source.diagrams_of) == 2)
    visitor.page.close()
    source.hold.set()
    visitor.until(lambda: not visitor.busy)
    visitor.set("timescales.weights", "3")
    assert not visitor.busy
    assert len(source.diagrams_of) == 2


def test_the_diagram_of_one_page_waits_for_the_curves_of_another(source):
    turns = Turns()
    visitor = Visitor(source, turns).come()
    with turns.short():
        visitor.until(lambda: visitor.chosen is not None)
        time.sleep(0.3)
        visitor.turn()
        assert source.diagrams_of == []
        assert visitor.diagram is None
    visitor.settle()
    visitor.page.close()
