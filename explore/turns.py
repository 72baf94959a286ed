"""`Turns`: who computes, of all pages."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator

from gatednet.explore.latest import Wanted

# How often work that waits looks whether it is its turn, in seconds.
_LOOK = 0.01
# Seconds that long work waits, at its turn, for short work, of which there may be no end.
_PATIENCE = 2.0


class Turns:
    """Long work of all pages takes turns, piece by piece, and waits while there is short work of any page.

    If all shared the processor, each would be done as late as the last, and short work would wait for them.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._short = 0
        self._waiting: deque[object] = deque()

    @contextlib.contextmanager
    def short(self) -> Iterator[None]:
        """Short work: nobody else gets a turn for as long as it lasts."""
        with self._lock:
            self._short += 1
        try:
            yield
        finally:
            with self._lock:
                self._short -= 1

    @contextlib.contextmanager
    def long(self, wanted: Wanted, ready: Callable[[], bool]) -> Iterator[Wanted]:
        """Long work, which asks before each piece whether it is still `wanted`, and gets the answer at its turn.

        Work that is not `ready` lets others go first.
        """
        mine = object()

        def at_its_turn() -> bool:
            self._leave(mine)
            with self._lock:
                self._waiting.append(mine)
            first: float | None = None
            while wanted():
                is_ready = ready()
                with self._lock:
                    now = time.monotonic()
                    first = None if self._waiting[0] is not mine else now if first is None else first
                    if first is not None and (not self._short or now - first > _PATIENCE):
                        if is_ready:
                            return True
                        self._waiting.rotate(-1)
                time.sleep(_LOOK)
            return False

        try:
            yield at_its_turn
        finally:
            self._leave(mine)

    def _leave(self, who: object) -> None:
        with self._lock, contextlib.suppress(ValueError):
            self._waiting.remove(who)
