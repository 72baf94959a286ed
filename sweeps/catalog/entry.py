"""`Entry`: a named experiment or sweep that is built when it is asked for."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Generic, TypeVar

Built_co = TypeVar("Built_co", covariant=True)


@dataclasses.dataclass(frozen=True)
class Entry(Generic[Built_co]):
    """A name, what is behind it in one line, and the function that builds it."""

    name: str
    summary: str
    build: Callable[[], Built_co]
