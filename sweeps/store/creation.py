"""A new store in its place: made beside it and put there at once, in the place of an old one where that is wanted."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from gatednet.settings import SettingError
from gatednet.sweeps.files import (
    entry_of,
    flush,
    flush_folders,
    make_folders,
    make_inside,
    reason_of,
    unwritable,
    write_bytes,
    write_flushed,
    write_record,
    writing,
)
from gatednet.sweeps.planning.plan import Plan
from gatednet.sweeps.store.asides import check_deletable, check_name, delete, named, new_beside, sweep_up
from gatednet.sweeps.store.records import ARRAYS, DONE, HEADER, LAYOUT, PLAN, TEMPLATE
from gatednet.sweeps.store.template import empty_arrays
from gatednet.sweeps.text import to_text

AGAIN = "the same sweep again continues it"
_TAKEN = (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR)


class TakenError(SettingError):
    """A place at which another process has created something in the meantime."""


def resolved(folder: Path) -> Path:
    """The place of a folder behind all links.

    **Raises** `SettingError` where links lead nowhere.
    """
    try:
        return folder.resolve()
    except (OSError, RuntimeError, ValueError) as error:
        raise SettingError(f"{folder} cannot be found: {error}") from error


def place_of(folder: str | os.PathLike[str]) -> Path:
    """A folder as the system finds it too: `a/..` is a place, and to the system none where there is no `a`."""
    path = Path(folder)
    return resolved(path) if ".." in path.parts else path


def is_free(folder: Path) -> bool:
    """Whether a new store can come into a place: there is nothing, or an empty folder.

    **Raises** `SettingError` where that cannot be told.
    """
    place = resolved(folder)
    try:
        return not os.path.lexists(place) or (place.is_dir() and not any(place.iterdir()))
    except (OSError, ValueError) as error:
        raise SettingError(f"{folder} cannot be read: {reason_of(error)}") from error


def check_place(folder: Path, arrays: Callable[[], frozenset[str]] | None = None) -> None:
    """Raise `SettingError` where no store can be created at a place, before anything is changed.

    Where one is there that will be replaced, `arrays` gives the names of its arrays if its own record is damaged.
    """
    place = resolved(folder)
    check_name(place)
    # Where the folders beside it come.
    reason = unwritable(place.parent if place.exists() else place)
    if reason:
        raise SettingError(f"{folder} cannot be written: {reason}")
    if arrays is not None:
        check_deletable(place, arrays)
    elif os.path.ismount(place):
        raise SettingError(f"{folder} is the root of a file system, allowed is a folder in it")


@contextlib.contextmanager
def new_store(folder: Path, plan: Plan, *, replaces: bool = False) -> Iterator[None]:
    """Create a store; it is locked in the context. Where it replaces one, that one must be locked already.

    **Raises** `TakenError` where another process was quicker, and `WriteError` where the system fails; what was
    there is there still, or the new store is.
    """
    place = resolved(folder)
    with contextlib.ExitStack() as stack:
        with writing(folder, f"; {AGAIN}"):
            made = make_folders(place.parent)
            try:
                sweep_up(place)
                aside = stack.enter_context(new_beside(place))
                _fill(aside, plan)
                old = _put(folder, aside, place, replaces)
            except BaseException:
                for each in reversed(made):
                    with contextlib.suppress(OSError):
                        each.rmdir()
                raise
            flush(place.parent)
        if old is not None:
            # What cannot be deleted now is deleted by whoever comes next.
            with contextlib.suppress(OSError, SettingError):
                delete(old)
        yield


def _put(folder: Path, aside: Path, place: Path, replaces: bool) -> Path | None:
    """Put a new store into its place; returns where the old one is then."""
    old = named(place, "old") if replaces else None
    if old is not None:
        place.rename(old)
    try:
        aside.rename(place)
    except BaseException as error:
        if old is not None:
            old.rename(place)
        if isinstance(error, OSError) and error.errno in _TAKEN:
            raise TakenError(f"{folder} was created by another process in the meantime") from error
        raise
    return old


def _fill(folder: Path, plan: Plan) -> None:
    """Write everything of a store that is known before the first run, and wait until it is on disk.

    The plan comes first: by it a folder is known as ours. Next come the names of all that follows.
    """
    text = (HEADER + to_text(plan.sweep)).encode()
    contents = {f"{ARRAYS}/{name}": content for name, content in empty_arrays(plan).items()}
    files = {PLAN: entry_of(text)} | {name: entry_of(content) for name, content in contents.items()}
    write_bytes(folder / PLAN, text)
    make_inside(folder / DONE, folder)
    write_template(folder, plan.chunk_shape, files)
    flush(folder)
    for name, content in contents.items():
        make_inside((folder / name).parent, folder)
        write_flushed(folder / name, content)
    flush_folders([folder / name for name in (*contents, f"{DONE}/{TEMPLATE}")], folder)


def write_template(folder: Path, chunk_shape: tuple[int, ...], files: object) -> None:
    """Write the record of what is there before the first run."""
    content = {"chunk_shape": list(chunk_shape), "files": files, "layout": LAYOUT}
    write_record(folder / DONE / TEMPLATE, content)
