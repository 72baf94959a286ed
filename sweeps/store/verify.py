"""`verify`: whether a store still is what was written."""

from __future__ import annotations

import os

from gatednet.settings import SettingError
from gatednet.sweeps.files import read_record, sha256
from gatednet.sweeps.store.records import DONE, FINISHED, PROVENANCE
from gatednet.sweeps.store.store import Store


def verify(folder: str | os.PathLike[str]) -> Store:
    """The store in a folder, every file of it compared with its digest.

    A store that is not finished is verified as far as it goes; see `Store.finished`.

    **Raises** `SettingError` that names the first damaged file, and the chunk where it belongs to one, and says what
    mends it.
    """
    store = Store.open(folder)
    store.check()
    closed = os.path.lexists(store.folder / DONE / FINISHED)
    chunks = [chunk for chunk in store.grid.chunks() if closed or os.path.lexists(store.record(chunk))]
    for chunk, fault in store.faults(chunks, sha256):
        if fault:
            raise store.damage(chunk, fault)
    provenance = store.folder / PROVENANCE
    if os.path.lexists(provenance) and read_record(provenance) is None:
        raise SettingError(f"{store.folder} is damaged: {PROVENANCE} does not agree with its own digest")
    # Refused where chunks are done and nothing records by what.
    store.sessions()
    return store
