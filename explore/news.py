"""`News`: changes of many models, sent to a browser in one message."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from bokeh.models import CustomJS, Model, TextInput

# A model and what it is given. The browser's models only: those of the server stay as they were.
Change = tuple[Model, Mapping[str, Any]]

# Arrays are places in the one array beside the text.
_APPLY = """
const [text, numbers] = cb_obj.tags
const array = ([first, length]) => new Float32Array(numbers.buffer, numbers.byteOffset + 4 * first, length)
const changes = JSON.parse(text, (name, value) => value?.array ? array(value.array) : value)
for (const [id, attributes] of changes) cb_obj.document.get_model_by_id(id).setv(attributes, {sync: false})
"""


class News:
    """Sends changes to a browser in one message, so that it draws once for all of them; no change is sent twice.

    `root` has to be on the page, where it is not seen. Arrays are sent in single precision.

    Changes that lay out a part of the page do not belong here: they paint it at once, while the data of the same
    message are only half taken in.
    """

    def __init__(self) -> None:
        # Of a model that does nothing but carry them: tags may be anything, and nobody else reads them.
        self.root = TextInput(name="news", visible=False)
        self.root.js_on_change("tags", CustomJS(code=_APPLY))
        self._told: dict[tuple[str, str], Any] = {}

    def tell(self, changes: Iterable[Change]) -> None:
        """Send changes."""
        news = []
        for model, attributes in changes:
            new = {name: value for name, value in attributes.items() if self._is_new(model.id, name, value)}
            if new:
                # By its name: with a model in it, all of the page is gone through.
                news.append((model.id, new))
        arrays = _Arrays()
        text = json.dumps(news, default=arrays.place)
        self.root.tags = [text, arrays.joined]

    def _is_new(self, model: str, name: str, value: Any) -> bool:
        if (model, name) in self._told and _same(self._told[model, name], value):
            return False
        self._told[model, name] = value
        return True


class _Arrays:
    """Arrays that become one: each would be a frame of the connection, and there are dozens."""

    def __init__(self) -> None:
        self._places: dict[int, tuple[int, int]] = {}
        self._all: list[np.ndarray] = []
        self._length = 0

    def place(self, array: Any) -> dict[str, tuple[int, int]]:
        """Where an array is in the joined one, and its length; one that is met again is there once."""
        if not isinstance(array, np.ndarray):
            raise TypeError(f"{array!r} cannot be told")
        if id(array) not in self._places:
            self._places[id(array)] = self._length, array.size
            self._all.append(array)
            self._length += array.size
        return {"array": self._places[id(array)]}

    @property
    def joined(self) -> np.ndarray:
        """All of them, one after the other."""
        with np.errstate(over="ignore"):
            return (
                np.concatenate(self._all, dtype=np.float32, casting="same_kind")
                if self._all
                else np.zeros(0, np.float32)
            )


def _same(old: Any, new: Any) -> bool:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        return old.keys() == new.keys() and all(_same(old[name], new[name]) for name in old)
    if isinstance(old, list) and isinstance(new, list):
        return len(old) == len(new) and all(map(_same, old, new))
    if isinstance(old, np.ndarray) and isinstance(new, np.ndarray):
        return np.array_equal(old, new, equal_nan=True)
    return type(old) is type(new) and old == new
