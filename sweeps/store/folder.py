"""`StoreFolder`: what a folder says of the store in it, before anything of its results is read."""

from __future__ import annotations

import contextlib
import errno
import functools
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import filelock

from gatednet.engine.save import RESULT, RESULT_STEP
from gatednet.refusal import SettingError, shown
from gatednet.sweeps.files import entry_of, fault, read, reason_of, sha256
from gatednet.sweeps.imports import differing_sources, needed
from gatednet.sweeps.planning.grid import Chunk, Grid
from gatednet.sweeps.planning.plan import Plan
from gatednet.sweeps.store.creation import TakenError, place_of
from gatednet.sweeps.store.records import (
    ARRAYS,
    DONE,
    FINISHED,
    GROUP,
    HEADER,
    LOCK,
    METADATA,
    PLAN,
    PROVENANCE,
    TEMPLATE,
    Files,
    Template,
    is_ours,
    read_finished,
    read_template,
)
from gatednet.sweeps.store.template import coordinates_of, own_metadata, variables_in
from gatednet.sweeps.sweep import Sweep
from gatednet.sweeps.text import Outline, differences, outline, table_of
from gatednet.sweeps.variables import Variable

RESTART = "allowed is a restart of the sweep"
MENDED = "run the sweep again to mend it"
Digest = Callable[[Path], str]


class StoreFolder:
    """The folder of a sweep: its plan, the files that were there from the start, and its lock.

    `folder` is its place, `sweep` what is stored, `plan` its chunks. `outline`, `grid` and `variables` are what of this
    is known without the classes of an experiment, by the text of the plan and the metadata of the arrays.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = place_of(folder)
        self._identity = identity(self.folder)

    @functools.cached_property
    def outline(self) -> Outline:
        """What the text of the plan says.

        **Raises** `SettingError` where it is damaged, or of another version.
        """
        content = self.plan_content()
        if entry_of(content)["sha256"] != self.plan_digest:
            raise self.damaged(f"{PLAN} does not agree with its digest")
        with self._of_this_version():
            return outline(content.decode())

    @functools.cached_property
    def sweep(self) -> Sweep:
        """What is stored.

        **Raises** `SettingError` where the plan is damaged or of another version, and where a module with parts of a
        user's own was not imported.
        """
        found = self.outline
        if found.missing:
            raise self.needed
        with self._of_this_version():
            return found.sweep()

    @property
    def needed(self) -> SettingError:
        """The error of a question about a store whose parts are not imported."""
        return SettingError(f"{self.folder}: {needed(self.outline.missing)}")

    @contextlib.contextmanager
    def _of_this_version(self) -> Iterator[None]:
        try:
            yield
        except SettingError as error:
            raise SettingError(f"{self.folder / PLAN} is of another version: {error}") from error

    @functools.cached_property
    def grid(self) -> Grid:
        """The chunks without their runs, of the shape with which the arrays were created.

        **Raises** `SettingError` where their shape is not what was written.
        """
        shape, steps = self.outline.shape, self.template.chunk_shape
        if len(steps) != len(shape) or not all(1 <= step <= size for step, size in zip(steps, shape, strict=True)):
            raise self.damaged(f"{DONE}/{TEMPLATE}: the shape of a chunk is {shown(steps)}, of a grid {shown(shape)}")
        return Grid(shape, steps)

    @functools.cached_property
    def variables(self) -> tuple[Variable, ...]:
        """What is stored of every run, by the metadata of the arrays.

        **Raises** `SettingError` where those are damaged, or do not fit the plan.
        """
        names = sorted({*self.outline.names, RESULT, RESULT_STEP})
        metadata = {name: self.sound(f"{ARRAYS}/{name}/{METADATA}") for name in names}
        dims = tuple(axis.name for axis in self.outline.axes)
        try:
            return variables_in(metadata, dims, self.grid)
        except ValueError as error:
            raise self.damaged(str(error)) from error

    def check_ours(self) -> None:
        """Raise `SettingError` where the folder is no store."""
        self.plan_content()

    def plan_content(self) -> bytes:
        """The plan, which is what makes a folder a store."""
        try:
            content = read(self.folder / PLAN)
        except (FileNotFoundError, NotADirectoryError):
            if not os.path.lexists(self.folder):
                raise SettingError(f"{self.folder} does not exist, allowed is the folder of a store") from None
            content = b""
        except (OSError, ValueError) as error:
            raise SettingError(f"{self.folder / PLAN} cannot be read: {reason_of(error)}") from error
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
            self.plan_content()
            if self.never_completed:
                raise SettingError(f"{self.folder} was never completed, its sweep creates it again")
            raise self.damaged(f"{DONE}/{TEMPLATE} is not what was written")
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
            raise self.damaged(f"{DONE}/{TEMPLATE}: {error}") from error

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
                    raise self.damaged(f"{name} {reason}")

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
                raise self.damaged(f"{name} {reason}")

    def sound(self, name: str) -> bytes:
        """The content of a file that was there from the start.

        **Raises** `SettingError` where it does not agree with its digest.
        """
        try:
            content = read(self.folder / name)
        except OSError as error:
            raise self.damaged(f"{name} cannot be read: {reason_of(error)}") from error
        if name == GROUP and not self.template.final:
            content = own_metadata(content)
        if self.template.files.get(name, {}).get("sha256") != entry_of(content)["sha256"]:
            raise self.damaged(f"{name} does not agree with its digest")
        return content

    def damaged(self, what: str, mended: str = RESTART, chunk: Chunk | None = None) -> SettingError:
        """The error of a damaged store; another one where the store that was opened is no longer there."""
        if self._replaced():
            return SettingError(f"{self.folder} was replaced or deleted while it was read, allowed is to open it again")
        where = "" if chunk is None else f" in chunk {chunk.name}"
        return SettingError(f"{self.folder} is damaged{where}: {what}; {mended}")

    def _replaced(self) -> bool:
        """Whether another store is in the folder since this one was opened, or none."""
        if self._identity != identity(self.folder):
            return True
        now = read_template(self.folder)
        known = self.__dict__.get("template")
        return now is not None and known is not None and now.files[PLAN] != known.files[PLAN]

    def require(self, sweep: Sweep) -> None:
        """Raise `SettingError` where this is the store of another sweep, or of other source, with how they differ."""
        self._require(self.outline, lambda: self.sweep, sweep)

    def require_if_known(self, sweep: Sweep) -> None:
        """Raise `SettingError` where this is the store of another sweep, by a plan that may be damaged."""
        try:
            there = outline(self.plan_content().decode())
            planned = there.sweep()
        except (SettingError, UnicodeDecodeError):
            return
        self._require(there, lambda: planned, sweep)

    def _require(self, there: Outline, planned: Callable[[], Sweep], here: Sweep) -> None:
        # First, as a plan of other source may have no meaning here.
        sources = differing_sources(there.sources, here.sources)
        if sources:
            raise SettingError(
                f"{self.folder} was begun with other parts: {'; '.join(sources)}; allowed are the source that it was "
                "begun with, another folder, and a restart"
            )
        found = differences(_comparable(planned()), _comparable(here))
        if found:
            more = f" (and {len(found) - 3} more)" if len(found) > 3 else ""
            raise SettingError(
                f"{self.folder} is the store of another plan: {'; '.join(found[:3])}{more}; "
                "allowed are its own plan and another folder"
            )

    def arrays(self) -> frozenset[str]:
        """The names of the arrays by the plan alone, for a store whose own record of them is damaged.

        **Raises** `SettingError` where the plan is damaged as well.
        """
        try:
            sweep = outline(self.plan_content().decode()).sweep()
        except (SettingError, UnicodeDecodeError) as error:
            raise SettingError(
                f"{self.folder} is damaged so that nothing tells which files are its own; "
                "allowed are another folder, and to delete this one yourself"
            ) from error
        return frozenset({each.name for each in sweep.variables} | set(coordinates_of(sweep)))

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
            raise TakenError(f"{self.folder} was replaced or deleted by another process in the meantime") from error
        except OSError as error:
            raise SettingError(f"{self.folder} cannot be written: {reason_of(error)}") from error
        try:
            yield
        finally:
            lock.release()

    def check_changeable(self) -> None:
        """Raise `SettingError` where nothing can be written into the folder."""
        for path in (self.folder, self.folder / DONE, self.folder / ARRAYS):
            if path.is_dir() and not os.access(path, os.W_OK | os.X_OK):
                code = errno.EROFS if os.statvfs(path).f_flag & os.ST_RDONLY else errno.EACCES
                raise SettingError(f"{self.folder} cannot be written: {os.strerror(code)}")


def _comparable(sweep: Sweep) -> dict[str, Any]:
    """The plan of a sweep without its modules: those are compared separately, and earlier versions named none."""
    return {key: value for key, value in table_of(sweep).items() if key != "imports"}


def identity(path: Path) -> tuple[int, int] | None:
    """What tells a file or a folder from another one of its name; None where there is none."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return found.st_dev, found.st_ino
