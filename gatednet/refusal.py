"""`SettingError`, and how its text shows a value: always in one line, however long or odd the value."""

from __future__ import annotations

import difflib
import math
import reprlib
from typing import Any

# The longest value within a message, and the longest message, in characters.
_MOST_OF_VALUE, _MOST_OF_MESSAGE = 120, 2000
# Numbers of more bits are not written out: Python refuses to at 4300 digits, and nobody reads them at 100.
_MOST_BITS = 400
# Nothing is close to a name that is longer than any, and to compare it would take long.
_LONGEST_NAME = 200


class SettingError(ValueError):
    """A setting that cannot be used; its text is one line: what, where, what is allowed."""

    def __init__(self, text: str) -> None:
        super().__init__(_cut(printable(text), _MOST_OF_MESSAGE))


def printable(text: str) -> str:
    """A text as one line that every UTF-8 stream can hold: no line breaks, control characters or lone surrogates."""
    return " ".join("".join(each if each.isprintable() else _escaped(each) for each in text).split())


def _escaped(character: str) -> str:
    return " " if character.isspace() else ascii(character)[1:-1]


def shown(value: Any) -> str:
    """A value as Python writes it, in one line, and in a few words where it is long."""
    return _cut(printable(_SHORT.repr(value)), _MOST_OF_VALUE)


def nearest(name: str, names: Any) -> str:
    """The hint that ends a refusal of an unknown name: the most similar known one, or all of them where none is."""
    names = list(names)
    close = difflib.get_close_matches(name[:_LONGEST_NAME], names, n=1, cutoff=0.5)
    return f"did you mean {close[0]!r}?" if close else f"known are {', '.join(sorted(names))}"


def _cut(text: str, most: int) -> str:
    if len(text) <= most:
        return text
    kept = (most - len(" ... ")) // 2
    return f"{text[:kept]} ... {text[-kept:]}"


class _Short(reprlib.Repr):
    """The beginning of what is long or deep, so that even a list of a million numbers is shown at once."""

    def __init__(self) -> None:
        super().__init__()
        self.maxlevel = 6
        self.maxtuple = self.maxlist = self.maxarray = self.maxdict = self.maxset = self.maxfrozenset = 12
        self.maxstring = self.maxother = _MOST_OF_VALUE

    def repr_int(self, x: int, level: int) -> str:
        if x.bit_length() <= _MOST_BITS:
            return repr(x)
        return f"a whole number of about {math.ceil(x.bit_length() * math.log10(2)):,} digits"

    def repr_ndarray(self, x: Any, level: int) -> str:
        return f"an array of the shape {x.shape} and type {x.dtype}"


_SHORT = _Short()
