"""`Kept`: what was made for the latest keys, once for all threads that want it."""

from __future__ import annotations

import concurrent.futures
import contextlib
import threading
from collections.abc import Callable, Hashable, Iterator
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Kept(Generic[Key, Value]):
    """Values by key, the latest `most` of them. What cannot be made is not kept: whoever comes after tries again."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._futures: dict[Key, concurrent.futures.Future[Value]] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._futures)

    def ready(self, key: Key) -> bool:
        """Whether there is a value of a key that nobody has to wait for."""
        with self._lock:
            return key in self._futures and self._futures[key].done()

    def claim(self, key: Key) -> tuple[concurrent.futures.Future[Value], bool]:
        """The value of a key, now or later, and whether the caller has to set it, within `owing`."""
        with self._lock:
            kept = self._futures.pop(key, None)
            future = self._futures[key] = kept or concurrent.futures.Future()
            while len(self._futures) > self.most:
                self._futures.pop(next(iter(self._futures)))
        return future, kept is None

    @contextlib.contextmanager
    def owing(self, key: Key, future: concurrent.futures.Future[Value]) -> Iterator[None]:
        """A context of whoever has to set a value: those who wait are told what goes wrong in it."""
        try:
            yield
        except BaseException as failure:
            if not future.done():
                with self._lock:
                    if self._futures.get(key) is future:
                        del self._futures[key]
                # An interruption is one of this thread alone.
                told = failure if isinstance(failure, Exception) else RuntimeError("interrupted in another thread")
                future.set_exception(told)
            raise

    def get(self, key: Key, make: Callable[[], Value]) -> Value:
        """The value of a key, made where it is not there or under way."""
        future, is_new = self.claim(key)
        if is_new:
            with self.owing(key, future):
                future.set_result(make())
        return future.result()
