"""`verify`: whether a store still is what was written."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gatednet.settings import SettingError
from sweeps.chunks import Chunk
from sweeps.files import read_record, sha256
from sweeps.store import ARRAYS, DONE, FINISHED, PLAN, PROVENANCE, TEMPLATE, Store
from sweeps.template import chunk_files


def verify(folder: str | os.PathLike[str]) -> Store:
    """The store in a folder, every file of it compared with its digest.

    A store that is not finished is verified as far as it goes; see `Store.finished`.

    **Raises** `SettingError` that names the first damaged file, and the chunk where it belongs to one, and says what mends
    it.
    """
    store = Store.open(folder)
    records = store.folder / DONE
    template = read_record(records / TEMPLATE)
    if template is None:
        raise SettingError(f"{records / TEMPLATE} is damaged, allowed is a restart of the sweep")
    root = f"{ARRAYS}/zarr.json"
    # The root's metadata are written again when the store is finished.
    _compare(store.folder, {name: entry for name, entry in template["files"].items() if name != root})
    for chunk in store.plan.chunks():
        if store.record(chunk).exists():
            _verify_chunk(store, chunk)
    if read_record(store.folder / PROVENANCE) is None and (records / FINISHED).exists():
        raise SettingError(f"{store.folder / PROVENANCE} is damaged: it does not agree with its own digest")
    if (records / FINISHED).exists():
        finished = read_record(records / FINISHED)
        if finished is None:
            raise SettingError(f"{records / FINISHED} is damaged: delete it and run the sweep again to mend it")
        _compare(store.folder, finished["files"])
    return store


def _verify_chunk(store: Store, chunk: Chunk) -> None:
    mend = f"delete {DONE}/{chunk.name}.json and run the sweep again to mend it"
    what = f"{store.folder}: chunk {chunk.name} is damaged"
    record = read_record(store.record(chunk))
    if record is None or record.get("chunk") != list(chunk.index):
        raise SettingError(f"{what}: {DONE}/{chunk.name}.json does not agree with its own digest; {mend}")
    if record["plan"] != sha256(store.folder / PLAN):
        raise SettingError(f"{what}: it is of another plan; {mend}")
    for _, path in chunk_files(store.folder / ARRAYS, store.plan, chunk.index):
        name = path.relative_to(store.folder).as_posix()
        reason = _fault(store.folder, name, record["files"].get(name))
        if reason:
            raise SettingError(f"{what}: {name} {reason}; {mend}")


def _compare(folder: Path, files: Mapping[str, Any]) -> None:
    for name, entry in files.items():
        reason = _fault(folder, name, entry)
        if reason:
            raise SettingError(f"{folder} is damaged: {name} {reason}; allowed is a restart of the sweep")


def _fault(folder: Path, name: str, entry: Mapping[str, Any] | None) -> str | None:
    """What is wrong with a file."""
    path = folder / name
    if entry is None:
        return "has no digest"
    if not path.is_file():
        return "is missing"
    return None if sha256(path) == entry["sha256"] else "does not agree with its digest"
