"""`Store`: the folder of a sweep.

    plan.toml         the sweep, with every field of its experiment
    provenance.json   versions, machine and command of every session that computed a part
    arrays.zarr       the results, opened by `xarray.open_zarr`
    done/             a file for each chunk that is complete, with the digests of its files

A chunk is done if and only if its file in `done` is there and agrees with its own digest; that file is written last.
The folder holds no path and no date that matters: a copy of it is as good as itself, finished or not.
"""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import filelock
import jax
import numpy as np
import xarray
import zarr

from gatednet.settings import SettingError
from sweeps.chunks import Chunk, Plan
from sweeps.files import fault, flush, flush_folders, listing, read_record, sha256, write, write_record
from sweeps.plan import Sweep
from sweeps.provenance import provenance
from sweeps.template import chunk_files, consolidate, create_arrays
from sweeps.text import differences, table_of

PLAN, PROVENANCE, ARRAYS, DONE, LOCK = "plan.toml", "provenance.json", "arrays.zarr", "done", ".lock"
# Records in `done` beside those of the chunks: what was there at the start, and what is there at the end.
TEMPLATE, FINISHED = "_template.json", "_store.json"
# The first line of every plan, by which a folder is known as a store.
HEADER = "# The plan of a sweep of gatednet; the folder is a store, format 1.\n"
RESTART = "allowed is a restart of the sweep"


class Store:
    """The folder of a sweep, finished or not.

    `folder` is its place, `sweep` what is stored, `plan` its chunks. `fresh` says whether `run_sweep` had anything to
    compute in it.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)
        self.fresh = False

    @classmethod
    def open(cls, folder: str | os.PathLike[str]) -> Store:
        """The store in a folder.

        **Raises** `SettingError` where there is none, or its plan is damaged.
        """
        store = cls(folder)
        _ = store.sweep  # read once, and so checked
        return store

    @classmethod
    def create(cls, folder: str | os.PathLike[str], sweep: Sweep, chunk_runs: int | None = None) -> Store:
        """A new store without any run, put in its place at once.

        **Raises** `SettingError` where the folder is there already and not empty, or cannot be written.
        """
        store = cls(folder)
        store.sweep = sweep
        plan = sweep.plan(chunk_runs)
        with store.writing():
            parent = store.folder.absolute().parent
            parent.mkdir(parents=True, exist_ok=True)
            _sweep_up(parent, store.folder.name)
            aside = parent / f".{store.folder.name}.{os.getpid()}.new"
            aside.mkdir()
            with filelock.FileLock(aside / LOCK, timeout=0):
                try:
                    _fill(aside, plan)
                    aside.rename(store.folder)
                except BaseException:
                    shutil.rmtree(aside, ignore_errors=True)
                    raise
            flush(parent)
        return store

    @functools.cached_property
    def sweep(self) -> Sweep:
        """What is stored."""
        text = self._plan_text()
        reason = fault(self.folder, PLAN, self.template["files"].get(PLAN))
        if reason:
            raise SettingError(f"{self.folder} is damaged: {PLAN} {reason}; {RESTART}")
        try:
            return Sweep.from_toml(text)
        except SettingError as error:
            raise SettingError(f"{self.folder / PLAN} is of another version: {error}") from error

    def _plan_text(self) -> str:
        path = self.folder / PLAN
        if not self.folder.exists():
            raise SettingError(f"{self.folder} does not exist, allowed is the folder of a store")
        try:
            text = path.read_text(encoding="utf-8")
        except (FileNotFoundError, NotADirectoryError):
            text = ""
        except (OSError, UnicodeDecodeError) as error:
            raise SettingError(f"{path} cannot be read: {error}") from error
        if not text.startswith(HEADER):
            raise SettingError(f"{self.folder} is no store of gatednet, and is left as it is")
        return text

    @functools.cached_property
    def template(self) -> dict[str, Any]:
        """What was there when the store was created: the digests of its files, and the shape of its chunks.

        **Raises** `SettingError` where the record of it is damaged.
        """
        found = read_record(self.folder / DONE / TEMPLATE)
        if found is None:
            raise SettingError(f"{self.folder} is damaged: {DONE}/{TEMPLATE} is not what was written; {RESTART}")
        return found

    @functools.cached_property
    def plan(self) -> Plan:
        """The chunks of the sweep, of the shape with which the arrays were created."""
        return Plan(self.sweep, tuple(self.template["chunk_shape"]))

    @functools.cached_property
    def plan_digest(self) -> str:
        """The digest of the plan, by which a chunk's record belongs to this store."""
        return sha256(self.folder / PLAN)

    def check(self) -> None:
        """Compare all files but those of the chunks with their digests.

        **Raises** `SettingError` that names the first damaged one.
        """
        finished = read_record(self.folder / DONE / FINISHED)
        if finished is None and (self.folder / DONE / FINISHED).exists():
            raise SettingError(
                f"{self.folder} is damaged: {DONE}/{FINISHED} is not what was written; "
                "delete it and run the sweep again to mend it"
            )
        # The metadata of the whole are written again at the end.
        moving = () if finished else (f"{ARRAYS}/zarr.json",)
        for name, entry in (finished or self.template)["files"].items():
            reason = None if name in moving else fault(self.folder, name, entry)
            if reason:
                raise SettingError(f"{self.folder} is damaged: {name} {reason}; {RESTART}")

    def record(self, chunk: Chunk) -> Path:
        """The file that marks a chunk as done."""
        return self.folder / DONE / f"{chunk.name}.json"

    def is_done(self, chunk: Chunk) -> bool:
        """Whether a chunk is complete: its record is whole, and its files are there and have their sizes."""
        record = read_record(self.record(chunk))
        if record is None or record["chunk"] != list(chunk.index) or record["plan"] != self.plan_digest:
            return False
        paths = [path for _, path in chunk_files(self.folder / ARRAYS, self.plan, chunk.index)]
        for path in paths:
            entry = record["files"].get(path.relative_to(self.folder).as_posix())
            if entry is None or not path.is_file() or path.stat().st_size != entry["bytes"]:
                return False
        return True

    @property
    def done(self) -> list[Chunk]:
        """The chunks that are complete."""
        return [chunk for chunk in self.plan.chunks() if self.is_done(chunk)]

    @property
    def finished(self) -> bool:
        """Whether all chunks are complete and the store is closed."""
        return read_record(self.folder / DONE / FINISHED) is not None and len(self.done) == len(self.plan)

    def dataset(self) -> xarray.Dataset:
        """The results, read when they are used.

        **Raises** `SettingError` where the store is not finished, or its metadata are damaged.
        """
        self.check()
        if not self.finished:
            raise SettingError(
                f"{self.folder} is not finished: {len(self.done)} of {len(self.plan)} chunks are done, "
                "run its sweep again to go on"
            )
        return xarray.open_zarr(self.folder / ARRAYS, chunks=None, consolidated=True)

    def require(self, sweep: Sweep) -> None:
        """Raise `SettingError` where this is the store of another sweep, with how they differ."""
        there, here = table_of(self.sweep), table_of(sweep)
        found = differences(there, here)
        if found:
            more = f" (and {len(found) - 3} more)" if len(found) > 3 else ""
            raise SettingError(
                f"{self.folder} is the store of another plan: {'; '.join(found[:3])}{more}; "
                "allowed are its own plan, another folder, or a restart"
            )

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Keep other processes from writing.

        **Raises** `SettingError` where another one is at it.
        """
        try:
            with self.writing(), filelock.FileLock(self.folder / LOCK, timeout=0):
                yield
        except filelock.Timeout as error:
            raise SettingError(
                f"{self.folder} is being written by another process, allowed is one at a time"
            ) from error

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Turn an error of the file system into one line."""
        try:
            yield
        except filelock.Timeout:
            raise
        except OSError as error:
            raise SettingError(f"{self.folder} cannot be written: {error.strerror or error}") from error

    def write(self, chunk: Chunk, results: Mapping[str, np.ndarray]) -> None:
        """Write the results of a chunk, (runs, ...) each in C order, and mark it as done."""
        self.check_aligned(chunk)
        files = dict(chunk_files(self.folder / ARRAYS, self.plan, chunk.index))
        root = zarr.open_group(self.folder / ARRAYS, mode="r+", use_consolidated=False)
        self.record(chunk).unlink(missing_ok=True)
        for variable in self.sweep.variables:
            # What an interrupted session left of this chunk is never read.
            files[variable.name].unlink(missing_ok=True)
            array = root[variable.name]
            assert isinstance(array, zarr.Array)
            # A lost chunk must not look like one of runs that diverged: those of NaN alone are written too.
            array = array.with_config({"write_empty_chunks": True})
            array[chunk.region] = results[variable.name].reshape(*chunk.shape, *variable.sizes)
            flush(files[variable.name])
        flush_folders(files.values(), self.folder / ARRAYS)
        content = {"chunk": list(chunk.index), "plan": self.plan_digest}
        write_record(self.record(chunk), {**content, "files": listing(self.folder, files.values())})

    def check_aligned(self, chunk: Chunk) -> None:
        """Raise `ValueError` where a piece of the grid is not exactly one chunk of the arrays."""
        if chunk != self.plan.chunk(chunk.index):
            raise ValueError(f"chunk {chunk.name} covers {chunk.region}, not a chunk of the arrays")

    def begin(self, devices: list[jax.Device], features: Mapping[str, Any] | None = None) -> None:
        """Note the versions and the machine of a session that computes chunks, and the features that it learns from.

        **Raises** `SettingError` where an earlier session had other features.
        """
        path = self.folder / PROVENANCE
        sessions = (read_record(path) or {"sessions": []})["sessions"]
        for session in sessions:
            for name, earlier in session.get("features", {}).items():
                if features is not None and name in features and earlier != features[name]:
                    raise SettingError(f"{self.folder} was begun with other features of {name}; {RESTART}")
        (self.folder / DONE / FINISHED).unlink(missing_ok=True)
        session = provenance(devices) | ({"features": dict(features)} if features else {})
        write_record(path, {"sessions": [*sessions, session]})

    def finish(self) -> None:
        """Close the store: gather the metadata and record the digests of all files but the chunks."""
        consolidate(self.folder / ARRAYS)
        files = [self.folder / name for name in self.template["files"]]
        files += [self.folder / PROVENANCE, self.folder / DONE / TEMPLATE]
        for path in files:
            flush(path)
        flush_folders(files, self.folder)
        write_record(self.folder / DONE / FINISHED, {"files": listing(self.folder, files)})

    def remove(self) -> None:
        """Delete a store, and nothing that is not one."""
        self._plan_text()
        with self.lock():
            aside = self.folder.absolute().parent / f".{self.folder.name}.{os.getpid()}.old"
            self.folder.rename(aside)
            shutil.rmtree(aside)


def _fill(folder: Path, plan: Plan) -> None:
    """Write everything of a store that is known before the first run."""
    create_arrays(folder / ARRAYS, plan)
    write(folder / PLAN, HEADER + plan.sweep.to_toml())
    (folder / DONE).mkdir()
    files = [folder / PLAN, *(path for path in (folder / ARRAYS).rglob("*") if path.is_file())]
    for path in files:
        flush(path)
    flush_folders(files, folder)
    content = {"chunk_shape": list(plan.chunk_shape), "files": listing(folder, files)}
    write_record(folder / DONE / TEMPLATE, content)


def _sweep_up(parent: Path, name: str) -> None:
    """Delete what processes left that were killed while they created this store."""
    for aside in parent.glob(f".{name}.*.new"):
        with contextlib.suppress(filelock.Timeout), filelock.FileLock(aside / LOCK, timeout=0):
            shutil.rmtree(aside)
