"""Where what was fetched or computed once is kept, and what an extra brings for it."""

from __future__ import annotations

import contextlib
import importlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import filelock

from gatednet.settings import SettingError
from gatednet.sweeps.files import reason_of

CACHE = "GATEDNET_CACHE"


def cache_folder() -> Path:
    """The folder that the environment variable GATEDNET_CACHE names, or else the one for caches of this system.

    It may not exist yet.

    **Raises** `SettingError` where the variable names what can be no folder, where the system has to be asked and
    pooch, which does it, is not installed, and where it knows of none, as without a home.
    """
    named = os.environ.get(CACHE)
    folder = Path(named or from_extra("pooch", "the folder of caches").os_cache("gatednet"))
    # What stands for a home that the system does not know.
    if not named and folder.parts[0].startswith("~"):
        raise SettingError(f"there is no folder for caches; {CACHE} can name one")
    try:
        os.stat(folder)
    except (FileNotFoundError, NotADirectoryError):
        pass
    except OSError as error:
        raise SettingError(f"{folder} cannot be read: {error.strerror}; {CACHE} can name another folder") from error
    return folder


@contextlib.contextmanager
def locked(place: Path, waiting: Callable[[], object] = lambda: None) -> Iterator[None]:
    """Keep other processes from writing a part of the cache, or wait until they have; then `waiting` is called first.

    **Raises** `SettingError` where the folder around it cannot be written.
    """
    lock = filelock.FileLock(ensured(place.parent) / f".{place.name}.lock")
    try:
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout:
            waiting()
            lock.acquire()
    except OSError as error:
        raise unwritable(place, error) from error
    try:
        yield
    finally:
        lock.release()


def ensured(folder: Path) -> Path:
    """The folder itself, made where it is not there.

    **Raises** `SettingError` where that is not possible.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(folder, error) from error
    return folder


def unwritable(place: Path, error: OSError) -> SettingError:
    """The error of a part of the cache that cannot be written."""
    return SettingError(f"{place} cannot be written: {reason_of(error)}; {CACHE} can name another folder for caches")


def from_extra(module: str, what: str, extra: str = "vision") -> ModuleType:
    """A module of a package that an extra brings.

    **Raises** `SettingError` where it is not installed; `what` says what needs it.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        package = {"sklearn": "scikit-learn"}.get(module.partition(".")[0], module)
        raise SettingError(f"{what} needs {package}: pip install 'gatednet[{extra}]'") from error
