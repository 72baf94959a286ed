"""All figures by name: modules `figNN_subject.py`, `figaNN_subject.py`, `controlNN_subject.py` and `openN_subject.py`.

Those of the paper's appendix have an "a"; controls are in its text; open questions are those that it does not answer.

A module whose name begins with those of several figures has them all, by name, in its dictionary `FIGURES`.

Nothing is imported to list them: the summary is the first line of a module's docstring, read from its source; of
several figures each has a paragraph.
"""

from __future__ import annotations

import ast
import dataclasses
import importlib
import pkgutil
import re
from collections.abc import Iterator, Mapping, Sequence
from importlib.machinery import SourceFileLoader
from importlib.util import find_spec
from typing import TYPE_CHECKING, Protocol, cast

from gatednet import figures
from gatednet.refusal import SettingError, nearest

if TYPE_CHECKING:
    import xarray
    from matplotlib.figure import Figure

    from gatednet.figures.toolkit.claim import Claim
    from gatednet.figures.toolkit.tables import Columns, Table
    from gatednet.sweeps.store.store import Store

_NAME = re.compile(r"(figa?|control|open)(\d+)_")
_MODULE = re.compile(rf"((?:{_NAME.pattern})+)\w+")


class FigureModule(Protocol):
    """What the module of a figure has, or where it has several each of them.

    `SWEEPS` names the sweeps of the catalog whose stores it needs, `PANELS` the letters of its panels, none where it
    has a single one. `compute` turns stores, by name, into what the panels show, `draw` draws that in the look of
    `gatednet.figures.toolkit.panels.look`, `claims` measures it, `caption` writes it up.
    """

    SWEEPS: tuple[str, ...]
    PANELS: str

    def compute(self, stores: Mapping[str, Store]) -> xarray.Dataset:
        """The data of all panels."""
        ...

    def draw(self, data: xarray.Dataset) -> Figure:
        """The figure."""
        ...

    def claims(self, data: xarray.Dataset) -> list[Claim]:
        """The claims, measured."""
        ...

    def caption(self, data: xarray.Dataset, claims: list[Claim]) -> str:
        """The text beside the figure, in Markdown."""
        ...


class TakesFiles(FigureModule, Protocol):
    """What the module of a figure has besides where it draws data of its reader, which are not shipped.

    `FILES` says by name what a file must hold; without it the figure is drawn as well, with the panels `PANELS`.
    """

    FILES: Mapping[str, Table]

    def with_file(self, data: xarray.Dataset, name: str, columns: Columns) -> xarray.Dataset:
        """The data of all panels, with those of a file."""
        ...


@dataclasses.dataclass(frozen=True)
class FigureEntry:
    """A figure that is known by name: one line about it, and the module that makes it."""

    name: str
    summary: str
    module: str

    def load(self) -> FigureModule:
        """The module, imported, or what it has of this name where it has several figures."""
        module = importlib.import_module(self.module)
        return cast(FigureModule, getattr(module, "FIGURES", {}).get(self.name, module))

    @property
    def files(self) -> Mapping[str, Table]:
        """The files that the figure takes, by name."""
        module = self.load()
        return cast(TakesFiles, module).FILES if hasattr(module, "FILES") else {}

    def compute(self, stores: Mapping[str, Store], given: Mapping[str, Columns]) -> xarray.Dataset:
        """The data of all panels, from stores and from the files that are given."""
        module = self.load()
        data = module.compute(stores)
        for name in self.files:
            if name in given:
                data = cast(TakesFiles, module).with_file(data, name, given[name])
        return data

    def claims(self, data: xarray.Dataset) -> list[Claim]:
        """The claims, measured in double precision: in single, logarithms and sums differ between processors."""
        single = [name for name, values in data.items() if values.dtype == "float32"]
        return self.load().claims(data.assign({name: data[name].astype("float64") for name in single}))


def _found() -> Iterator[FigureEntry]:
    for each in pkgutil.iter_modules(figures.__path__, "gatednet.figures."):
        named = _MODULE.fullmatch(each.name.removeprefix("gatednet.figures."))
        spec = find_spec(each.name) if named else None
        if named and spec is not None and isinstance(spec.loader, SourceFileLoader):
            source = spec.loader.get_source(each.name) or ""
            described = ast.get_docstring(ast.parse(source)) or ""
            for (kind, number), about in zip(_NAME.findall(named[1]), described.split("\n\n"), strict=False):
                yield FigureEntry(f"{kind}{int(number)}", about.partition("\n")[0], each.name)


# The paper's own first, then its appendix, then controls, then open questions.
_ORDER = ("fig", "figa", "control", "open")


def _place(entry: FigureEntry) -> tuple[int, int]:
    kind = entry.name.rstrip("0123456789")
    return _ORDER.index(kind), int(entry.name.removeprefix(kind))


FIGURES: dict[str, FigureEntry] = {each.name: each for each in sorted(_found(), key=_place)}


def chosen(names: Sequence[str]) -> list[FigureEntry]:
    """The figures of some names; all of them where there are no names, or one is "all".

    **Raises** `SettingError` for an unknown name, with the nearest known one.
    """
    for name in names:
        if name not in FIGURES and name != "all":
            raise SettingError(f"unknown figure {name!r}: {nearest(name, [*FIGURES, 'all'])}")
    everything = not names or "all" in names
    return [entry for entry in FIGURES.values() if everything or entry.name in names]
