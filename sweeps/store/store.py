"""`Store`: the folder of a sweep.

    plan.toml         the sweep, with every field of its experiment
    provenance.json   versions, machine and command of every session that computed a part
    arrays.zarr       the results, opened by `xarray.open_zarr`
    done/             a file for each chunk that is complete, with the digests of its files

A chunk is done if and only if its file in `done` is there and agrees with its own digest; that file is written last.
All other files are final from the start but the provenance, and at the end one record has the digests of all.
The folder holds no path and no date that matters: a copy of it is as good as itself, finished or not.
"""

from __future__ import annotations

import dataclasses
import functools
import os
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import jax
import numpy as np
import xarray

from gatednet.kernels.kernel import Kernel
from gatednet.settings import SettingError
from gatednet.sweeps.files import (
    WriteError,
    discard,
    entry_of,
    flush_folders,
    known_sha256,
    make_inside,
    put,
    read,
    sha256,
    write_record,
    writing,
)
from gatednet.sweeps.planning.grid import Chunk
from gatednet.sweeps.planning.plan import plan_of
from gatednet.sweeps.store.asides import check_deletable, delete, named, sweep_inside, sweep_up
from gatednet.sweeps.store.creation import AGAIN, check_place, is_free, new_store, resolved, write_template
from gatednet.sweeps.store.folder import MENDED, Digest, StoreFolder, identity
from gatednet.sweeps.store.parts import Parts
from gatednet.sweeps.store.provenance import XLA, computing, provenance, versions
from gatednet.sweeps.store.reading import open_verified
from gatednet.sweeps.store.records import (
    ARRAYS,
    DONE,
    FINISHED,
    GROUP,
    LOCK,
    METADATA,
    PROVENANCE,
    TEMPLATE,
    read_finished,
    record_name,
)
from gatednet.sweeps.store.sessions import check_sessions, read_sessions
from gatednet.sweeps.store.template import Encoder, gathered
from gatednet.sweeps.sweep import Sweep


class Store(StoreFolder):
    """The folder of a sweep, finished or not.

    `folder` is its place, `sweep` what is stored, `plan` its chunks. Where a store was made with parts of a user's own,
    these two need the modules of those; `outline`, `grid` and `variables` never do. `fresh` says whether `run_sweep`
    had anything to compute in it, and `mended` names the chunks that it computed again because they were damaged.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        super().__init__(folder)
        self.fresh = False
        self.mended: tuple[str, ...] = ()
        self._lock: tuple[int, int] | None = None

    @classmethod
    def open(cls, folder: str | os.PathLike[str]) -> Store:
        """The store in a folder.

        **Raises** `SettingError` where there is none, or its plan is damaged.
        """
        store = cls(folder)
        # Read once, and so checked; the experiment is not, whose parts may be a user's own.
        _ = store.grid
        return store

    @classmethod
    def create(cls, folder: str | os.PathLike[str], sweep: Sweep, chunk_runs: int | None = None) -> Store:
        """A new store without any run, put in its place at once.

        **Raises** `SettingError` where the folder is there already and not empty, or cannot be written, and
        `WriteError` where the system fails while it is written.
        """
        store, plan = cls(folder), plan_of(sweep, chunk_runs)
        if not is_free(store.folder):
            raise SettingError(f"{folder} is there already, allowed is a new folder, or an empty one")
        check_place(store.folder)
        with new_store(store.folder, plan):
            return cls.open(folder)

    @functools.cached_property
    def parts(self) -> Parts:
        """The chunks by their records and files."""
        return Parts(self)

    def record(self, chunk: Chunk) -> Path:
        """The file that marks a chunk as done."""
        return self.folder / record_name(chunk.name)

    @property
    def done(self) -> list[Chunk]:
        """The chunks that are complete."""
        finished = read_finished(self.folder)
        return [chunk for chunk in self.grid.chunks() if self.parts.done(chunk, finished) is not None]

    @property
    def finished(self) -> bool:
        """Whether all chunks are complete and the store is closed."""
        return read_finished(self.folder) is not None and len(self.done) == len(self.grid)

    def faults(self, chunks: Iterable[Chunk], digest: Digest = sha256) -> Iterator[tuple[Chunk, str | None]]:
        """Chunks with what is wrong with each by the digests of its files, None where nothing is, in their order."""
        return self.parts.faults(chunks, read_finished(self.folder), digest)

    def damage(self, chunk: Chunk, what: str) -> SettingError:
        """The error of a damaged chunk."""
        return self.damaged(what, MENDED, chunk)

    def dataset(self) -> xarray.Dataset:
        """The results, read when they are used; whatever is read then is compared with its digest.

        **Raises** `SettingError` where the store is not finished, or its metadata are damaged; and, when they are used,
        for values that are damaged or lost, with their chunk.
        """
        self.check(known_sha256)
        return open_verified(self, self.parts)

    def write(self, chunk: Chunk, results: Mapping[str, np.ndarray]) -> None:
        """Write the results of a chunk, (runs, ...) each in C order, and mark it as done.

        **Raises** `WriteError` where the system fails.
        """
        self.check_aligned(chunk)
        self._check_lock()
        root = self.folder / ARRAYS
        files = {root / name: content for name, content in self._encoder.files(chunk, results).items()}
        with writing(self.folder, f"; {AGAIN}"):
            if os.path.lexists(self.record(chunk)):
                discard(self.record(chunk))
            for path, content in files.items():
                make_inside(path.parent, self.folder)
                put(path, content)
            flush_folders(files, root)
            entries = {path.relative_to(self.folder).as_posix(): entry_of(content) for path, content in files.items()}
            write_record(self.record(chunk), {"chunk": list(chunk.index), "plan": self.plan_digest, "files": entries})

    @functools.cached_property
    def _encoder(self) -> Encoder:
        names = [f"{variable.name}/{METADATA}" for variable in self.sweep.variables]
        return Encoder(self.plan, {name: self.sound(f"{ARRAYS}/{name}") for name in names})

    def _check_lock(self) -> None:
        """Raise `WriteError` where the lock that was taken is not that of the folder any more.

        It was deleted then, or the folder was: another process may be writing too, even another plan.
        """
        if self._lock is not None and identity(self.folder / LOCK) != self._lock:
            raise WriteError(f"{self.folder} lost its lock {LOCK}, and others may write it too; {AGAIN}")

    def check_aligned(self, chunk: Chunk) -> None:
        """Raise `ValueError` where a piece of the grid is not exactly one chunk of the arrays."""
        if chunk != self.grid.chunk(chunk.index):
            raise ValueError(f"chunk {chunk.name} covers {chunk.region}, not a chunk of the arrays")

    def sessions(self) -> list[dict[str, Any]]:
        """What is known of the sessions that computed the chunks that are done; nothing where none is.

        **Raises** `SettingError` where chunks are done and nothing records by what.
        """
        if not self.parts.any():
            return []
        found = read_sessions(self.folder / PROVENANCE)
        if isinstance(found, str):
            raise self.damaged(f"{PROVENANCE} {found}, and nothing else tells what its chunks were computed with")
        return found

    def check_sessions(
        self,
        devices: Sequence[jax.Device],
        features: Mapping[str, Any] | None = None,
        *,
        kernel: Kernel = "xla",
        mix_versions: bool = False,
        workers: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        """Raise `SettingError` where earlier sessions had other features, or versions that may give other last bits.

        The arguments are those of `begin`.
        """
        here = [] if mix_versions else computing(workers, kernel) or [versions(devices, kernel)]
        check_sessions(self.folder, self.sessions(), here, features)

    def as_begun(self, sweep: Sweep) -> Sweep:
        """The sweep as it goes on: where it leaves the kernel open and XLA computed the first chunks, with XLA."""
        sessions = self.sessions()
        if sweep.used_kernel != "auto" or not sessions:
            return sweep
        workers = sessions[0].get("workers")
        first = workers[0] if isinstance(workers, list) and workers else sessions[0]
        began = first.get("kernel", XLA) if isinstance(first, Mapping) else XLA
        return dataclasses.replace(sweep, kernel=XLA) if began == XLA else sweep

    def check_replaceable(self, chunks: Iterable[Chunk]) -> None:
        """Raise `SettingError` where something else than a file is in the place of one that will be written.

        What is in the way of a file, or behind a link, is not ours to change.
        """
        names = [PROVENANCE, f"{DONE}/{TEMPLATE}", f"{DONE}/{FINISHED}", GROUP]
        for chunk in chunks:
            names += [record_name(chunk.name), *self.parts.names(chunk)]
        folders = {parent for name in names for parent in PurePosixPath(name).parents} - {PurePosixPath(".")}
        for name in sorted(map(str, folders)):
            if os.path.lexists(self.folder / name) and not stat.S_ISDIR((self.folder / name).lstat().st_mode):
                raise self.damaged(f"{name} is no folder", f"delete it and {MENDED}")
        for name in names:
            if os.path.lexists(self.folder / name):
                mode = (self.folder / name).lstat().st_mode
                if not (stat.S_ISREG(mode) or stat.S_ISLNK(mode)):
                    raise self.damaged(f"{name} is no file", f"delete it and {MENDED}")

    def begin(
        self,
        devices: Sequence[jax.Device],
        features: Mapping[str, Any] | None = None,
        *,
        kernel: Kernel = "xla",
        mix_versions: bool = False,
        workers: Sequence[Mapping[str, Any]] = (),
        again: Iterable[Chunk] = (),
    ) -> None:
        """Note the versions and the machine of a session that computes chunks, and the features that it learns from.

        `kernel` is the one that computes. `workers` are the `gatednet.sweeps.store.provenance.versions` of other
        processes that compute in the place of this one. The chunks `again` are no longer done from then on.

        **Raises** `SettingError` where an earlier session had other features, or other versions and `mix_versions` is
        false, and `WriteError` where the system fails.
        """
        self.check_sessions(devices, features, kernel=kernel, mix_versions=mix_versions, workers=workers)
        sessions = self.sessions()
        session = provenance(devices, computing(workers, kernel), kernel) | (
            {"features": dict(features)} if features else {}
        )
        with writing(self.folder, f"; {AGAIN}"):
            sweep_up(resolved(self.folder))
            sweep_inside(self.folder)
            # Before the digests of the whole, which tell that they are damaged.
            for chunk in again:
                discard(self.record(chunk))
            if os.path.lexists(self.folder / DONE / FINISHED):
                discard(self.folder / DONE / FINISHED)
            if not self.template.final:
                self._gather()
            write_record(self.folder / PROVENANCE, {"sessions": [*sessions, session]})
        self._lock = identity(self.folder / LOCK)

    def _gather(self) -> None:
        """Make the metadata of the group final, in a store of an earlier version."""
        arrays = {f"{name}/{METADATA}": self.sound(f"{ARRAYS}/{name}/{METADATA}") for name in self.template.arrays}
        content = gathered({METADATA: self.sound(GROUP), **arrays})
        put(self.folder / GROUP, content)
        flush_folders([self.folder / GROUP], self.folder / ARRAYS)
        write_template(self.folder, self.template.chunk_shape, {**self.template.files, GROUP: entry_of(content)})
        del self.template

    def finish(self) -> None:
        """Close the store: record the digests of all files, those of chunks by their records.

        **Raises** `SettingError` where anything of it is damaged or missing, and `WriteError` where the system fails.
        """
        self._check_lock()
        self._check_template(known_sha256)
        names = [record_name(chunk.name) for chunk in self.grid.chunks()]
        for chunk in self.grid.chunks():
            part = self.parts.part(chunk, None)
            if isinstance(part, str):
                raise self.damage(chunk, part)
        with writing(self.folder, f"; {AGAIN}"):
            contents = {name: read(self.folder / name) for name in (PROVENANCE, f"{DONE}/{TEMPLATE}", *names)}
            entries = {name: entry_of(content) for name, content in contents.items()}
            write_record(self.folder / DONE / FINISHED, {"files": {**self.template.files, **entries}})

    def remove(self) -> None:
        """Delete a store, and nothing that is not one.

        **Raises** `SettingError` where it holds anything else, or cannot be deleted whole; nothing is changed then.
        """
        self.plan_content()
        place = resolved(self.folder)
        check_deletable(place, self.arrays)
        with self.lock(), writing(self.folder):
            check_deletable(place, self.arrays)
            old = named(place, "old")
            place.rename(old)
            delete(old)
