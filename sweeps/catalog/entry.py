"""`Entry`: a named experiment or sweep that is built when it is asked for."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Generic, TypeVar

Built = TypeVar("Built", covariant=True)


@dataclasses.dataclass(frozen=True)
class Entry(Generic[Built]):
    """A name, what is behind it in one line, and the function that builds it."""

    name: str
    summary: str
    build: Callable[[], Built]
