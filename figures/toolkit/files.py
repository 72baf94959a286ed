"""Folders of results: nothing in them is ever half written."""

from __future__ import annotations

from pathlib import Path

from gatednet.settings import SettingError
from gatednet.sweeps.files import check_writable, write_bytes, writing

__all__ = ["check_replaceable", "check_writable", "write_file"]


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
