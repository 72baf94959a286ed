"""Folders of results: nothing in them is ever half written."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import xarray
from zarr.storage import MemoryStore, ZipStore

from gatednet.settings import SettingError
from gatednet.sweeps.files import check_writable, write_bytes, writing

if TYPE_CHECKING:
    from zarr.core.buffer import Buffer

__all__ = ["check_replaceable", "check_writable", "open_data", "packed", "write_file"]

# The oldest date that a zip file can hold: the same data make the same file.
_NO_DATE = (1980, 1, 1, 0, 0, 0)


def check_replaceable(path: Path) -> None:
    """Raise `SettingError` where something else than a file is in the place of one that is to be written."""
    if path.is_symlink() or (path.exists() and not path.is_file()):
        what = "a link" if path.is_symlink() else "no file"
        raise SettingError(f"{path} is {what}, allowed is a file, which is replaced, or nothing")


def write_file(path: Path, content: bytes) -> None:
    """Write a file aside, flush it, and put it in its place; its folder is made where it is not there.

    **Raises** `WriteError` where that is not possible; `check_writable` tells before anything is computed.
    """
    with writing(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(path, content)


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
