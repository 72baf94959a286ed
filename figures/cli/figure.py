"""`gatednet figure`: pictures from finished stores."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gatednet.figures.cli.options import File, Format, Out, Runs, parse_files
from gatednet.figures.cli.outcome import begun


def figure(
    names: Annotated[list[str], typer.Argument(metavar="NAME...|all", help="Figures, see `gatednet list`.")],
    runs: Runs = Path("runs"),
    out: Out = Path("pictures"),
    formats: Format = "pdf,png,svg",
    file: File = None,
) -> None:
    """Draw figures from the stores of their sweeps, with their data, captions and claims beside them.

    Figures of stores with fewer seeds than the paper's are marked.
    """
    from gatednet.figures.registry import chosen

    # An unknown name is told before JAX starts.
    entries = chosen(names)
    from gatednet.sweeps.devices import use_one_core

    use_one_core()
    from gatednet.figures.pipeline import make, open_stores, read_files
    from gatednet.figures.toolkit.result import Result, check_formats

    suffixes = check_formats(formats)
    files = read_files(entries, parse_files(file or []))
    for entry in entries:
        Result(out, entry.name).check(suffixes)
    # All stores are looked at before anything is written.
    stores = {entry.name: open_stores(entry, runs) for entry in entries}
    for place, entry in enumerate(entries):
        with begun(place > 0):
            claims = make(entry, stores[entry.name], out, suffixes, files=files)
        for claim in claims:
            print(f"{entry.name}: {claim.verdict}: {claim.sentence}")
        print(", ".join(str(out / f"{entry.name}.{suffix}") for suffix in suffixes))
