"""`Result`: the files of one picture in a folder, which show the same or are not there together.

    NAME.pdf, NAME.png, NAME.svg    the picture, in some of its formats
    NAME.zarr.zip                   its data
    NAME.md                         its caption: the first to go, and the last to come
    .NAME.json                      the digests of these files, by which they are known as written here
    .NAME.writing.json              there while they are replaced: digests and temporary names of the new ones too
    .NAME.new.json                  either of these two before it is in its place

A result without its caption was interrupted, and is completed by whoever writes it next.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import filelock

from gatednet.figures.toolkit.files import check_replaceable, check_writable
from gatednet.refusal import SettingError, nearest
from gatednet.sweeps.files import (
    WriteError,
    aside_of,
    flush,
    read_record,
    reason_of,
    record_bytes,
    sha256,
    write_flushed,
)

FORMATS = ("pdf", "png", "svg")
DATA, CAPTION = "zarr.zip", "md"
# Held while files are replaced, which takes no longer than a disk needs to write them.
LOCK = ".gatednet.lock"
_PATIENCE = 60.0


def check_formats(text: str) -> tuple[str, ...]:
    """The picture formats that a text names, with commas between them.

    **Raises** `SettingError` for an unknown one.
    """
    formats = tuple(part.strip() for part in text.split(","))
    for each in formats:
        if each not in FORMATS:
            raise SettingError(f"unknown format {each!r}: {nearest(each, FORMATS)}")
    return formats


class Result:
    """The files of a picture `name` in a folder."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder, self.name = folder, name
        self._record = folder / f".{name}.json"
        self._writing = folder / f".{name}.writing.json"
        self._new = folder / f".{name}.new.json"

    def path(self, suffix: str) -> Path:
        """The file of a format, of the data or of the caption."""
        return self.folder / f"{self.name}.{suffix}"

    def check(self, formats: Sequence[str]) -> None:
        """Check before anything is computed that the result can be written in some formats; change nothing.

        **Raises** `SettingError` where the folder cannot be written, where in the place of a file is something else,
        and where a picture of another format is there of which it is not recorded what it shows.
        """
        check_writable(self.folder)
        records = self._record, self._writing, self._new
        for path in (*map(self.path, (*FORMATS, DATA, CAPTION)), *records, self.folder / LOCK):
            check_replaceable(path)
        known = self._known()
        for suffix in FORMATS:
            path = self.path(suffix)
            if suffix not in formats and path.exists() and _sha256(path) not in known.get(suffix, ()):
                raise SettingError(
                    f"{path} would stay beside a new {self.name} and may show something else: it has no record or was "
                    f"changed since; allowed is to move it away, or to write {suffix} too"
                )

    def write(self, contents: Mapping[str, bytes]) -> list[Path]:
        """Put files in their places, by their suffixes, data and caption among them, and return their paths.

        Pictures in other formats stay where they are of the same data and caption, and are deleted where they are not.
        Everything is written aside and flushed before the first file is replaced.

        **Raises** `SettingError` as `check` does, and where another process does not come to an end with its own, and
        `WriteError` where the system fails.
        """
        formats = [suffix for suffix in contents if suffix in FORMATS]
        self.check(formats)
        with self._alone():
            self.check(formats)  # another process may have come first
            self._write(contents, {suffix: hashlib.sha256(content).hexdigest() for suffix, content in contents.items()})
        return [self.path(suffix) for suffix in contents]

    def _write(self, contents: Mapping[str, bytes], new: Mapping[str, str]) -> None:
        known, interrupted = self._known(), self._writing.exists()
        self._sweep_up()
        others = [suffix for suffix in FORMATS if suffix not in contents and self.path(suffix).exists()]
        same = not interrupted and all(known.get(suffix) == [new[suffix]] for suffix in (DATA, CAPTION))
        kept = {suffix: known[suffix] for suffix in others if same}
        aside = {suffix: aside_of(self.path(suffix)) for suffix in contents}
        merged = {suffix: [*known.get(suffix, []), *filter(None, [new.get(suffix)])] for suffix in {**known, **new}}
        try:
            self._note(self._writing, {"files": merged, "aside": [path.name for path in aside.values()]})
            for suffix, path in aside.items():
                write_flushed(path, contents[suffix])
        except BaseException:
            # Nothing is replaced yet. What is known of an earlier interruption stays.
            for path in (*aside.values(), self._new, *([] if interrupted else [self._writing])):
                path.unlink(missing_ok=True)
            raise
        self.path(CAPTION).unlink(missing_ok=True)
        flush(self.folder)
        for suffix in set(others) - set(kept):
            self.path(suffix).unlink()
        for suffix in (*[each for each in contents if each != CAPTION], CAPTION):
            if suffix == CAPTION:
                flush(self.folder)
            aside[suffix].replace(self.path(suffix))
        self._note(self._record, {"files": {**kept, **{suffix: [digest] for suffix, digest in new.items()}}})
        self._writing.unlink()
        flush(self.folder)

    def _note(self, path: Path, content: Mapping[str, Any]) -> None:
        """Write a record, aside under one name for all processes: what a kill leaves there is written over."""
        write_flushed(self._new, record_bytes(content))
        self._new.replace(path)
        flush(self.folder)

    def _known(self) -> dict[str, list[str]]:
        """The digests of all that was written here, by suffix: more than one where a process was interrupted."""
        source = self._writing if self._writing.exists() else self._record
        return _read(source)["files"]

    def _sweep_up(self) -> None:
        """Delete the temporary files that an interrupted process has listed; it is gone, or the lock would be held."""
        if self._writing.exists():
            for name in _read(self._writing)["aside"]:
                if name.startswith(f".{self.name}.") and Path(name).name == name:
                    (self.folder / name).unlink(missing_ok=True)

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with filelock.FileLock(self.folder / LOCK, timeout=_PATIENCE):
                yield
        except filelock.Timeout as error:
            raise SettingError(
                f"{self.folder} is being written by another process, allowed is one at a time"
            ) from error
        except OSError as error:
            raise WriteError(f"{self.folder} cannot be written: {reason_of(error)}") from error


def _read(path: Path) -> dict[str, Any]:
    """A record: "files" are digests by suffix, "aside" names of temporary files."""
    empty: dict[str, Any] = {"files": {}, "aside": []}
    if not path.exists():
        return empty
    found = read_record(path)
    if found is None or not isinstance(found.get("files"), dict) or not isinstance(found.get("aside", []), list):
        raise SettingError(f"{path} is not what was written, allowed is to delete it")
    return {**empty, **found}


def _sha256(path: Path) -> str:
    try:
        return sha256(path)
    except OSError as error:
        raise SettingError(f"{path} cannot be read: {reason_of(error)}") from error
