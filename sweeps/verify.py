"""`verify`: whether a store still is what was written."""

from __future__ import annotations

import os

from gatednet.settings import SettingError
from sweeps.chunks import Chunk
from sweeps.files import fault, read_record
from sweeps.store import ARRAYS, DONE, FINISHED, PROVENANCE, Store
from sweeps.template import chunk_files


def verify(folder: str | os.PathLike[str]) -> Store:
    """The store in a folder, every file of it compared with its digest.

    A store that is not finished is verified as far as it goes; see `Store.finished`.

    **Raises** `SettingError` that names the first damaged file, and the chunk where it belongs to one, and says what
    mends it.
    """
    store = Store.open(folder)
    store.check()
    for chunk in store.plan.chunks():
        if store.record(chunk).exists():
            _verify_chunk(store, chunk)
        elif (store.folder / DONE / FINISHED).exists():
            missing = f"chunk {chunk.name}: {DONE}/{chunk.name}.json is missing"
            raise SettingError(f"{store.folder} is damaged in {missing}; run the sweep again to mend it")
    provenance = store.folder / PROVENANCE
    if provenance.exists() and read_record(provenance) is None:
        raise SettingError(f"{store.folder} is damaged: {PROVENANCE} does not agree with its own digest")
    return store


def _verify_chunk(store: Store, chunk: Chunk) -> None:
    record = read_record(store.record(chunk))
    if record is None:
        raise SettingError(_damage(store, chunk, f"{DONE}/{chunk.name}.json does not agree with its own digest"))
    if record["chunk"] != list(chunk.index) or record["plan"] != store.plan_digest:
        raise SettingError(_damage(store, chunk, f"{DONE}/{chunk.name}.json is of another chunk or plan"))
    for _, path in chunk_files(store.folder / ARRAYS, store.plan, chunk.index):
        name = path.relative_to(store.folder).as_posix()
        reason = fault(store.folder, name, record["files"].get(name))
        if reason:
            raise SettingError(_damage(store, chunk, f"{name} {reason}"))


def _damage(store: Store, chunk: Chunk, what: str) -> str:
    mend = f"delete {DONE}/{chunk.name}.json and run the sweep again to mend it"
    return f"{store.folder} is damaged in chunk {chunk.name}: {what}; {mend}"
