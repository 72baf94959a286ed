"""Patches of a document, which a browser is sent together where it may take them together."""

from __future__ import annotations

from collections.abc import Awaitable, Iterator, Sequence
from typing import Any

from bokeh.document.events import ColumnDataChangedEvent, DocumentPatchedEvent, ModelChangedEvent
from bokeh.server.connection import ServerConnection

from gatednet.explore.messages import PATCH

# What is drawn, typed and said. All else may lay a part of the page out, which paints it at once, while the data of the
# same message are only half taken in.
_LIGHT = frozenset(("data", "html", "html_attributes", "tags", "value"))


class Connection(ServerConnection):
    """Sends what a page changes in one go as few messages.

    A message is a task of the browser, which may paint between two of them, so that what belongs together would be seen
    one after the other. And for each message Bokeh goes through all models.
    """

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._events: list[DocumentPatchedEvent] = []

    def send_patch_document(self, event: DocumentPatchedEvent) -> Awaitable[None]:
        """Send a change; the session waits for it once the page is done, and that sends all changes until then."""
        self._events.append(event)
        return self._send_patches()

    async def _send_patches(self) -> None:
        events, self._events = self._events, []
        for each in together(events):
            await self._socket.send_message(self.protocol.create(PATCH, each))


def together(events: Sequence[DocumentPatchedEvent]) -> Iterator[list[DocumentPatchedEvent]]:
    """The same changes in the same order, in as few messages as they may be."""
    light: list[DocumentPatchedEvent] = []
    for event in events:
        if isinstance(event, ModelChangedEvent | ColumnDataChangedEvent) and event.attr in _LIGHT:
            light.append(event)
            continue
        if light:
            yield light
            light = []
        yield [event]
    if light:
        yield light
