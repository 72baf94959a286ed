"""Folders of results: nothing in them is ever half written."""

from __future__ import annotations

import io
import os
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import xarray
from zarr.storage import MemoryStore, ZipStore

from gatednet.settings import SettingError
from sweeps.files import aside_of, flush, write_flushed

if TYPE_CHECKING:
    from zarr.core.buffer import Buffer

# The oldest date that a zip file can hold: the same data make the same file.
_NO_DATE = (1980, 1, 1, 0, 0, 0)


def check_writable(folder: Path) -> None:
    """Raise `SettingError` where files cannot be written into a folder, or it cannot be made; leave nothing behind."""
    there = folder.absolute()
    # A link to what is not there is there, and in the way of a folder.
    while not os.path.lexists(there) and there != there.parent:
        there = there.parent
    try:
        if not there.is_dir():
            raise NotADirectoryError(20, "not a folder", str(there))
        with tempfile.TemporaryFile(dir=there):
            pass
    except OSError as error:
        where = "" if there == folder.absolute() else f"nothing can be made in {there}: "
        raise SettingError(f"{folder} cannot be written: {where}{error.strerror or error}") from error


def write_all(folder: Path, contents: Mapping[str, bytes]) -> list[Path]:
    """Write files aside, flush them, and then put them all in their places.

    **Raises** `SettingError` where that is not possible.
    """
    aside: dict[Path, Path] = {}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in contents.items():
            path = folder / name
            aside[path] = aside_of(path)
            write_flushed(aside[path], content)
        for path, written in aside.items():
            written.replace(path)
        flush(folder)
    except OSError as error:
        raise SettingError(f"{folder} cannot be written: {error.strerror or error}") from error
    finally:
        for written in aside.values():
            written.unlink(missing_ok=True)
    return list(aside)


def packed(data: xarray.Dataset) -> bytes:
    """A dataset as a zip file of Zarr arrays; see `open_data`."""
    entries: dict[str, Buffer] = {}
    # Strings of any length: those of a fixed length have no specification in Zarr 3.
    strings = {name: values.astype(object) for name, values in data.variables.items() if values.dtype.kind == "U"}
    data.assign(strings).drop_encoding().to_zarr(MemoryStore(entries), consolidated=False, zarr_format=3)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in sorted(entries):
            archive.writestr(zipfile.ZipInfo(name, _NO_DATE), entries[name].to_bytes())
    return file.getvalue()


def open_data(path: str | os.PathLike[str]) -> xarray.Dataset:
    """The data beside a picture, NAME.zarr.zip, in memory.

    Without this package: `xarray.open_zarr(zarr.storage.ZipStore(path), consolidated=False)`.
    """
    with ZipStore(Path(path), mode="r") as store:
        return xarray.open_zarr(store, consolidated=False, chunks=None).load()
