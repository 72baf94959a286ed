"""What a store says of itself: the names of its files, and its records, of which nothing is believed unseen.

A record agrees with its own digest, and yet could have been made by hand: every entry is looked at before it is used.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from gatednet.sweeps.files import read, read_record

PLAN, PROVENANCE, ARRAYS, DONE, LOCK = "plan.toml", "provenance.json", "arrays.zarr", "done", ".lock"
# Records in `done` beside those of the chunks: what was there at the start, and what is there at the end.
TEMPLATE, FINISHED = "_template.json", "_store.json"
# The metadata of a group or of an array.
METADATA = "zarr.json"
# Those of the group, with those of all arrays in them.
GROUP = f"{ARRAYS}/{METADATA}"
# The first line of every plan, by which a folder is known as a store.
HEADER = "# The plan of a sweep of gatednet; the folder is a store, format 1.\n"
# Since this layout all metadata are final when a store is created.
LAYOUT = 2

Files = Mapping[str, Mapping[str, Any]]
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclasses.dataclass(frozen=True)
class Template:
    """What was there when a store was created: the digests of its files, and the shape of its chunks.

    `final` is false in stores of earlier versions, in which the metadata of the group were written again at the end.
    """

    chunk_shape: tuple[int, ...]
    files: Files
    final: bool

    @property
    def arrays(self) -> frozenset[str]:
        """The names of all arrays, variables and coordinates."""
        parts = [PurePosixPath(name).parts for name in self.files]
        return frozenset(each[1] for each in parts if len(each) == 3 and each[0] == ARRAYS and each[2] == METADATA)


@dataclasses.dataclass(frozen=True)
class Part:
    """A chunk that is done: its place, the digest of the plan that it belongs to, and those of its files."""

    index: tuple[int, ...]
    plan: str
    files: Files


def read_template(folder: Path) -> Template | None:
    """The template of a store; None where it is not what was written."""
    record = read_record(folder / DONE / TEMPLATE)
    if record is None:
        return None
    shape, files = _whole_numbers(record.get("chunk_shape")), _files(record.get("files"))
    if shape is None or files is None or PLAN not in files or GROUP not in files:
        return None
    return Template(shape, files, record.get("layout") == LAYOUT)


def read_finished(folder: Path) -> Files | None:
    """The digests of a finished store's files; None where it is not finished, or its record not what was written."""
    record = read_record(folder / DONE / FINISHED)
    files = None if record is None else _files(record.get("files"))
    needed = (PLAN, PROVENANCE, f"{DONE}/{TEMPLATE}", GROUP)
    return files if files is not None and all(name in files for name in needed) else None


def part_of(record: Mapping[str, Any] | None) -> Part | None:
    """The chunk that a record is of; None where it is not what was written."""
    if record is None:
        return None
    index, plan, files = _whole_numbers(record.get("chunk")), record.get("plan"), _files(record.get("files"))
    if index is None or files is None or not isinstance(plan, str):
        return None
    return Part(index, plan, files)


def record_name(chunk: str) -> str:
    """The file that marks a chunk as done, below the folder of a store."""
    return f"{DONE}/{chunk}.json"


def is_ours(folder: Path) -> bool:
    """Whether a folder has a plan with the line by which stores are known."""
    try:
        return read(folder / PLAN).startswith(HEADER.encode())
    except OSError:
        return False


def _whole_numbers(value: Any) -> tuple[int, ...] | None:
    if not isinstance(value, list) or not all(type(each) is int and each >= 0 for each in value):
        return None
    return tuple(value)


def _files(value: Any) -> Files | None:
    if not isinstance(value, dict) or not all(_is_inside(name) and _is_entry(entry) for name, entry in value.items()):
        return None
    return value


def _is_inside(name: str) -> bool:
    """Whether a name is that of a file below a folder, written in one way only."""
    path = PurePosixPath(name)
    return name == str(path) and name != "." and not path.is_absolute() and ".." not in path.parts and "\0" not in name


def _is_entry(entry: Any) -> bool:
    return (
        isinstance(entry, dict)
        and type(entry.get("bytes")) is int
        and entry["bytes"] >= 0
        and isinstance(entry.get("sha256"), str)
        and _SHA256.fullmatch(entry["sha256"]) is not None
    )
