"""The results of a finished store, of which every file that is read is compared with its digest."""

from __future__ import annotations

import dataclasses

import xarray

from gatednet.settings import SettingError
from gatednet.sweeps.files import entry_of
from gatednet.sweeps.planning.grid import Chunk
from gatednet.sweeps.store.folder import MENDED, StoreFolder
from gatednet.sweeps.store.parts import Parts
from gatednet.sweeps.store.records import ARRAYS, read_finished
from gatednet.sweeps.store.verified import VerifiedFiles


def open_verified(store: StoreFolder, parts: Parts) -> xarray.Dataset:
    """The results, read when they are used.

    **Raises** `SettingError` where the store is not finished; and, when they are used, for values that are damaged or
    lost, with their chunk.
    """
    finished, done = read_finished(store.folder), 0
    files = dict(finished or store.template.files)
    for chunk in store.grid.chunks():
        part = parts.done(chunk, finished)
        if part is not None:
            done += 1
            files |= part.files
    if finished is None or done < len(store.grid):
        raise SettingError(
            f"{store.folder} is not finished: {done} of {len(store.grid)} chunks are done, run its sweep again to go on"
        )
    digests = {
        name.removeprefix(f"{ARRAYS}/"): (entry["bytes"], entry["sha256"])
        for name, entry in files.items()
        if name.startswith(f"{ARRAYS}/")
    }
    arrays = VerifiedFiles(store.folder / ARRAYS, digests, _Refusal(store, parts))
    return xarray.open_zarr(arrays, chunks=None, consolidated=True)


@dataclasses.dataclass(frozen=True)
class _Refusal:
    """What is done about a file of the arrays that is not as it was when the store was opened."""

    store: StoreFolder
    parts: Parts

    def __call__(self, name: str, reason: str, content: bytes | None) -> None:
        """Raise `SettingError`; return where the file is another one because its chunk was written again meanwhile."""
        chunk = self._chunk_of(name)
        if chunk is None:
            raise self.store.damaged(f"{ARRAYS}/{name} {reason}")
        part = self.parts.part(chunk, None)
        if content is None or isinstance(part, str) or part.files.get(f"{ARRAYS}/{name}") != entry_of(content):
            raise self.store.damaged(f"{ARRAYS}/{name} {reason}", MENDED, chunk)

    def _chunk_of(self, name: str) -> Chunk | None:
        """The chunk that a file of the arrays belongs to."""
        grid, (variable, *places) = self.store.grid, name.split("/")
        if variable not in {each.name for each in self.store.variables} or places[:1] != ["c"]:
            return None
        return grid.chunk(tuple(int(each) for each in places[1 : len(grid.counts) + 1]))
