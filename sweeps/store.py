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

import concurrent.futures
import contextlib
import errno
import functools
import hashlib
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import filelock
import jax
import numpy as np
import xarray

from gatednet.settings import SettingError
from sweeps.asides import check_deletable, delete, named, sweep_inside, sweep_up
from sweeps.chunks import Chunk, Plan
from sweeps.creation import Taken, check_place, is_free, new_store, resolved, write_template
from sweeps.files import (
    WriteError,
    discard,
    entry_of,
    fault,
    flush_folders,
    known_sha256,
    make_inside,
    parse_record,
    put,
    read,
    read_record,
    reason_of,
    sha256,
    write_record,
    writing,
)
from sweeps.plan import Sweep
from sweeps.provenance import differing, provenance, versions
from sweeps.records import (
    ARRAYS,
    DONE,
    FINISHED,
    HEADER,
    LOCK,
    METADATA,
    PLAN,
    PROVENANCE,
    TEMPLATE,
    Files,
    Part,
    Template,
    is_ours,
    part_of,
    read_finished,
    read_template,
    record_name,
)
from sweeps.template import Encoder, chunk_files, coordinates_of, gathered, own_metadata
from sweeps.text import differences, table_of
from sweeps.verified import VerifiedFiles

RESTART = "allowed is a restart of the sweep"
AGAIN = "the same sweep again continues it"
MENDED = "run the sweep again to mend it"
Digest = Callable[[Path], str]
# The metadata of all arrays.
GROUP = f"{ARRAYS}/{METADATA}"


class Store:
    """The folder of a sweep, finished or not.

    `folder` is its place, `sweep` what is stored, `plan` its chunks. `fresh` says whether `run_sweep` had anything to
    compute in it, and `mended` names the chunks that it computed again because they were damaged.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)
        self.fresh = False
        self.mended: tuple[str, ...] = ()
        self._identity = _identity(self.folder)

    @classmethod
    def open(cls, folder: str | os.PathLike[str]) -> Store:
        """The store in a folder.

        **Raises** `SettingError` where there is none, or its plan is damaged.
        """
        store = cls(folder)
        _ = store.plan  # read once, and so checked
        return store

    @classmethod
    def create(cls, folder: str | os.PathLike[str], sweep: Sweep, chunk_runs: int | None = None) -> Store:
        """A new store without any run, put in its place at once.

        **Raises** `SettingError` where the folder is there already and not empty, or cannot be written, and
        `WriteError` where the system fails while it is written.
        """
        store, plan = cls(folder), sweep.plan(chunk_runs)
        if not is_free(store.folder):
            raise SettingError(f"{folder} is there already, allowed is a new folder, or an empty one")
        check_place(store.folder)
        with new_store(store.folder, plan):
            return cls.open(folder)

    @functools.cached_property
    def sweep(self) -> Sweep:
        """What is stored."""
        content = self._plan_content()
        if entry_of(content)["sha256"] != self.plan_digest:
            raise self._damaged(f"{PLAN} does not agree with its digest")
        try:
            return Sweep.from_toml(content.decode())
        except SettingError as error:
            raise SettingError(f"{self.folder / PLAN} is of another version: {error}") from error

    def check_ours(self) -> None:
        """Raise `SettingError` where the folder is no store."""
        self._plan_content()

    def _plan_content(self) -> bytes:
        """The plan, which is what makes a folder a store."""
        try:
            content = read(self.folder / PLAN)
        except (FileNotFoundError, NotADirectoryError):
            if not os.path.lexists(self.folder):
                raise SettingError(f"{self.folder} does not exist, allowed is the folder of a store") from None
            content = b""
        except (OSError, ValueError) as error:
            what = reason_of(error) if isinstance(error, OSError) else str(error)
            raise SettingError(f"{self.folder / PLAN} cannot be read: {what}") from error
        if not content.startswith(HEADER.encode()):
            raise SettingError(f"{self.folder} is no store of gatednet, and is left as it is")
        return content

    @functools.cached_property
    def template(self) -> Template:
        """What was there when the store was created: the digests of its files, and the shape of its chunks.

        **Raises** `SettingError` where the record of it is damaged.
        """
        found = read_template(self.folder)
        if found is None:
            self._plan_content()
            if self.never_completed:
                raise SettingError(f"{self.folder} was never completed, its sweep creates it again")
            raise self._damaged(f"{DONE}/{TEMPLATE} is not what was written")
        return found

    @property
    def never_completed(self) -> bool:
        """Whether this is a store of ours without a single chunk, whose creation did not reach the disk."""
        if not is_ours(self.folder) or read_template(self.folder) is not None:
            return False
        try:
            return not any(not name.startswith((".", "_")) for name in os.listdir(self.folder / DONE))
        except FileNotFoundError:
            return True
        except OSError:
            return False

    @functools.cached_property
    def plan(self) -> Plan:
        """The chunks of the sweep, of the shape with which the arrays were created."""
        sweep = self.sweep
        try:
            return Plan(sweep, self.template.chunk_shape)
        except SettingError as error:
            raise self._damaged(f"{DONE}/{TEMPLATE}: {error}") from error

    @property
    def plan_digest(self) -> str:
        """The digest of the plan, by which a chunk's record belongs to this store."""
        return self.template.files[PLAN]["sha256"]

    def check(self, digest: Digest = sha256, *, mendable: bool = False) -> None:
        """Compare all files but those of the chunks with their digests.

        `mendable` passes over a damaged record of the end, which is written again when the sweep goes on.

        **Raises** `SettingError` that names the first damaged one.
        """
        for last in (False, False, True):
            finished = read_finished(self.folder)
            try:
                self._check(finished, digest, mendable)
            except SettingError:
                # Another process may have gone on with the store in between.
                if last or read_finished(self.folder) == finished:
                    raise
            else:
                return

    def _check(self, finished: Files | None, digest: Digest, mendable: bool) -> None:
        if not mendable and finished is None and os.path.lexists(self.folder / DONE / FINISHED):
            raise SettingError(f"{self.folder} is damaged: {DONE}/{FINISHED} is not what was written; {MENDED}")
        self._check_template(digest)
        if finished:
            for name in (PROVENANCE, f"{DONE}/{TEMPLATE}", *self.template.files):
                reason = fault(self.folder, name, finished.get(name), digest)
                if reason:
                    raise self._damaged(f"{name} {reason}")

    def _check_template(self, digest: Digest) -> None:
        """Compare what was there from the start with its digests."""
        for name, entry in self.template.files.items():
            reason = fault(self.folder, name, entry, digest)
            if reason and name == GROUP and not self.template.final:
                # Gathered at the end by earlier versions, over what it was.
                with contextlib.suppress(OSError):
                    if entry_of(own_metadata(read(self.folder / name)))["sha256"] == entry["sha256"]:
                        continue
            if reason:
                raise self._damaged(f"{name} {reason}")

    def _damaged(self, what: str, mended: str = RESTART, chunk: Chunk | None = None) -> SettingError:
        """What is told of damage, where the store is still the one that was opened."""
        if self._replaced():
            return SettingError(f"{self.folder} was replaced or deleted while it was read, allowed is to open it again")
        where = "" if chunk is None else f" in chunk {chunk.name}"
        return SettingError(f"{self.folder} is damaged{where}: {what}; {mended}")

    def _replaced(self) -> bool:
        """Whether another store is in the folder since this one was opened, or none."""
        if self._identity != _identity(self.folder):
            return True
        now = read_template(self.folder)
        known = self.__dict__.get("template")
        return now is not None and known is not None and now.files[PLAN] != known.files[PLAN]

    def record(self, chunk: Chunk) -> Path:
        """The file that marks a chunk as done."""
        return self.folder / record_name(chunk.name)

    def is_done(self, chunk: Chunk) -> bool:
        """Whether a chunk is complete: its record is whole, and its files are there and have their sizes."""
        return self._done(chunk, read_finished(self.folder)) is not None

    def _done(self, chunk: Chunk, finished: Files | None) -> Part | None:
        """The record of a chunk that is complete by the sizes of its files; None for another."""
        part = self._part(chunk, finished)
        if isinstance(part, str):
            return None
        for name in self._names(chunk):
            entry = part.files.get(name)
            try:
                path = self.folder / name
                if entry is None or not path.is_file() or path.stat().st_size != entry["bytes"]:
                    return None
            except OSError:
                return None
        return part

    def _part(self, chunk: Chunk, finished: Files | None) -> Part | str:
        """The record of a chunk, or what is wrong with it."""
        name = record_name(chunk.name)
        try:
            content = read(self.folder / name)
        except (FileNotFoundError, NotADirectoryError):
            return f"{name} is missing"
        except OSError as error:
            return f"{name} cannot be read: {reason_of(error)}"
        part = part_of(parse_record(content))
        if part is None:
            return f"{name} does not agree with its own digest"
        if part.index != chunk.index or part.plan != self.plan_digest:
            return f"{name} is of another chunk or plan"
        listed = (finished or {}).get(name)
        if listed is not None and listed["sha256"] != entry_of(content)["sha256"]:
            return f"{name} does not agree with its digest"
        return part

    def _names(self, chunk: Chunk) -> list[str]:
        """The files of a chunk, below the folder."""
        return [path.as_posix() for _, path in chunk_files(Path(ARRAYS), self.plan, chunk.index)]

    def fault_of(self, chunk: Chunk, finished: Files | None, digest: Digest = sha256) -> str | None:
        """What is wrong with a chunk by its record and the digests of its files; None where nothing is.

        `finished` are the digests of the store where it is finished.
        """
        part = self._part(chunk, finished)
        if isinstance(part, str):
            return part
        for name in self._names(chunk):
            reason = fault(self.folder, name, part.files.get(name), digest)
            if reason:
                return f"{name} {reason}"
        return None

    def faults(self, chunks: Iterable[Chunk], digest: Digest = sha256) -> Iterator[tuple[Chunk, str | None]]:
        """Chunks with what is wrong with each, in their order. Their files are read by several threads."""
        finished = read_finished(self.folder)
        with concurrent.futures.ThreadPoolExecutor(min(os.cpu_count() or 1, 8)) as pool:
            try:
                chunks = list(chunks)
                yield from zip(
                    chunks, pool.map(lambda chunk: self.fault_of(chunk, finished, digest), chunks), strict=True
                )
            finally:
                pool.shutdown(cancel_futures=True)

    def damage(self, chunk: Chunk, what: str) -> SettingError:
        """What is told of a damaged chunk."""
        return self._damaged(what, MENDED, chunk)

    @property
    def done(self) -> list[Chunk]:
        """The chunks that are complete."""
        finished = read_finished(self.folder)
        return [chunk for chunk in self.plan.chunks() if self._done(chunk, finished) is not None]

    @property
    def finished(self) -> bool:
        """Whether all chunks are complete and the store is closed."""
        return read_finished(self.folder) is not None and len(self.done) == len(self.plan)

    def dataset(self) -> xarray.Dataset:
        """The results, read when they are used; whatever is read then is compared with its digest.

        **Raises** `SettingError` where the store is not finished, or its metadata are damaged; and, when they are used,
        for values that are damaged or lost, with their chunk.
        """
        self.check(known_sha256)
        finished = read_finished(self.folder)
        files = dict(finished or self.template.files)
        done = 0
        for chunk in self.plan.chunks():
            part = self._done(chunk, finished)
            if part is not None:
                done += 1
                files |= part.files
        if finished is None or done < len(self.plan):
            raise SettingError(
                f"{self.folder} is not finished: {done} of {len(self.plan)} chunks are done, "
                "run its sweep again to go on"
            )
        digests = {
            name.removeprefix(f"{ARRAYS}/"): entry["sha256"]
            for name, entry in files.items()
            if name.startswith(f"{ARRAYS}/")
        }
        return xarray.open_zarr(
            VerifiedFiles(self.folder / ARRAYS, digests, self._refuse_reading), chunks=None, consolidated=True
        )

    def _refuse_reading(self, name: str, reason: str, content: bytes | None) -> None:
        """Raise `SettingError` for a file of the arrays that is not as it was when the store was opened.

        Return where that is because its chunk was written again in the meantime.
        """
        chunk = self._chunk_of(name)
        if chunk is None:
            raise self._damaged(f"{ARRAYS}/{name} {reason}")
        part = self._part(chunk, None)
        if content is not None and isinstance(part, Part):
            entry = part.files.get(f"{ARRAYS}/{name}", {})
            if entry.get("sha256") == hashlib.sha256(content).hexdigest():
                return
        raise self.damage(chunk, f"{ARRAYS}/{name} {reason}")

    def _chunk_of(self, name: str) -> Chunk | None:
        """The chunk that a file of the arrays belongs to."""
        variable, *places = name.split("/")
        axes = len(self.plan.counts)
        if variable not in {each.name for each in self.sweep.variables} or places[:1] != ["c"]:
            return None
        return self.plan.chunk(tuple(int(each) for each in places[1 : axes + 1]))

    def require(self, sweep: Sweep) -> None:
        """Raise `SettingError` where this is the store of another sweep, with how they differ."""
        self._require(self.sweep, sweep)

    def require_if_known(self, sweep: Sweep) -> None:
        """Raise `SettingError` where a plan that no digest covers, since the store was never completed, is another one."""
        try:
            there = Sweep.from_toml(self._plan_content().decode())
        except (SettingError, UnicodeDecodeError):
            return
        self._require(there, sweep)

    def _require(self, there: Sweep, here: Sweep) -> None:
        found = differences(table_of(there), table_of(here))
        if found:
            more = f" (and {len(found) - 3} more)" if len(found) > 3 else ""
            raise SettingError(
                f"{self.folder} is the store of another plan: {'; '.join(found[:3])}{more}; "
                "allowed are its own plan and another folder"
            )

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Keep other processes from writing.

        **Raises** `SettingError` where another one is at it.
        """
        lock = filelock.FileLock(self.folder / LOCK, timeout=0)
        try:
            lock.acquire()
        except filelock.Timeout as error:
            raise SettingError(
                f"{self.folder} is being written by another process, allowed is one at a time"
            ) from error
        except FileNotFoundError as error:
            raise Taken(f"{self.folder} was replaced or deleted by another process in the meantime") from error
        except OSError as error:
            raise SettingError(f"{self.folder} cannot be written: {reason_of(error)}") from error
        try:
            yield
        finally:
            lock.release()

    def write(self, chunk: Chunk, results: Mapping[str, np.ndarray]) -> None:
        """Write the results of a chunk, (runs, ...) each in C order, and mark it as done.

        **Raises** `WriteError` where the system fails.
        """
        self.check_aligned(chunk)
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
        return Encoder(self.plan, {name: self._sound(f"{ARRAYS}/{name}") for name in names})

    def _sound(self, name: str) -> bytes:
        """The content of a file that was there from the start.

        **Raises** `SettingError` where it does not agree with its digest.
        """
        try:
            content = read(self.folder / name)
        except OSError as error:
            raise self._damaged(f"{name} cannot be read: {reason_of(error)}") from error
        if name == GROUP and not self.template.final:
            content = own_metadata(content)
        if self.template.files.get(name, {}).get("sha256") != entry_of(content)["sha256"]:
            raise self._damaged(f"{name} does not agree with its digest")
        return content

    def check_aligned(self, chunk: Chunk) -> None:
        """Raise `ValueError` where a piece of the grid is not exactly one chunk of the arrays."""
        if chunk != self.plan.chunk(chunk.index):
            raise ValueError(f"chunk {chunk.name} covers {chunk.region}, not a chunk of the arrays")

    def sessions(self) -> list[dict[str, Any]]:
        """What is known of the sessions that computed the chunks that are done; nothing where none is.

        **Raises** `SettingError` where chunks are done and nothing tells by what.
        """
        path = self.folder / PROVENANCE
        if not self._has_parts():
            return []
        record = read_record(path)
        found = None if record is None else record.get("sessions")
        if isinstance(found, list) and found and all(isinstance(each, dict) for each in found):
            return found
        what = "does not agree with its own digest" if os.path.lexists(path) else "is missing"
        raise self._damaged(f"{PROVENANCE} {what}, and nothing else tells what its chunks were computed with")

    def _has_parts(self) -> bool:
        return any(not isinstance(self._part(chunk, None), str) for chunk in self.plan.chunks())

    def check_sessions(
        self,
        devices: Sequence[jax.Device],
        features: Mapping[str, Any] | None = None,
        *,
        mix_versions: bool = False,
        workers: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        """Raise `SettingError` where earlier sessions had other features, or versions that may give other last bits.

        The arguments are those of `begin`.
        """
        here = [dict(each) for each in workers] or [versions(devices)]
        for session in self.sessions():
            earlier = session.get("features")
            for name, each in (features or {}).items():
                if not isinstance(earlier, dict) or earlier.get(name) != each:
                    raise SettingError(
                        f"{self.folder} was begun with other features of {name}, allowed are those and another folder"
                    )
            found = [] if mix_versions else differing(session, here)
            if found:
                raise SettingError(
                    f"{self.folder} was begun with {'; '.join(found)}: last bits may differ; allowed are what it was "
                    "begun with, another folder, and mixing (mix_versions, --mix-versions)"
                )

    def begin(
        self,
        devices: Sequence[jax.Device],
        features: Mapping[str, Any] | None = None,
        *,
        mix_versions: bool = False,
        workers: Sequence[Mapping[str, Any]] = (),
        again: Iterable[Chunk] = (),
    ) -> None:
        """Note the versions and the machine of a session that computes chunks, and the features that it learns from.

        `workers` are the `sweeps.provenance.versions` of other processes that compute in the place of this one. The
        chunks `again` are no longer done from then on.

        **Raises** `SettingError` where an earlier session had other features, or other versions and `mix_versions` is
        false, and `WriteError` where the system fails.
        """
        self.check_sessions(devices, features, mix_versions=mix_versions, workers=workers)
        sessions = self.sessions()
        session = provenance(devices, workers) | ({"features": dict(features)} if features else {})
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

    def _gather(self) -> None:
        """Make the metadata of the group final, in a store of an earlier version."""
        arrays = {f"{name}/{METADATA}": self._sound(f"{ARRAYS}/{name}/{METADATA}") for name in self.template.arrays}
        content = gathered({METADATA: self._sound(GROUP), **arrays})
        put(self.folder / GROUP, content)
        flush_folders([self.folder / GROUP], self.folder / ARRAYS)
        write_template(self.folder, self.template.chunk_shape, {**self.template.files, GROUP: entry_of(content)})
        del self.template

    def check_changeable(self) -> None:
        """Raise `SettingError` where nothing can be written into the folder."""
        for path in (self.folder, self.folder / DONE, self.folder / ARRAYS):
            if path.is_dir() and not os.access(path, os.W_OK | os.X_OK):
                code = errno.EROFS if os.statvfs(path).f_flag & os.ST_RDONLY else errno.EACCES
                raise SettingError(f"{self.folder} cannot be written: {os.strerror(code)}")

    def check_replaceable(self, chunks: Iterable[Chunk]) -> None:
        """Raise `SettingError` where something else than a file is in the place of one that will be written.

        What is in the way of a file, or behind a link, is not ours to change.
        """
        names = [PROVENANCE, f"{DONE}/{TEMPLATE}", f"{DONE}/{FINISHED}", GROUP]
        for chunk in chunks:
            names += [record_name(chunk.name), *self._names(chunk)]
        folders = {parent for name in names for parent in PurePosixPath(name).parents} - {PurePosixPath(".")}
        for name in sorted(map(str, folders)):
            if os.path.lexists(self.folder / name) and not stat.S_ISDIR((self.folder / name).lstat().st_mode):
                raise self._damaged(f"{name} is no folder", f"delete it and {MENDED}")
        for name in names:
            if os.path.lexists(self.folder / name):
                mode = (self.folder / name).lstat().st_mode
                if not (stat.S_ISREG(mode) or stat.S_ISLNK(mode)):
                    raise self._damaged(f"{name} is no file", f"delete it and {MENDED}")

    def finish(self) -> None:
        """Close the store: record the digests of all files, those of chunks by their records.

        **Raises** `SettingError` where anything of it is damaged or missing, and `WriteError` where the system fails.
        """
        self._check_template(known_sha256)
        names = [record_name(chunk.name) for chunk in self.plan.chunks()]
        for chunk in self.plan.chunks():
            part = self._part(chunk, None)
            if isinstance(part, str):
                raise self.damage(chunk, part)
        with writing(self.folder, f"; {AGAIN}"):
            contents = {name: read(self.folder / name) for name in (PROVENANCE, f"{DONE}/{TEMPLATE}", *names)}
            entries = {name: entry_of(content) for name, content in contents.items()}
            write_record(self.folder / DONE / FINISHED, {"files": {**self.template.files, **entries}})

    def arrays(self) -> frozenset[str]:
        """The names of the arrays by the plan alone, for a store whose own record of them is damaged.

        **Raises** `SettingError` where the plan is damaged as well.
        """
        try:
            sweep = Sweep.from_toml(self._plan_content().decode())
        except (SettingError, UnicodeDecodeError) as error:
            raise SettingError(
                f"{self.folder} is damaged so that nothing tells which files are its own; "
                "allowed are another folder, and to delete this one yourself"
            ) from error
        return frozenset({each.name for each in sweep.variables} | set(coordinates_of(sweep)))

    def remove(self) -> None:
        """Delete a store, and nothing that is not one.

        **Raises** `SettingError` where it holds anything else, or cannot be deleted whole; nothing is changed then.
        """
        self._plan_content()
        place = resolved(self.folder)
        check_deletable(place, self.arrays)
        with self.lock(), writing(self.folder):
            check_deletable(place, self.arrays)
            old = named(place, "old")
            place.rename(old)
            delete(old)


def _identity(folder: Path) -> tuple[int, int] | None:
    """What tells a folder from another one of its name."""
    try:
        found = folder.stat()
    except (OSError, ValueError):
        return None
    return found.st_dev, found.st_ino
