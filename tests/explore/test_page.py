"""The page of a visitor, without a browser: what it asks of its source, what it refuses, and when it gives up."""

import base64
import json
import time

import pytest

from gatednet import SettingError
from gatednet.explore.turns import Turns
from tests.explore.visitor import GATES, Prompt, Visitor


@pytest.fixture
def source():
    return Prompt()


@pytest.fixture
def visitor(source):
    visiting = Visitor(source).come().settle()
    yield visiting
    source.hold.set()
    source.wait.set()
    visiting.page.close()


def told(visitor, model):
    """The attributes of a model that were sent to the browser."""
    return {name: value for (of, name), value in visitor.page.news._told.items() if of == model.id}


def look(visitor):
    """Whether the map, and the curves of either cell, are there, grey, or on their way; and the verdict."""
    plot = visitor.page.drawn.plot
    found = {"map": (len(plot.image.data["image"]) == 1, *plot.frame.html_attributes.values())}
    for name, column in zip(("chosen", "pinned"), visitor.page.drawn.cells._columns, strict=True):
        drawn = told(visitor, column.loss.drawn[0])
        found[name] = (drawn.get("visible", False), *told(visitor, column.root).get("html_attributes", {}).values())
    words = told(visitor, visitor.page.drawn.cells.verdict._html).get("html", "")
    return {**found, "verdict": "computing" if "computing" in words else words[:6]}


THERE = {"map": (True,), "chosen": (True,), "pinned": (False,), "verdict": "<p><b>"}


def test_another_setting_greys_what_is_not_of_it_and_nothing_else(visitor, source):
    assert look(visitor) == THERE
    source.hold.clear()
    source.wait.clear()
    visitor.set("timescales.weights", "2")
    # Not yet named, as its curves may be there soon.
    assert (look(visitor), visitor.address) == (THERE, source.default().query())
    visitor.document_after_long()
    assert "weights=2" in visitor.address
    grey = {"map": (True, "stale"), "chosen": (True, "stale"), "pinned": (False,), "verdict": "computing"}
    assert look(visitor) == grey
    assert (visitor.diagram, visitor.chosen) == (None, None)
    source.wait.set()
    visitor.follow()
    assert look(visitor) == {**THERE, "map": (True, "stale")}
    source.hold.set()
    visitor.settle()
    assert look(visitor) == THERE


def test_what_was_there_before_is_there_again_where_settings_are_as_before(visitor, source):
    visitor.set("timescales.weights", "2")
    visitor.follow()
    visitor.settle()
    source.hold.clear()
    visitor.set("timescales.weights", "3")
    visitor.follow()
    assert look(visitor)["map"] == (True, "stale")
    visitor.set("timescales.weights", "2")
    visitor.follow()
    assert look(visitor) == THERE
    assert len(visitor.diagram.x) == 3


@pytest.mark.parametrize(
    ("name", "option", "curves"),
    [("x", "dt", (True,)), ("observable", "loss", (True,)), ("base", "fig2-forgetful", (False, "waiting"))],
)
def test_other_cells_clear_the_diagram_at_once_and_another_base_all(name, option, curves, visitor, source):
    source.hold.clear()
    source.wait.clear()
    visitor.document.get_model_by_name(name).value = option
    found = look(visitor)
    assert found["map"] == (False, "waiting")
    assert visitor.page.drawn.plot.boundary.data == {"xs": [], "ys": []}
    assert found["chosen"] == curves
    assert option in visitor.address


def test_a_step_of_the_tour_is_named_when_nothing_of_before_is_undimmed(visitor, source):
    source.wait.clear()
    visitor.page._attempt(visitor.page._tour)
    assert visitor.page.tour_text.root.visible
    found = look(visitor)
    assert found["map"] == (False, "waiting")
    assert found["chosen"] == (True, "stale")
    assert found["verdict"] == "computing"


def test_a_cell_that_was_pinned_is_not_seen_in_another_ones_place(visitor, source):
    visitor.page._attempt(visitor.page._pin)
    visitor.until(lambda: visitor.beside is not None)
    assert look(visitor)["pinned"] == (True,)
    visitor.page._attempt(visitor.page._pin)
    visitor.until(lambda: look(visitor)["pinned"] == (False,))
    source.wait.clear()
    visitor.page._attempt(visitor.page._pin)
    visitor.document_after_long()
    assert look(visitor)["pinned"][0] is False


def test_a_picture_waits_for_what_it_is_of(visitor, source):
    source.hold.clear()
    source.wait.clear()
    visitor.set("timescales.weights", "2")
    visitor.page._attempt(lambda: visitor.page._keep("svg"))
    assert visitor.message == "the curves are still being computed, a picture can be had after that"
    source.wait.set()
    visitor.follow()
    visitor.page._attempt(lambda: visitor.page._keep("svg"))
    assert visitor.message == "the diagram is still being computed, a picture can be had after that"
    visitor.page._attempt(lambda: visitor.page._keep("python"))
    assert "weights = 2" in base64.b64decode(json.loads(visitor.page.file.value)["content"]).decode()


def test_a_store_that_cannot_be_read_is_one_line_and_no_picture(visitor, source):
    said = "runs/a/arrays.zarr is damaged:\nloss/c/0 is another one than was written"
    source.fail = source.fail_diagram = SettingError(said)
    visitor.set("timescales.weights", "2")
    visitor.until(lambda: visitor.message != "" and not visitor.busy)
    visitor.turn()
    assert visitor.message == said.replace("\n", " ")
    assert look(visitor) == {"map": (False,), "chosen": (False,), "pinned": (False,), "verdict": ""}
    source.fail = source.fail_diagram = None
    visitor.set("timescales.weights", "3")
    visitor.follow()
    visitor.settle()
    assert (look(visitor), visitor.message) == (THERE, "")


def test_a_wish_that_fails_is_said_and_the_page_lives(visitor, source, monkeypatch, caplog):
    def fails(view):
        del view
        raise KeyError("a\nb")

    with monkeypatch.context() as patched:
        patched.setattr(source, "check", fails)
        visitor.set(GATES, "0.05")
    assert visitor.message == "KeyError: 'a\\nb'"
    assert "a wish of a visitor failed" in caplog.text
    visitor.set(GATES, "0.06")
    visitor.follow()
    assert visitor.message == ""


@pytest.mark.parametrize("value", ["steps=1000000000", "network.paths=100000"])
def test_a_link_to_more_than_a_page_can_hold_is_refused_in_one_line(value, source):
    visitor = Visitor(source, set=value).come().settle()
    assert "allowed on a page are" in visitor.message
    assert visitor.page.view == source.default()
    visitor.page.close()


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
