"""The paper's experiments and sweeps by name. Nothing is built, and JAX is not started, before one is asked for.

Every module of this package that is named after a figure has `EXPERIMENTS` and `SWEEPS`, and is found by itself.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, TypeVar

from sweeps.catalog.entry import Entry

if TYPE_CHECKING:
    from gatednet.experiment import Experiment
    from sweeps.plan import Sweep

__all__ = ["EXPERIMENTS", "SWEEPS", "Entry", "experiment", "sweeps_of"]

Named = TypeVar("Named")


def _named(*groups: Iterable[Entry[Named]]) -> dict[str, Entry[Named]]:
    return {entry.name: entry for group in groups for entry in group}


_GROUPS = [
    importlib.import_module(f"{__name__}.{each.name}")
    for each in pkgutil.iter_modules(__path__)
    if re.fullmatch(r"(figa?|control)\d+", each.name)
]
EXPERIMENTS: dict[str, Entry[Experiment]] = _named(*(group.EXPERIMENTS for group in _GROUPS))
# Each sweep is a group of stores: the sweeps of all of them by their names.
SWEEPS: dict[str, Entry[dict[str, Sweep]]] = _named(*(group.SWEEPS for group in _GROUPS))


def experiment(name: str) -> Experiment:
    """The experiment of a name.

    **Raises** `SettingError` for an unknown name, with the nearest known one.
    """
    return _entry("experiment", name, EXPERIMENTS).build()


def sweeps_of(name: str) -> dict[str, Sweep]:
    """The sweeps behind a name, one for each store, by the names of the stores.

    **Raises** `SettingError` for an unknown name, with the nearest known one.
    """
    return dict(_built(name))


@functools.cache
def _built(name: str) -> dict[str, Sweep]:
    # A grid of many cells takes a while to check, and commands ask for it again and again.
    return _entry("sweep", name, SWEEPS).build()


def _entry(what: str, name: str, known: dict[str, Entry[Named]]) -> Entry[Named]:
    if name not in known:
        from gatednet.experiment import nearest
        from gatednet.refusal import SettingError, shown

        raise SettingError(f"unknown {what} {shown(name)}: {nearest(str(name), known)}")
    return known[name]
