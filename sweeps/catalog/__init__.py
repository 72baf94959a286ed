"""The paper's experiments and sweeps by name. Nothing is built, and JAX is not started, before one is asked for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, TypeVar

from sweeps.catalog import fig02, fig04, fig05
from sweeps.catalog.entry import Entry

if TYPE_CHECKING:
    from gatednet.experiment import Experiment
    from sweeps.plan import Sweep

__all__ = ["EXPERIMENTS", "SWEEPS", "Entry", "experiment", "sweeps_of"]

Named = TypeVar("Named")


def _named(*groups: Iterable[Entry[Named]]) -> dict[str, Entry[Named]]:
    return {entry.name: entry for group in groups for entry in group}


EXPERIMENTS: dict[str, Entry[Experiment]] = _named(fig02.EXPERIMENTS, fig04.EXPERIMENTS, fig05.EXPERIMENTS)
# Each sweep is a group of stores: the sweeps of all of them by their names.
SWEEPS: dict[str, Entry[dict[str, Sweep]]] = _named(fig02.SWEEPS, fig04.SWEEPS, fig05.SWEEPS)


def experiment(name: str) -> Experiment:
    """The experiment of a name.

    **Raises** `SettingError` for an unknown name, with the nearest known one.
    """
    return _entry("experiment", name, EXPERIMENTS).build()


def sweeps_of(name: str) -> dict[str, Sweep]:
    """The sweeps behind a name, one for each store, by the names of the stores.

    **Raises** `SettingError` for an unknown name, with the nearest known one.
    """
    return _entry("sweep", name, SWEEPS).build()


def _entry(what: str, name: str, known: dict[str, Entry[Named]]) -> Entry[Named]:
    if name not in known:
        from gatednet.experiment import nearest
        from gatednet.settings import SettingError

        raise SettingError(f"unknown {what} {name!r}: {nearest(name, known)}")
    return known[name]
