"""`gatednet sweep`: a grid of runs into stores."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gatednet.figures.cli.options import (
    Data,
    Import,
    Kernel,
    MixVersions,
    Stores,
    path_of,
    progress_of_training,
    use_data,
    use_imports,
    with_kernel,
)
from gatednet.figures.cli.outcome import FAILED, begun
from gatednet.refusal import SettingError

if TYPE_CHECKING:
    from gatednet.sweeps.store.store import Store
    from gatednet.sweeps.sweep import Sweep


def sweep(
    name: Annotated[str, typer.Argument(metavar="NAME|FILE.toml", help="A sweep of the catalog, or a file.")],
    out: Stores = Path("runs"),
    axis: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=PATH=SPEC", help="Add an axis, or replace the one of its name; may be repeated."),
    ] = None,
    seeds: Annotated[int | None, typer.Option(help="Number of seeds.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what it would take, and do nothing.")] = False,
    restart: Annotated[bool, typer.Option("--restart", help="Delete stores that are there, and start over.")] = False,
    cluster: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="A dask scheduler; its workers compute.")
    ] = None,
    mix_versions: MixVersions = False,
    data: Data = None,
    modules: Import = None,
    kernel: Kernel = None,
) -> None:
    """Run a sweep; the store of an interrupted one is continued, that of a finished one left as it is."""
    from gatednet.sweeps.catalog import listed_sweep, sweeps_of

    # An unknown name is told before JAX starts.
    in_file = _is_file(name)
    if not in_file:
        listed_sweep(name)
    from gatednet.sweeps.devices import usable_devices, use_all_cores

    use_all_cores()
    from gatednet.figures.toolkit.files import check_writable
    from gatednet.sweeps.execution.cluster import check_cluster
    from gatednet.sweeps.execution.run import check_resumable, is_finished, run_sweep
    from gatednet.sweeps.images.labelled import check_images, prepare
    from gatednet.sweeps.planning.stability import warn_of_stiffness
    from gatednet.sweeps.progress import progress_for

    use_data(data)
    imports = use_imports(modules)
    sweeps = sweep_in(path_of(name), imports) if in_file else sweeps_of(name)
    found = {out / store: with_kernel(changed(each, axis or [], seeds), kernel) for store, each in sweeps.items()}
    if dry_run:
        for folder, each in found.items():
            print(f"{folder}: {expected(each)}")
            warn_of_stiffness(each)
        return
    # Everything that can be refused, for all stores before the first is written.
    waiting = {folder: each for folder, each in found.items() if not is_finished(each, folder, restart=restart)}
    sources = {name: digest for each in found.values() for name, digest in each.sources.items()}
    workers = () if cluster is None else tuple(check_cluster(cluster, sources, mix_versions=mix_versions).values())
    # Workers that are still to come say later what they are.
    mixed = mix_versions or (cluster is not None and not workers)
    if waiting:
        check_writable(out)
        usable_devices()
        for folder, each in waiting.items():
            check_resumable(each, folder, restart=restart, mix_versions=mixed, workers=workers)
        check_images(waiting.values())
    prepare(waiting.values(), progress_of_training)
    diverged, written = 0, False
    for folder, each in found.items():
        with begun(written):
            made = run_sweep(
                each, folder, restart=restart, progress=progress_for(folder.name), cluster=cluster,
                mix_versions=mix_versions,
            )  # fmt: skip
        written = written or made.fresh
        print(f"{made.folder}: {'done' if made.fresh else 'was finished already'}, {each.runs:,} runs", flush=True)
        if made.mended:
            print(f"{made.folder}: damaged chunks were computed again: {', '.join(made.mended)}")
        with begun(written):
            diverged += count_diverged(made)
    if diverged:
        print(f"{diverged:,} runs left the finite numbers: see the variables result and result_step of the stores")
        raise typer.Exit(FAILED)


def sweep_in(path: Path, imports: Sequence[str]) -> dict[str, Sweep]:
    """The sweep of a file, by the name of its store; `imports` are modules that the user has run, as it may ask for.

    **Raises** `SettingError` for a file that names no store, and as `load_spec` does.
    """
    from gatednet.sweeps.spec import load_spec

    if not path.stem.strip("."):
        raise SettingError(f"{path} names no store, allowed is a file whose name has more than dots before its ending")
    return {path.stem: load_spec(path, imports=imports)}


def _is_file(name: str) -> bool:
    """Whether a name is that of a file; one that ends in .toml is, so that a missing one is told as such."""
    try:
        return name.endswith(".toml") or Path(name).is_file()
    # What cannot be one, since it is too long or holds NUL.
    except (OSError, ValueError):
        return False


def changed(sweep: Sweep, texts: list[str], seeds: int | None) -> Sweep:
    """The same sweep with axes added, or put in the place of those of their names.

    **Raises** `SettingError` for a name or a path that is given twice, and for axes that do not go with the sweep.
    """
    from gatednet.sweeps.axes import Axis
    from gatednet.sweeps.checks import check_distinct
    from gatednet.sweeps.spec import parse_axis, with_axis

    new = [parse_axis(text) for text in texts] + ([] if seeds is None else [Axis.seeds(seeds)])
    # Before one of them is put in the place of another.
    check_distinct(sweep.experiment, new, sweep.save)
    for axis in new:
        sweep = with_axis(sweep, axis)
    return sweep


def expected(sweep: Sweep) -> str:
    """What a sweep takes, in one line."""
    from gatednet.sweeps.planning.cost import cost_of
    from gatednet.sweeps.progress import clock

    cost = cost_of(sweep)
    grid = " × ".join(f"{len(axis)} {axis.name}" for axis in sweep.axes)
    times = "" if sweep.search is None else f", {sweep.simulations} simulations of each"
    return (
        f"{cost.runs:,} runs ({grid}) of {cost.steps / cost.runs / sweep.simulations:,.0f} steps{times}, "
        f"{cost.compiles} compiles, "
        f"{size(cost.bytes)} before compression, about {clock(cost.seconds)} on this machine"
    )


def size(number: int) -> str:
    """A number of bytes for people."""
    amount = float(number)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if amount < 1024:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1024
    return f"{amount:.1f} TiB"


def count_diverged(store: Store) -> int:
    """The number of runs of a finished store that left the finite numbers."""
    return int((store.dataset().result != 0).sum())
