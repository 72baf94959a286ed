"""The data beside a picture: a dataset as one file."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import xarray
from zarr.storage import MemoryStore, ZipStore

if TYPE_CHECKING:
    from zarr.core.buffer import Buffer

# The oldest date that a zip file can hold: the same data make the same file.
_NO_DATE = (1980, 1, 1, 0, 0, 0)


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
