"""Files that are never half written: written aside, flushed, renamed; and their digests."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

DIGEST = "digest"


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


def aside_of(path: Path) -> Path:
    """Where a file is written before it is put in its place."""
    return path.with_name(f".{path.name}.{os.getpid()}")


def write_flushed(path: Path, content: bytes) -> None:
    """Write a file and wait until its content is on disk."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def write(path: Path, text: str) -> None:
    """Write a text file aside, flush it, and put it in its place at once."""
    write_bytes(path, text.encode())


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file aside, flush it, and put it in its place at once."""
    aside = aside_of(path)
    write_flushed(aside, content)
    aside.replace(path)
    flush(path.parent)


def sha256(path: Path) -> str:
    """The digest of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_record(path: Path, content: Mapping[str, Any]) -> None:
    """Write a JSON file with a digest of itself."""
    write(path, record_text(content))


def record_text(content: Mapping[str, Any]) -> str:
    """The text of a file that `read_record` reads."""
    return json.dumps({**content, DIGEST: _digest(content)}, indent=1, sort_keys=True) + "\n"


def read_record(path: Path) -> dict[str, Any] | None:
    """The content of a file that `write_record` wrote; None where there is none, or it is damaged."""
    try:
        content = json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return None
    if not isinstance(content, dict) or content.pop(DIGEST, None) != _digest(content):
        return None
    return content


def _digest(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def fault(folder: Path, name: str, entry: Mapping[str, Any] | None) -> str | None:
    """What is wrong with a file of a folder by its entry of a `listing`; None where nothing is."""
    path = folder / name
    if entry is None:
        return "has no digest"
    if not path.is_file():
        return "is missing"
    return None if sha256(path) == entry["sha256"] else "does not agree with its digest"


def listing(root: Path, paths: Iterable[Path]) -> dict[str, dict[str, Any]]:
    """Size and digest of files, by their paths below `root`."""
    return {
        path.relative_to(root).as_posix(): {"bytes": path.stat().st_size, "sha256": sha256(path)}
        for path in sorted(paths)
    }
