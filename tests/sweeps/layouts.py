"""Stores as earlier versions left them."""

from __future__ import annotations

from pathlib import Path

from gatednet.sweeps.files import entry_of, listing, read_record, write_record
from gatednet.sweeps.store.template import own_metadata


def as_before(folder: Path) -> None:
    """Turn a store into one of version 1.0: the metadata of the group were gathered at the end, by no digest before."""
    group, template = folder / "arrays.zarr/zarr.json", folder / "done/_template.json"
    gathered = group.read_bytes()
    own = own_metadata(gathered)
    assert own != gathered
    record = read_record(template)
    assert record is not None
    assert record.pop("layout") == 2
    record["files"]["arrays.zarr/zarr.json"] = entry_of(own)
    write_record(template, record)
    finished = folder / "done/_store.json"
    if finished.exists():
        names = [*record["files"], "provenance.json", "done/_template.json"]
        write_record(finished, {"files": listing(folder, [folder / name for name in names])})
    else:
        group.write_bytes(own)
    sessions = read_record(folder / "provenance.json")
    if sessions is not None:
        for session in sessions["sessions"]:
            for name in ("machine", "processor", "instructions", "flags", "runtime"):
                session.pop(name, None)
        write_record(folder / "provenance.json", sessions)
        if finished.exists():
            names = [*record["files"], "provenance.json", "done/_template.json"]
            write_record(finished, {"files": listing(folder, [folder / name for name in names])})
