"""The standard streams: text that any encoding can hold, and writing whose failure is known as such.

What cannot be said must not be taken for a fault of what was done, nor stop it: an output that cannot be written is an
`OutputError`, and messages that the standard error cannot take are dropped.
"""

from __future__ import annotations

import codecs
import contextlib
import errno
import io
import itertools
import os
import select
import sys
import unicodedata
from collections.abc import Iterator
from typing import Any, TextIO

# The name by which encoders know how characters that they do not have are written.
READABLE = "gatednet.readable"
_OUTPUT, _ERRORS = 1, 2
# Signs that texts of this package have.
_PLAIN = {"×": "x", "·": "|", "–": "-", "−": "-", "…": "...", "′": "'", "∥": "||", "≥": ">=", "≤": "<="}


class OutputError(Exception):
    """The standard output cannot be written; its text says why. `reader_gone` where a pipe was closed at its end."""

    def __init__(self, error: OSError) -> None:
        super().__init__(error.strerror or str(error))
        self.reader_gone = error.errno == errno.EPIPE


class _Output(io.FileIO):
    """The standard output."""

    def write(self, content: Any, /) -> int:
        try:
            written = super().write(content)
            # None where the other end does not wait for writing, and is not ready.
            while written is None:
                select.select([], [self], [])
                written = super().write(content)
        except OSError as error:
            raise OutputError(error) from error
        return written


class _Errors(io.FileIO):
    """The standard error."""

    def write(self, content: Any, /) -> int:
        with contextlib.suppress(OSError):
            super().write(content)
        return len(memoryview(content))


def prepare() -> None:
    """Make the standard streams of this process fit for any text, where they still are those it began with.

    **Raises** `OutputError` where it was started without a standard output.
    """
    codecs.register_error(READABLE, _readable)
    missing = sys.__stdout__ is None
    # The next file to be opened must not take the place of a stream, and what others mean for the stream.
    while (number := os.open(os.devnull, os.O_RDWR)) <= _ERRORS:
        os.set_inheritable(number, True)
    os.close(number)
    if sys.stdout is not None and sys.stdout is sys.__stdout__:
        sys.stdout = _wrapped(sys.stdout, _Output(_OUTPUT, "w", closefd=False))
    if sys.stderr is None:
        sys.stderr = _text(_Errors(_ERRORS, "w", closefd=False), "utf-8")
    elif sys.stderr is sys.__stderr__:
        sys.stderr = _wrapped(sys.stderr, _Errors(_ERRORS, "w", closefd=False))
    if missing and sys.stdout is None:
        sys.stdout = _text(_Output(_OUTPUT, "w", closefd=False), "utf-8")
        raise OutputError(OSError(errno.EBADF, "it is closed"))


def silence() -> None:
    """Let everything that may still come to the standard output, also what it holds back, go nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, _OUTPUT)
    os.close(nowhere)


def _wrapped(stream: TextIO, raw: io.FileIO) -> TextIO:
    """A stream in the place of one of Python's own, for the same encoding."""
    with contextlib.suppress(OSError):
        stream.flush()
    return _text(raw, stream.encoding, line_buffering=raw is not None and (raw.isatty() or raw.fileno() == _ERRORS))


def _text(raw: io.FileIO, encoding: str, *, line_buffering: bool = True) -> TextIO:
    return io.TextIOWrapper(io.BufferedWriter(raw), encoding, READABLE, line_buffering=line_buffering)


def _readable(error: UnicodeError) -> tuple[str, int]:
    """What is written for characters that an encoding does not have, in ASCII: "x" for "×", "^31" for "³¹"."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(_plain(error.object[error.start : error.end])), error.end


def _plain(text: str) -> Iterator[str]:
    raised: dict[str, str] = {"<super>": "^", "<sub>": "_"}
    for kind, characters in itertools.groupby(text, lambda each: unicodedata.decomposition(each).partition(" ")[0]):
        if kind in raised:
            yield raised[kind]
        for character in characters:
            yield _letter(character, compatible=kind in raised)


def _letter(character: str, *, compatible: bool) -> str:
    if character in _PLAIN:
        return _PLAIN[character]
    name = unicodedata.name(character, "")
    if name.startswith("GREEK SMALL LETTER "):
        return name.rpartition(" ")[2].lower()
    # Letters without their accents; no other decompositions, which would make ten times a half of a half: "½" has "1".
    parts = unicodedata.normalize("NFKD" if compatible else "NFD", character)
    base = _PLAIN.get(parts[0], parts[0])
    return (base if base.isascii() else character).encode("ascii", "backslashreplace").decode()
