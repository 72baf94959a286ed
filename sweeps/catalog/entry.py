"""`Entry`: a named experiment or sweep that is built when it is needed; `together`: several, and each alone."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Generic, TypeVar

Built = TypeVar("Built")
Built_co = TypeVar("Built_co", covariant=True)


@dataclasses.dataclass(frozen=True)
class Entry(Generic[Built_co]):
    """A name, what is behind it in one line, and the function that builds it."""

    name: str
    summary: str
    build: Callable[[], Built_co]


def together(name: str, summary: str, *stores: Entry[Built]) -> tuple[Entry[dict[str, Built]], ...]:
    """The sweep of all these stores, and after it each of them as a sweep of its own."""

    def alone(store: Entry[Built]) -> Entry[dict[str, Built]]:
        return Entry(store.name, store.summary, lambda: {store.name: store.build()})

    return (
        Entry(name, summary, lambda: {store.name: store.build() for store in stores}),
        *(alone(store) for store in stores),
    )
