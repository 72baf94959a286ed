"""Folders beside a store: a new one until it is complete, an old one until it is deleted; and what may be deleted.

Nothing is deleted but files of names that a store has, in a folder with the first line of a plan, that nobody writes.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import filelock

from gatednet.settings import SettingError
from gatednet.sweeps.files import flush, put_aside, read, reason_of
from gatednet.sweeps.store import records

_TRIES = 10
# What follows the name of the store: earlier versions had the number of the process alone.
_ASIDE = re.compile(r"\d+(-[0-9a-f]{8})?\.(new|old)", re.ASCII)
_RECORD = re.compile(r"\d+(\.\d+)*\.json", re.ASCII)
_NUMBER = re.compile(r"\d+", re.ASCII)
# What zarr wrote aside in earlier versions.
_PARTIAL = re.compile(r"(\d+|c|zarr)\.[0-9a-f]{32}\.partial", re.ASCII)
# In this order, after all other files: as long as a file is left, what tells that the folder is ours is left too.
_LAST = (f"{records.DONE}/{records.TEMPLATE}", records.PLAN, records.LOCK)


def named(place: Path, kind: str) -> Path:
    """A folder beside a place that no other process has, of the kind "new" or "old"."""
    return place.with_name(f".{place.name}.{os.getpid()}-{secrets.token_hex(4)}.{kind}")


def check_name(place: Path) -> None:
    """Raise `SettingError` where the name of a place is too long for the folders that come beside it."""
    most = 255
    with contextlib.suppress(OSError, ValueError, AttributeError):
        most = os.pathconf(place.parent, "PC_NAME_MAX")
    size, beside = len(os.fsencode(place.name)), len(os.fsencode(named(place, "new").name))
    # Of a process with a number of as many digits as there are.
    beside += 10 - len(str(os.getpid()))
    if beside > most:
        raise SettingError(
            f"{place.name!r} has {size} bytes, allowed are up to {most - beside + size} in a store's name"
        )


@contextlib.contextmanager
def new_beside(place: Path) -> Iterator[Path]:
    """A new folder beside a place, locked until the end, which is deleted again where something goes wrong."""
    for _ in range(_TRIES):
        aside = named(place, "new")
        aside.mkdir()
        # Whoever sweeps up may take the folder for one that was left, before it is locked.
        with contextlib.suppress(filelock.Timeout, FileNotFoundError):
            lock = filelock.FileLock(aside / records.LOCK, timeout=0)
            lock.acquire()
            break
    else:
        raise OSError(errno.EBUSY, "others delete what is created")
    try:
        yield aside
    except BaseException:
        with contextlib.suppress(OSError, SettingError):
            delete(aside)
        raise
    finally:
        lock.release()


def sweep_up(place: Path) -> None:
    """Delete what processes left beside a place that were killed while they created or replaced its store."""
    start = f".{place.name}."
    with contextlib.suppress(OSError):
        for name in os.listdir(place.parent):
            if not (name.startswith(start) and _ASIDE.fullmatch(name[len(start) :])):
                continue
            aside = place.parent / name
            # One that cannot be deleted, or holds something else, stays.
            with contextlib.suppress(OSError, SettingError, filelock.Timeout):
                if stat.S_ISDIR(aside.lstat().st_mode) and _was_begun(aside):
                    with filelock.FileLock(aside / records.LOCK, timeout=0):
                        delete(aside)


def _was_begun(folder: Path) -> bool:
    """Whether a folder beside a store was created here: it has the first line of a plan, or only a part of it."""
    if records.is_ours(folder):
        return True
    header = records.HEADER.encode()
    for name in os.listdir(folder):
        found = (folder / name).lstat()
        if name == records.LOCK and stat.S_ISREG(found.st_mode) and not found.st_size:
            continue
        if put_aside(name) != records.PLAN or not stat.S_ISREG(found.st_mode):
            return False
        if not header.startswith(read(folder / name)[: len(header)]):
            return False
    return True


def delete(folder: Path) -> None:
    """Delete the folder of a store that is locked, or nothing where it holds anything else.

    **Raises** `SettingError` that names what it holds beside.
    """
    files, folders = _survey(folder, None)
    last = [folder / name for name in _LAST]
    for path in files:
        if path not in last:
            path.unlink()
    for each in folders:
        if each != folder / records.DONE:
            each.rmdir()
    for path in last:
        flush(folder)
        path.unlink(missing_ok=True)
        if path.parent != folder:
            with contextlib.suppress(FileNotFoundError):
                path.parent.rmdir()
    folder.rmdir()
    flush(folder.parent)


def check_deletable(folder: Path, arrays: Callable[[], frozenset[str]]) -> None:
    """Raise `SettingError` where a store cannot be moved aside and deleted whole, before anything is changed.

    `arrays` gives the names of its arrays where its own record of them cannot be read.
    """
    before = _state(folder)
    try:
        _check_deletable(folder, arrays)
    except (FileNotFoundError, SettingError) as error:
        # Of what was there a moment ago, or in part of it and in part of what took its place.
        if isinstance(error, SettingError) and _state(folder) == before:
            raise
        raise SettingError(f"{folder} is being written by another process, allowed is one at a time") from error
    except OSError as error:
        raise SettingError(f"{folder} cannot be deleted: {reason_of(error)}") from error


def _state(folder: Path) -> tuple[int, int] | None:
    """What is another one when a folder was replaced or changed; None where there is none."""
    try:
        found = folder.lstat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_ctime_ns


def _check_deletable(folder: Path, arrays: Callable[[], frozenset[str]]) -> None:
    files, folders = _survey(folder, arrays)
    parent = folder.parent
    if os.path.ismount(folder):
        raise SettingError(f"{folder} is the root of a file system, allowed is a folder in it")
    for path in [parent, folder, *folders]:
        if path not in (parent, folder) and os.path.ismount(path):
            raise SettingError(f"{folder} cannot be deleted: {path} is the root of a file system")
        if not os.access(path, os.W_OK | os.X_OK):
            path.lstat()  # raises where the folder is gone, as in a race: that is no matter of permissions
            raise SettingError(f"{folder} cannot be deleted: nothing can be deleted in {path}")
    for path in [folder, *folders, *files]:
        reason = _undeletable(path)
        if reason:
            raise SettingError(f"{folder} cannot be deleted: {path} {reason}")


def _undeletable(path: Path) -> str | None:
    """Why a file or folder cannot be deleted, where that is not because of the folder that it is in."""
    found, parent = path.lstat(), path.parent.stat()
    if parent.st_mode & stat.S_ISVTX and os.geteuid() not in (0, parent.st_uid, found.st_uid):
        return "belongs to another user"
    if stat.S_ISREG(found.st_mode):
        try:
            os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC))
        except PermissionError as error:
            # Who may not write a file may delete it; not so with one that is marked as immutable.
            if error.errno == errno.EPERM:
                return "is marked as one that stays"
        except OSError as error:
            if error.errno == errno.EROFS:
                return f"stays: {reason_of(error)}"
    return None


def sweep_inside(folder: Path) -> None:
    """Delete what killed processes left in a store of the files that they were writing. Its lock must be held."""
    template = records.read_template(folder)
    arrays = frozenset[str]() if template is None else template.arrays
    for path, parts in _walk(folder, arrays):
        if _is_leftover(parts, arrays) and stat.S_ISREG(path.lstat().st_mode):
            path.unlink()


def _survey(folder: Path, arrays: Callable[[], frozenset[str]] | None) -> tuple[list[Path], list[Path]]:
    """All files and all folders of a store, inner ones first.

    **Raises** `SettingError` where anything else is there.
    """
    template = records.read_template(folder)
    known = template.arrays if template is not None else frozenset[str]()
    if template is None and arrays is not None and (folder / records.ARRAYS).exists():
        known = arrays()
    files, folders = [], []
    for path, parts in _walk(folder, known):
        mode = path.lstat().st_mode
        if stat.S_ISREG(mode) and (_is_file(parts, known) or _is_leftover(parts, known)):
            files.append(path)
        elif stat.S_ISDIR(mode) and _is_folder(parts, known):
            folders.append(path)
        else:
            raise SettingError(
                f"{folder} holds {'/'.join(parts)!r}, which is no part of a store, and is left as it is; "
                "move that elsewhere first"
            )
    return files, folders[::-1]


def _walk(folder: Path, arrays: frozenset[str], parts: tuple[str, ...] = ()) -> Iterator[tuple[Path, tuple[str, ...]]]:
    """What is in a folder and in those that a store can have in it, links as such, outer ones first."""
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        here = (*parts, entry.name)
        yield folder / entry.name, here
        if entry.is_dir(follow_symlinks=False) and _is_folder(here, arrays):
            yield from _walk(folder / entry.name, arrays, here)


def _is_file(parts: tuple[str, ...], arrays: frozenset[str]) -> bool:
    """Whether a store can have a file of this name."""
    match parts:
        case (name,):
            return name in (records.PLAN, records.PROVENANCE, records.LOCK)
        case (records.DONE, name):
            return name in (records.TEMPLATE, records.FINISHED) or _RECORD.fullmatch(name) is not None
        case (records.ARRAYS, name):
            return name == records.METADATA
        case (records.ARRAYS, array, name):
            # An array without dimensions has its value in a file "c".
            return array in arrays and name in (records.METADATA, "c")
        case (records.ARRAYS, array, "c", *places):
            return array in arrays and all(_NUMBER.fullmatch(each) for each in places)
    return False


def _is_leftover(parts: tuple[str, ...], arrays: frozenset[str]) -> bool:
    """Whether a file is what a killed process left of one that a store can have."""
    *inside, name = parts
    original = put_aside(name)
    if original is not None and original != records.LOCK:
        return _is_file((*inside, original), arrays)
    partial = records.METADATA if name.startswith("z") else "0"
    return _PARTIAL.fullmatch(name) is not None and _is_file((*inside, partial), arrays)


def _is_folder(parts: tuple[str, ...], arrays: frozenset[str]) -> bool:
    """Whether a store can have a folder of this name."""
    match parts:
        case (records.DONE,) | (records.ARRAYS,):
            return True
        case (records.ARRAYS, array):
            return array in arrays
        case (records.ARRAYS, array, "c", *places):
            return array in arrays and all(_NUMBER.fullmatch(each) for each in places)
    return False
