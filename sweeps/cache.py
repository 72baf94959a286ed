"""Where what was fetched or computed once is kept, and what an extra brings for it."""

from __future__ import annotations

import importlib
import os
from pathlib import Path
from types import ModuleType

from gatednet.settings import SettingError

CACHE = "GATEDNET_CACHE"


def cache_folder() -> Path:
    """The folder that the environment variable GATEDNET_CACHE names, or else the one for caches of this system.

    It may not exist yet.

    **Raises** `SettingError` where the system has to be asked and pooch, which does it, is not installed.
    """
    named = os.environ.get(CACHE)
    return Path(named) if named else Path(from_extra("pooch", "the folder of caches").os_cache("gatednet"))


def made(folder: Path) -> Path:
    """The folder itself, made where it is not there.

    **Raises** `SettingError` where that is not possible.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingError(
            f"{folder} cannot be written: {error.strerror or error}; {CACHE} can name another folder for caches"
        ) from error
    return folder


def from_extra(module: str, what: str, extra: str = "vision") -> ModuleType:
    """A module of a package that an extra brings.

    **Raises** `SettingError` where it is not installed; `what` says what needs it.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        package = {"sklearn": "scikit-learn"}.get(module.partition(".")[0], module)
        raise SettingError(f"{what} needs {package}: pip install 'gatednet[{extra}]'") from error
