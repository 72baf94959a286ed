"""`gatednet reproduce`: sweeps, figures and claims in one go."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gatednet.figures.cli.options import (
    Data,
    File,
    FormatIfAny,
    Kernel,
    MixVersions,
    Out,
    Runs,
    parse_files,
    progress_of_training,
    use_data,
    with_kernel,
)
from gatednet.figures.cli.outcome import FAILED, begun

if TYPE_CHECKING:
    from gatednet.figures.toolkit.claim import Claim

# The claims of all figures that were made.
CLAIMS = "claims.json"


@contextlib.contextmanager
def one_by_one() -> Iterator[ThreadPoolExecutor]:
    """A thread for work that waits in line; what has not begun when something else goes wrong is left undone."""
    with ThreadPoolExecutor(1, thread_name_prefix="draw") as pool:
        try:
            yield pool
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def reproduce(
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME...]", help="Figures; default: all.")] = None,
    runs: Runs = Path("runs"),
    out: Out = Path("pictures"),
    formats: FormatIfAny = None,
    file: File = None,
    mix_versions: MixVersions = False,
    data: Data = None,
    kernel: Kernel = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Few seeds, for a first look: pictures are marked, claims may be undecided.")
    ] = False,
) -> None:
    """Run the sweeps of figures, draw them, and check their claims; fails where a verdict is not the known one."""
    from gatednet.figures.registry import chosen

    # An unknown name is told before JAX starts.
    named = chosen(names or [])
    from gatednet.sweeps.devices import usable_devices, use_all_cores, use_one_core

    # Quick sweeps are too small to share out; the other cores compile and draw.
    (use_one_core if quick else use_all_cores)()
    from gatednet.figures.pipeline import at_hand, make, read_files, sweeps_for
    from gatednet.figures.toolkit.claim import to_json
    from gatednet.figures.toolkit.files import check_replaceable, check_writable, write_file
    from gatednet.figures.toolkit.result import FORMATS, Result, check_formats
    from gatednet.sweeps.execution.ahead import Ahead
    from gatednet.sweeps.execution.run import check_resumable, is_finished, run_sweep
    from gatednet.sweeps.images.labelled import check_images, prepare
    from gatednet.sweeps.progress import progress_for

    use_data(data)
    entries, missing = at_hand(named, names or [])
    default_formats = ("png",) if quick else FORMATS
    suffixes = default_formats if formats is None else check_formats(formats)
    files = read_files(entries, parse_files(file or []))
    # Few seeds are another plan, and so other stores and pictures.
    stores_in, pictures_in = (runs / "quick", out / "quick") if quick else (runs, out)
    sweeps = {
        entry.name: {name: with_kernel(each, kernel) for name, each in sweeps_for(entry, quick=quick).items()}
        for entry in entries
    }
    # Everything that can be refused, for all figures before the first store is written.
    for entry in entries:
        Result(pictures_in, entry.name).check(suffixes)
    check_replaceable(pictures_in / CLAIMS)
    every = {name: sweep for each in sweeps.values() for name, sweep in each.items()}
    new = {name: sweep for name, sweep in every.items() if not is_finished(sweep, stores_in / name)}
    if new:
        check_writable(stores_in)
        usable_devices()
        for name, sweep in new.items():
            check_resumable(sweep, stores_in / name, mix_versions=mix_versions)
        check_images(new.values())
    for entry in missing:
        print(f"{entry.name} is left out: its images are not at hand, see --data", file=sys.stderr)
    made: dict[str, Future[list[Claim]]] = {}
    written = False
    # Figures are drawn one by one beside the sweeps of later ones.
    with Ahead(list(new.values())) as ahead, one_by_one() as drawing:
        prepare(list(new.values()), progress_of_training)
        for entry in entries:
            stores = {}
            for name, sweep in sweeps[entry.name].items():
                if new.pop(name, None) is not None:
                    ahead.advance()
                # Of the first one nothing is written before it is refused.
                with begun(written):
                    stores[name] = run_sweep(
                        sweep, stores_in / name, progress=progress_for(name), mix_versions=mix_versions
                    )
                written = written or stores[name].fresh
            made[entry.name] = drawing.submit(make, entry, stores, pictures_in, suffixes, files=files)
            written = True
            with begun():
                for each in made.values():
                    if each.done():
                        each.result()  # what went wrong there ends everything here
        with begun():
            claims = {name: each.result() for name, each in made.items()}
            write_file(pictures_in / CLAIMS, to_json(claims).encode())
    report(claims, pictures_in, quick=quick)


def report(claims: dict[str, list[Claim]], folder: Path, *, quick: bool) -> None:
    """Print the table of all claims, where everything is, and every new verdict, which ends the command as failed."""
    from rich.console import Console

    from gatednet.figures.toolkit.claim import surprises, table

    # A file has no width of its own.
    Console(width=None if sys.stdout.isatty() else 160).print(table(claims, quick=quick))
    print(f"pictures, captions, data and claims.json are in {folder}")
    surprising = [claim for of_figure in claims.values() for claim in surprises(of_figure, quick=quick)]
    for claim in surprising:
        print(f"a new verdict: {claim.verdict}, known: {claim.known_verdict}: {claim.sentence}")
    if surprising:
        raise typer.Exit(FAILED)
