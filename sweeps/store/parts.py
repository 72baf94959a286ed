"""`Parts`: the chunks of a store, by their records and files."""

from __future__ import annotations

import concurrent.futures
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from gatednet.sweeps.files import entry_of, fault, parse_record, read, reason_of, sha256
from gatednet.sweeps.planning.grid import Chunk
from gatednet.sweeps.store.folder import Digest, StoreFolder
from gatednet.sweeps.store.records import ARRAYS, Files, Part, part_of, record_name
from gatednet.sweeps.store.template import chunk_files


class Parts:
    """The chunks of a store.

    Where a method takes `finished`, those are the digests of the store that is finished, and None for another one.
    """

    def __init__(self, store: StoreFolder) -> None:
        self._store, self._folder = store, store.folder

    def names(self, chunk: Chunk) -> list[str]:
        """The files of a chunk, below the folder."""
        return [path.as_posix() for _, path in chunk_files(Path(ARRAYS), self._store.variables, chunk.index)]

    def part(self, chunk: Chunk, finished: Files | None) -> Part | str:
        """The record of a chunk, or what is wrong with it."""
        name = record_name(chunk.name)
        try:
            content = read(self._folder / name)
        except (FileNotFoundError, NotADirectoryError):
            return f"{name} is missing"
        except OSError as error:
            return f"{name} cannot be read: {reason_of(error)}"
        part = part_of(parse_record(content))
        if part is None:
            return f"{name} does not agree with its own digest"
        if part.index != chunk.index or part.plan != self._store.plan_digest:
            return f"{name} is of another chunk or plan"
        listed = (finished or {}).get(name)
        if listed is not None and listed["sha256"] != entry_of(content)["sha256"]:
            return f"{name} does not agree with its digest"
        return part

    def done(self, chunk: Chunk, finished: Files | None) -> Part | None:
        """The record of a chunk that is complete by the sizes of its files; None for another."""
        part = self.part(chunk, finished)
        if isinstance(part, str):
            return None
        for name in self.names(chunk):
            entry = part.files.get(name)
            try:
                path = self._folder / name
                if entry is None or not path.is_file() or path.stat().st_size != entry["bytes"]:
                    return None
            except OSError:
                return None
        return part

    def fault_of(self, chunk: Chunk, finished: Files | None, digest: Digest = sha256) -> str | None:
        """What is wrong with a chunk by its record and the digests of its files; None where nothing is.

        `finished` are the digests of the store where it is finished.
        """
        part = self.part(chunk, finished)
        if isinstance(part, str):
            return part
        for name in self.names(chunk):
            reason = fault(self._folder, name, part.files.get(name), digest)
            if reason:
                return f"{name} {reason}"
        return None

    def faults(
        self, chunks: Iterable[Chunk], finished: Files | None, digest: Digest = sha256
    ) -> Iterator[tuple[Chunk, str | None]]:
        """Chunks with what is wrong with each, in their order. Their files are read by several threads."""
        with concurrent.futures.ThreadPoolExecutor(min(os.cpu_count() or 1, 8)) as pool:
            try:
                chunks = list(chunks)
                yield from zip(
                    chunks, pool.map(lambda chunk: self.fault_of(chunk, finished, digest), chunks), strict=True
                )
            finally:
                pool.shutdown(cancel_futures=True)

    def any(self) -> bool:
        """Whether a single chunk has a record that is sound."""
        return any(not isinstance(self.part(chunk, None), str) for chunk in self._store.grid.chunks())
