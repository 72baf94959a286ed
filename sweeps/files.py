"""Files that are never half written: written aside, flushed, renamed; and their digests."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import re
import stat
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from io import BufferedReader
from pathlib import Path
from typing import Any

from gatednet.settings import SettingError

DIGEST = "digest"
# No record is as large: what is, was not written here.
MOST_BYTES = 2**28
MOST_TEXT = 10**8
# A file whose times are younger than this, in seconds, could change again without another time.
_SETTLED = 2.0
_MOST_KNOWN = 2**17


class WriteError(RuntimeError):
    """The system failed while something was written; what was complete before is kept, and work on it can go on.

    Its text is one line. What can be refused before anything is written is a `SettingError` instead.
    """


@contextlib.contextmanager
def writing(folder: Path, after: str = "") -> Iterator[None]:
    """Turn an error of the file system into one line, which ends with what to do then.

    **Raises** `WriteError`.
    """
    try:
        yield
    except OSError as error:
        raise WriteError(f"{folder} cannot be written: {reason_of(error)}{after}") from error


def reason_of(error: Exception) -> str:
    """What an error says; one of the file system without the path of any file that is written aside."""
    return getattr(error, "strerror", None) or str(error)


def flush(path: Path) -> None:
    """Wait until a file or a folder is on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def flush_folders(paths: Iterable[Path], root: Path) -> None:
    """Wait until the folders that hold the given paths, up to `root`, are on disk."""
    folders = {folder for path in paths for folder in path.parents if folder.is_relative_to(root)}
    for folder in sorted(folders, key=lambda folder: -len(folder.parts)):
        flush(folder)


def make_folders(folder: Path) -> list[Path]:
    """Make a folder and those that it is in, each on disk before the next; returns the new ones, outer ones first."""
    missing = []
    while not folder.exists() and folder != folder.parent:
        missing.append(folder)
        folder = folder.parent
    for each in reversed(missing):
        each.mkdir(exist_ok=True)
        flush(each.parent)
    return missing[::-1]


def make_inside(folder: Path, root: Path) -> None:
    """Make a folder below `root`. What is written there must not get elsewhere by a link.

    **Raises** `OSError` where something else than a folder is in the way.
    """
    place = root
    for part in folder.relative_to(root).parts:
        place = place / part
        try:
            place.mkdir()
        except FileExistsError:
            if not stat.S_ISDIR(place.lstat().st_mode):
                raise OSError(errno.ENOTDIR, f"{place.relative_to(root).as_posix()} is no folder") from None


def aside_of(path: Path) -> Path:
    """Where a file is written before it is put in its place."""
    return path.with_name(f".{path.name}.{os.getpid()}")


def put_aside(name: str) -> str | None:
    """The name of the file that `aside_of` gave this name, None where it gave it to none."""
    found = re.fullmatch(r"\.(.+)\.\d+", name, re.DOTALL | re.ASCII)
    return found[1] if found else None


def write_flushed(path: Path, content: bytes) -> None:
    """Write a file and wait until its content is on disk."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def put(path: Path, content: bytes) -> None:
    """Write a file aside, flush it, and put it in its place at once; its folder is not flushed.

    What is aside is deleted where that fails.
    """
    aside = aside_of(path)
    try:
        write_flushed(aside, content)
        aside.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            aside.unlink(missing_ok=True)
        raise


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file aside, flush it, and put it in its place at once."""
    put(path, content)
    flush(path.parent)


def discard(path: Path) -> None:
    """Delete a file that may be there, and wait until that is on disk."""
    path.unlink(missing_ok=True)
    flush(path.parent)


def opened(path: Path) -> BufferedReader:
    """A regular file to read.

    **Raises** `OSError` where it cannot be read or is another kind of file: a pipe would be waited for.
    """
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    try:
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if not stat.S_ISREG(mode):
            raise OSError(errno.EINVAL, "no regular file", str(path))
    except BaseException:
        os.close(descriptor)
        raise
    return os.fdopen(descriptor, "rb")


def read(path: Path, most: float = MOST_BYTES) -> bytes:
    """The content of a regular file.

    **Raises** `OSError` where it cannot be read, or has more than `most` bytes.
    """
    with opened(path) as file:
        if most < os.fstat(file.fileno()).st_size:
            raise OSError(errno.EFBIG, f"more than {most:,} bytes", str(path))
        return file.read()


def read_text(path: Path) -> str:
    """The text of a file that a person has written, in UTF-8, with or without a byte-order mark.

    **Raises** `SettingError` where the file cannot be read, is none that ends, or has more than `MOST_TEXT` bytes.
    """
    try:
        return read(path, MOST_TEXT).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SettingError(f"{path} is no text in UTF-8: {error}") from error
    except (OSError, ValueError) as error:
        raise SettingError(f"{path} cannot be read: {reason_of(error)}") from error


def sha256(path: Path) -> str:
    """The digest of a file, read whole."""
    with opened(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


_known: dict[str, tuple[tuple[int, ...], str]] = {}


def known_sha256(path: Path) -> str:
    """The digest of a file, read once a process for as long as its size, times and place on disk stay the same."""
    name = os.path.abspath(path)
    with opened(path) as file:
        before = _state(file)
        if name in _known and _known[name][0] == before:
            return _known[name][1]
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        settled = time.time_ns() - max(before[-2:]) > _SETTLED * 1e9
        if settled and _state(file) == before:
            if len(_known) >= _MOST_KNOWN:
                _known.clear()
            _known[name] = before, digest
    return digest


def _state(file: BufferedReader) -> tuple[int, ...]:
    found = os.fstat(file.fileno())
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def write_record(path: Path, content: Mapping[str, Any]) -> None:
    """Write a JSON file with a digest of itself."""
    write_bytes(path, record_bytes(content))


def record_bytes(content: Mapping[str, Any]) -> bytes:
    """The content of a JSON file with a digest of itself."""
    return (json.dumps({**content, DIGEST: _digest(content)}, indent=1, sort_keys=True) + "\n").encode()


def read_record(path: Path) -> dict[str, Any] | None:
    """The content of a file that `write_record` wrote; None where there is none, or it is damaged."""
    try:
        return parse_record(read(path))
    except OSError:
        return None


def parse_record(content: bytes) -> dict[str, Any] | None:
    """The content of a record by its bytes; None where it does not agree with its own digest."""
    try:
        found = json.loads(content)
        if isinstance(found, dict) and found.pop(DIGEST, None) == _digest(found):
            return found
    # Lists in lists without end, and numbers without end.
    except (ValueError, RecursionError):
        pass
    return None


def _digest(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def fault(folder: Path, name: str, entry: Any, digest: Callable[[Path], str] = sha256) -> str | None:
    """What is wrong with a file of a folder by its entry of a `listing`; None where nothing is."""
    if not isinstance(entry, Mapping) or "sha256" not in entry:
        return "has no digest"
    try:
        # One of another size is not read: it can have any.
        same = (folder / name).stat().st_size == entry.get("bytes") and digest(folder / name) == entry["sha256"]
    except (FileNotFoundError, NotADirectoryError):
        return "is missing"
    except OSError as error:
        return f"cannot be read: {reason_of(error)}"
    return None if same else "does not agree with its digest"


def entry_of(content: bytes) -> dict[str, Any]:
    """Size and digest of the content of a file."""
    return {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def listing(root: Path, paths: Iterable[Path]) -> dict[str, dict[str, Any]]:
    """Size and digest of files, by their paths below `root`."""
    return {
        path.relative_to(root).as_posix(): {"bytes": path.stat().st_size, "sha256": sha256(path)}
        for path in sorted(paths)
    }


def check_writable(folder: Path) -> None:
    """Raise `SettingError` where files cannot be written into a folder, or it cannot be made; leave nothing behind."""
    reason = unwritable(folder)
    if reason:
        raise SettingError(f"{folder} cannot be written: {reason}")


def unwritable(folder: Path) -> str | None:
    """Why files cannot be written into a folder, or it cannot be made; None where they can."""
    there = folder.absolute()
    try:
        # A link to what is not there is in the way of a folder.
        while not os.path.lexists(there) and there != there.parent:
            there = there.parent
        if not there.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, "not a folder", str(there))
        with tempfile.TemporaryFile(dir=there):
            pass
    except (OSError, ValueError) as error:
        where = "" if there == folder.absolute() else f"nothing can be made in {there}: "
        return where + reason_of(error)
    return None
