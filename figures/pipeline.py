"""From stores to a folder of pictures, each with its data, its caption and its claims."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gatednet.figures.registry import FigureEntry
from gatednet.figures.toolkit.archive import packed
from gatednet.figures.toolkit.claim import Claim
from gatednet.figures.toolkit.panels import look, mark_quick
from gatednet.figures.toolkit.pictures import pictures
from gatednet.figures.toolkit.result import CAPTION, DATA, FORMATS, Result
from gatednet.figures.toolkit.statistics import as_in_file
from gatednet.figures.toolkit.tables import Columns
from gatednet.refusal import SettingError, nearest
from gatednet.sweeps.catalog import sweeps_of
from gatednet.sweeps.images.labelled import are_at_hand
from gatednet.sweeps.spec import with_seeds
from gatednet.sweeps.store.store import Store
from gatednet.sweeps.store.verify import verify
from gatednet.sweeps.sweep import Sweep

if TYPE_CHECKING:
    pass

# Seeds of a quick reproduction, in place of those of the paper.
QUICK_SEEDS = 3


def at_hand(entries: Sequence[FigureEntry], names: Sequence[str]) -> tuple[list[FigureEntry], list[FigureEntry]]:
    """Figures that can be made without fetching images, and those that cannot; a figure that is named always can."""
    found: tuple[list[FigureEntry], list[FigureEntry]] = [], []
    for entry in entries:
        there = entry.name in names or are_at_hand(sweeps_for(entry).values())
        found[0 if there else 1].append(entry)
    return found


def read_files(entries: Sequence[FigureEntry], paths: Mapping[str, Path]) -> dict[str, Columns]:
    """The tables that are given to some figures, by name.

    **Raises** `SettingError` for a name that none of the figures knows, with the nearest known one, and for a file that
    cannot be read or does not hold what it must.
    """
    known = {name: table for entry in entries for name, table in entry.files.items()}
    for name in paths:
        if name not in known:
            hint = nearest(name, known) if known else f"{', '.join(entry.name for entry in entries)} takes no file"
            raise SettingError(f"unknown file {name!r}: {hint}")
    return {name: known[name].read(path) for name, path in paths.items()}


def sweeps_for(entry: FigureEntry, *, quick: bool = False) -> dict[str, Sweep]:
    """The sweeps that a figure is made of, by the names of their stores; with `quick` they have few seeds."""
    found = {store: sweep for name in entry.load().SWEEPS for store, sweep in sweeps_of(name).items()}
    return {store: few_seeds(sweep) if quick else sweep for store, sweep in found.items()}


def few_seeds(sweep: Sweep) -> Sweep:
    """The same sweep with the first few of its seeds, where it has seeds."""
    for axis in sweep.axes:
        if axis.is_seed:
            return with_seeds(sweep, axis.values[:QUICK_SEEDS])
    return sweep


def open_stores(entry: FigureEntry, runs: Path) -> dict[str, Store]:
    """The stores of a figure, from the folder of all stores.

    **Raises** `SettingError` where one is missing, damaged or not finished, or has another plan than the figure's but
    for its seeds.
    """
    stores = {}
    # A sweep may make several stores, which have names of their own.
    makers = [(made_by, *made) for made_by in entry.load().SWEEPS for made in sweeps_of(made_by).items()]
    for made_by, name, sweep in makers:
        folder = runs / name
        if not folder.exists():
            raise SettingError(f"{folder} does not exist: `gatednet sweep {made_by} --out {runs}` makes this store")
        store = stores[name] = verify(folder)
        seeds = [axis.values for axis in store.sweep.axes if axis.is_seed]
        store.require(with_seeds(sweep, *seeds) if seeds else sweep)
        # Refused where it is not finished.
        store.dataset()
    return stores


def make(
    entry: FigureEntry,
    stores: Mapping[str, Store],
    folder: Path,
    formats: Sequence[str] = FORMATS,
    *,
    files: Mapping[str, Columns] | None = None,
) -> list[Claim]:
    """Draw a figure from finished stores into a folder, with its data and caption, and return its claims.

    Picture and caption are marked where a store has fewer seeds than its sweep in the catalog. `files` are tables as
    `read_files` gives them, for panels of data that are not simulated.

    **Raises** `SettingError` where a store is not finished, and what `Result.write` raises.
    """
    module = entry.load()
    data = as_in_file(entry.compute(stores, files or {}))
    claims = entry.claims(data)
    caption = module.caption(data, claims)
    few = few_of(entry, stores)
    if few is not None:
        caption = caption.replace("\n", f" ({few})\n", 1)
    with look():
        figure = module.draw(data)
        if few is not None:
            mark_quick(figure, few)
        contents = pictures(figure, formats)
    Result(folder, entry.name).write({**contents, DATA: packed(data), CAPTION: caption.encode()})
    return claims


def few_of(entry: FigureEntry, stores: Mapping[str, Store]) -> str | None:
    """What a picture says of stores that have fewer seeds than the paper, or the catalog, has; None where none has."""
    few = []
    for name, planned in sweeps_for(entry).items():
        there, all_of_them = seeds_of(stores[name].sweep), seeds_of(planned)
        if there < all_of_them:
            few.append(f"{there} of {all_of_them}")
    return f"quick: {', '.join(dict.fromkeys(few))} seeds" if few else None


def seeds_of(sweep: Sweep) -> int:
    """The number of seeds of a sweep, one where it has no axis of seeds."""
    return next((len(axis.values) for axis in sweep.axes if axis.is_seed), 1)
