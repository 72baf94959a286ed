"""A file system that fails, or loses its power, at any operation below a folder."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# Of an opened file that is written.
WRITING = os.O_CREAT | os.O_TRUNC


class Died(BaseException):
    """The process is killed: nothing that it still tries has any effect."""


class Disk:
    """Counts the operations below `folder` that change it; the one with the number `limit` is hit.

    `mode` says how: "fails" for this operation alone, "full" for it and all that need space from then on, "killed" for
    the end of the process at that moment, with the file that is being written torn, and "power" for the same where what
    was not flushed is lost too, a part of it or all by `seed`.
    """

    def __init__(self, folder: Path, limit: int, mode: str = "fails", seed: int = 0) -> None:
        self.folder, self.limit, self.mode = str(folder), limit, mode
        self.count = 0
        self._random = random.Random(seed)
        self._hit = False
        self._inside = False
        # What was done and is not on disk for certain: (folder whose flush makes it so, how it is undone).
        self._journal: list[tuple[str, Any]] = []
        self._torn: set[str] = set()

    def event(self, name: str, *paths: Any) -> None:
        """An operation that is about to happen."""
        paths = tuple(os.fspath(each) for each in paths)
        if self._inside or not all(isinstance(each, str) and each.startswith(self.folder) for each in paths):
            return
        self._inside = True
        try:
            self._count(name, *paths)
            if self.mode == "power":
                self._note(name, *paths)
        finally:
            self._inside = False

    def _count(self, name: str, *paths: str) -> None:
        if self._hit and self.mode in ("killed", "power"):
            raise Died
        self.count += 1
        if self._hit and self.mode == "full" and name not in ("remove", "rmdir", "fsync"):
            raise OSError(28, "No space left on device")
        if self.count != self.limit:
            return
        self._hit = True
        if self.mode in ("fails", "full"):
            raise OSError(28, "No space left on device")
        if name in ("fsync", "rename") and os.path.isfile(paths[0]):
            os.truncate(paths[0], os.path.getsize(paths[0]) // 2)
        if self.mode == "power":
            self._lose()
        raise Died

    def _note(self, name: str, *paths: str) -> None:
        first, parent = paths[0], os.path.dirname(paths[0])
        if name == "fsync":
            self._torn.discard(first)
            self._journal = [each for each in self._journal if each[0] != first]
        elif name == "open":
            self._torn.add(first)
            if not os.path.lexists(first):
                self._journal.append((parent, lambda: os.unlink(first)))
        elif name == "mkdir" and not os.path.lexists(first):
            self._journal.append((parent, lambda: shutil.rmtree(first)))
        elif name == "remove" and os.path.isfile(first):
            content = Path(first).read_bytes()
            self._journal.append((parent, lambda: Path(first).write_bytes(content)))
        elif name == "rename":
            second = paths[1]
            before = Path(second).read_bytes() if os.path.isfile(second) else None
            if first in self._torn:
                self._torn.add(second)

            def back() -> None:
                os.rename(second, first)
                if before is not None:
                    Path(second).write_bytes(before)

            self._journal.append((os.path.dirname(second), back))

    def _lose(self) -> None:
        """Undo what need not be on disk, the last first."""
        share = self._random.choice([0.0, 0.5, 1.0])
        for path in sorted(self._torn):
            if os.path.isfile(path) and self._random.random() < share:
                os.truncate(path, 0)
        for _, undo in reversed(self._journal):
            if self._random.random() < share:
                with contextlib.suppress(OSError):
                    undo()


_disk: list[Disk] = []


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if not _disk:
        return
    if event == "open":
        path, _, flags = arguments
        if isinstance(path, str | os.PathLike) and flags & WRITING and not str(path).endswith(".lock"):
            _disk[-1].event("open", path)
    elif event in ("os.remove", "os.mkdir", "os.rmdir"):
        _disk[-1].event(event.removeprefix("os."), arguments[0])
    elif event == "os.rename":
        _disk[-1].event("rename", arguments[0], arguments[1])


_installed: list[bool] = []


@contextlib.contextmanager
def disk(folder: Path, limit: int = 0, mode: str = "fails", seed: int = 0) -> Iterator[Disk]:
    """Operations below a folder fail as `Disk` says, in this context."""
    if not _installed:
        sys.addaudithook(_hook)
        _installed.append(True)
    made, fsync = Disk(folder, limit, mode, seed), os.fsync

    def flushed(descriptor: int) -> None:
        made.event("fsync", os.readlink(f"/proc/self/fd/{descriptor}"))
        # What is flushed need not be in a test.

    os.fsync = flushed
    _disk.append(made)
    try:
        yield made
    finally:
        _disk.pop()
        os.fsync = fsync
