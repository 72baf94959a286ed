"""Messages of a page to its server: values of widgets, sizes of plots, clicks. No others are accepted."""

from __future__ import annotations

import math
from typing import Any

from bokeh.document import Document

# Bytes of a part of a message, and characters of a text in it.
MOST_BYTES, _MOST_CHARACTERS = 1 << 16, 1000
PULL, PATCH = "PULL-DOC-REQ", "PATCH-DOC"
# Events of one message; those of a page that has just been drawn are its plots' sizes, four of each.
_MOST_EVENTS = 200
_WIDGETS = ("value", "value_input", "value_throttled")
_PLOTS = ("start", "end", "inner_width", "inner_height", "outer_width", "outer_height")
_ATTRIBUTES = frozenset((*_WIDGETS, *_PLOTS))
_EVENTS = frozenset(("document_ready", "tap", "button_click"))
# As JSON allows, and a number has no more digits than a double.
_LARGEST = 1e308
_DEEPEST = 4


def is_expected(kind: Any, content: Any, document: Document) -> bool:
    """Whether a message, of a kind and with a content, is one that a page of a document sends."""
    if kind == PULL:
        return content == {}
    if kind != PATCH or not isinstance(content, dict) or set(content) != {"events"}:
        return False
    events = content["events"]
    return (
        isinstance(events, list) and len(events) <= _MOST_EVENTS and all(_is_event(each, document) for each in events)
    )


def _is_event(event: Any, document: Document) -> bool:
    if not isinstance(event, dict):
        return False
    if event.get("kind") == "ModelChanged":
        return (
            set(event) == {"kind", "model", "attr", "new"}
            and _is_model(event["model"], document)
            and isinstance(event["attr"], str)
            and event["attr"] in _ATTRIBUTES
            and event["new"] is not None
            and _is_value(event["new"])
        )
    if event.get("kind") != "MessageSent" or set(event) != {"kind", "msg_type", "msg_data"}:
        return False
    data = event["msg_data"]
    return (
        event["msg_type"] == "bokeh_event"
        and isinstance(data, dict)
        and set(data) == {"type", "name", "values"}
        and data["type"] == "event"
        and isinstance(data["name"], str)
        and data["name"] in _EVENTS
        and _is_map(data["values"], document, _DEEPEST)
    )


def _is_map(data: Any, document: Document, depth: int) -> bool:
    if not isinstance(data, dict) or data.get("type") != "map" or not set(data) <= {"type", "entries"} or not depth:
        return False
    entries = data.get("entries", [])
    return isinstance(entries, list) and all(
        isinstance(each, list)
        and len(each) == 2
        and isinstance(each[0], str)
        and (_is_value(each[1]) or _is_model(each[1], document) or _is_map(each[1], document, depth - 1))
        for each in entries
    )


def _is_model(data: Any, document: Document) -> bool:
    """Whether this names a model that the document has, or had: a panel may have been made anew in between."""
    return (
        isinstance(data, dict)
        and set(data) == {"id"}
        and isinstance(data["id"], str)
        and (document.get_model_by_id(data["id"]) is not None or document.models.seen(data["id"]))  # pyright: ignore
    )


def _is_value(data: Any) -> bool:
    if isinstance(data, str):
        return len(data) <= _MOST_CHARACTERS
    if isinstance(data, bool) or data is None:
        return True
    return isinstance(data, int | float) and -_LARGEST < data < _LARGEST and math.isfinite(data)
