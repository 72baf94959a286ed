"""Changes of a page go to its browser in their order, and together where nothing is laid out between them."""

import asyncio
import itertools

import numpy as np
from bokeh.document import Document
from bokeh.document.events import ColumnDataChangedEvent, ModelChangedEvent, RootAddedEvent
from bokeh.models import ColumnDataSource, TextInput
from bokeh.protocol import Protocol
from hypothesis import given
from hypothesis import strategies as st

from gatednet.explore.patches import Connection, together

DOCUMENT, FIELD, SOURCE = Document(), TextInput(), ColumnDataSource()
LIGHT = {
    "value": ModelChangedEvent(DOCUMENT, FIELD, "value", "1"),
    "tags": ModelChangedEvent(DOCUMENT, FIELD, "tags", []),
    "data": ColumnDataChangedEvent(DOCUMENT, SOURCE, "data"),
}
HEAVY = {
    "visible": ModelChangedEvent(DOCUMENT, FIELD, "visible", new=False),
    "root": RootAddedEvent(DOCUMENT, FIELD),
}


@given(st.lists(st.sampled_from([*LIGHT.values(), *HEAVY.values()])))
def test_nothing_is_lost_or_overtaken_and_all_that_is_light_goes_together(events):
    found = list(together(events))
    assert list(itertools.chain(*found)) == events
    is_light = [each[0] in LIGHT.values() for each in found]
    assert all(len(each) == 1 for each, light in zip(found, is_light, strict=True) if not light)
    assert all(event in LIGHT.values() for each, light in zip(found, is_light, strict=True) if light for event in each)
    # No two messages that follow each other could have been one.
    assert not any(one and other for one, other in itertools.pairwise(is_light))


class Socket:
    """Keeps what it is to send."""

    def __init__(self):
        self.sent = []

    async def send_message(self, message):
        self.sent.append(message)


class Session:
    def subscribe(self, connection):
        self.connection = connection


class Sent:
    """A document whose changes go to a connection, as a session has it: written once they are done."""

    def __init__(self):
        self.document, self.socket, self.field, self.source = Document(), Socket(), TextInput(), ColumnDataSource()
        for each in (self.field, self.source):
            self.document.add_root(each)
        self._connection = Connection(Protocol(), self.socket, None, Session())
        self._writes = []
        self.document.on_change(lambda event: self._writes.append(self._connection.send_patch_document(event)))

    def written(self):
        """The messages of the changes until now, each the attributes and the models of its events."""

        async def write():
            for each in self._writes:
                await each

        asyncio.run(write())
        self._writes = []
        sent, self.socket.sent = self.socket.sent, []
        return sent


def test_changes_of_one_go_are_one_message():
    page = Sent()
    page.field.value = "2"
    page.source.data = {"x": np.arange(3.0)}
    page.field.value = "3"
    (message,) = page.written()
    assert message.msgtype == "PATCH-DOC"
    assert [(each["kind"], each["attr"]) for each in message.content["events"]] == [
        ("ModelChanged", "value"),
        ("ColumnDataChanged", "data"),
        ("ModelChanged", "value"),
    ]
    assert [each["new"] for each in message.content["events"] if "new" in each] == ["2", "3"]
    # The array, beside the text.
    (buffer,) = message.buffers
    np.testing.assert_array_equal(np.frombuffer(buffer.data), np.arange(3.0))


def test_what_lays_out_comes_alone_and_in_its_place():
    page = Sent()
    page.field.value = "2"
    page.field.visible = False
    page.field.value, page.field.tags = "3", ["a"]
    found = [[event["attr"] for event in each.content["events"]] for each in page.written()]
    assert found == [["value"], ["visible"], ["value", "tags"]]


def test_what_was_written_is_not_written_again():
    page = Sent()
    page.field.value = "2"
    assert len(page.written()) == 1
    assert page.written() == []
    page.field.value = "3"
    (message,) = page.written()
    assert [each["new"] for each in message.content["events"]] == ["3"]
