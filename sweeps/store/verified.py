"""`VerifiedFiles`: the arrays of a store for zarr, of which no byte is handed out that no digest covers."""

from __future__ import annotations

import asyncio
import errno
import hashlib
from collections.abc import AsyncIterator, Callable, Iterable
from pathlib import Path
from typing import NoReturn

from zarr.abc.store import ByteRequest, OffsetByteRequest, RangeByteRequest, Store, SuffixByteRequest
from zarr.core.buffer import Buffer, BufferPrototype

from gatednet.sweeps.files import read, reason_of

# What zarr looks for to tell a group, an array and nothing apart: it is no fault where it is not there.
_ASKED_FOR = ("zarr.json", ".zarray", ".zgroup", ".zattrs", ".zmetadata")
# Called with the name of a file and what is wrong with it, and with its content where there is any: returns where the
# content is sound after all, and raises otherwise.
Refusal = Callable[[str, str, bytes | None], None]


class VerifiedFiles(Store):
    """A folder of files, read-only.

    `digests` are the size and the SHA-256 of the files by their paths below the folder. Every file is read whole, and
    what was read is compared with its digest, so that nothing can change in between. `refuse` is called where a file is
    missing, has no digest or does not agree with it: zarr itself takes a missing file for a chunk of fill values.
    """

    def __init__(self, folder: Path, digests: dict[str, tuple[int, str]], refuse: Refusal) -> None:
        super().__init__(read_only=True)
        self._folder, self._digests, self._refuse = folder, digests, refuse

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, VerifiedFiles):
            return False
        return self._folder == other._folder and self._digests == other._digests

    __hash__ = None  # as every store that can be compared

    @property
    def supports_writes(self) -> bool:
        return False

    @property
    def supports_deletes(self) -> bool:
        return False

    @property
    def supports_listing(self) -> bool:
        return True

    def __str__(self) -> str:
        return self._folder.absolute().as_uri()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"

    def read(self, name: str) -> bytes | None:
        """The content of a file; None where zarr asks whether there is one, and there is none by the digests."""
        expected = self._digests.get(name)
        if expected is None:
            if name.rpartition("/")[2] not in _ASKED_FOR:
                self._refuse(name, "has no digest", None)
            return None
        try:
            content = read(self._folder / name, expected[0])
        except (FileNotFoundError, NotADirectoryError):
            self._refuse(name, "is missing", None)
        except OSError as error:
            larger = error.errno == errno.EFBIG
            what = "does not agree with its digest" if larger else f"cannot be read: {reason_of(error)}"
            self._refuse(name, what, None)
        else:
            if hashlib.sha256(content).hexdigest() != expected[1]:
                self._refuse(name, "does not agree with its digest", content)
            return content
        return None

    async def get(self, key: str, prototype: BufferPrototype, byte_range: ByteRequest | None = None) -> Buffer | None:
        """The content of a file, or a part of it; the digest is always that of the whole."""
        content = await asyncio.to_thread(self.read, key)
        return None if content is None else prototype.buffer.from_bytes(_cut(content, byte_range))

    async def get_partial_values(
        self, prototype: BufferPrototype, key_ranges: Iterable[tuple[str, ByteRequest | None]]
    ) -> list[Buffer | None]:
        return [await self.get(key, prototype, byte_range) for key, byte_range in key_ranges]

    async def exists(self, key: str) -> bool:
        return key in self._digests

    async def list(self) -> AsyncIterator[str]:
        for name in self._digests:
            yield name

    async def list_prefix(self, prefix: str) -> AsyncIterator[str]:
        for name in self._digests:
            if name.startswith(prefix):
                yield name

    async def list_dir(self, prefix: str) -> AsyncIterator[str]:
        start = f"{prefix.rstrip('/')}/" if prefix else ""
        for name in dict.fromkeys(
            name[len(start) :].partition("/")[0] for name in self._digests if name.startswith(start)
        ):
            yield name

    async def set(self, key: str, value: Buffer) -> NoReturn:
        raise ValueError("a store is read-only: its sweep alone writes it")

    async def delete(self, key: str) -> NoReturn:
        raise ValueError("a store is read-only: its sweep alone writes it")


def _cut(content: bytes, wanted: ByteRequest | None) -> bytes:
    if isinstance(wanted, RangeByteRequest):
        return content[wanted.start : wanted.end]
    if isinstance(wanted, OffsetByteRequest):
        return content[wanted.offset :]
    if isinstance(wanted, SuffixByteRequest):
        return content[max(len(content) - wanted.suffix, 0) :]
    return content
