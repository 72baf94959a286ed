"""Whether a sweep can be run into a folder: what can be refused is refused before the first write, also of another one.

A command that runs several sweeps asks for all of them before it begins with the first.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from gatednet.settings import SettingError
from sweeps.plan import Sweep
from sweeps.store import Store

# The longest name of what is written beside a store while it is created or removed.
_ASIDE = ".{}.4194304.new"


def check_ready(sweeps: Mapping[Path, Sweep], *, restart: bool = False) -> list[Path]:
    """The folders of those sweeps that are not finished, after a check that none is refused because of its folder.

    Everything is left as it is. What others do to a folder afterwards is met by `run_sweep` itself.

    **Raises** `SettingError` where a folder is there and not the store of its sweep, or with `restart` no store, where
    that store is damaged or being written by another process, and where it cannot be made or written.
    """
    begun: list[Store] = []
    new: list[Path] = []
    for folder, sweep in sweeps.items():
        with _reached(folder):
            if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
                begun += _begun(folder, sweep, restart=restart)
            else:
                new.append(folder)
                # The system refuses a name that is too long, also of what is not there.
                os.lstat(folder.parent / _ASIDE.format(folder.name))
    # A lock that is taken leaves its file behind.
    for store in begun:
        with store.lock():
            pass
    return [*(store.folder for store in begun), *new]


def _begun(folder: Path, sweep: Sweep, *, restart: bool) -> list[Store]:
    """The store in a folder, where it will be written."""
    if restart:
        store = Store(folder)
        store.check_removable()
        return [store]
    store = Store.open(folder)
    store.require(sweep)
    store.check()
    return [] if store.finished else [store]


@contextlib.contextmanager
def _reached(folder: Path) -> Iterator[None]:
    try:
        yield
    except (FileNotFoundError, NotADirectoryError):
        # It is not there yet, and neither may be the folder around it.
        return
    except OSError as error:
        raise SettingError(f"{folder} cannot be reached: {error.strerror or error}") from error
