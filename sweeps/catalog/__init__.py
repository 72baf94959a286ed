"""The paper's experiments and sweeps by name. Nothing is built, and JAX is not started, before one is needed.

Every module of this package that is named after a figure declares `EXPERIMENTS` and `SWEEPS`.
"""

from __future__ import annotations

import functools
import pkgutil
import re
from typing import TYPE_CHECKING

from gatednet.refusal import SettingError, nearest, shown
from gatednet.sweeps.catalog.listing import Listed, listed

if TYPE_CHECKING:
    from gatednet.experiment import Experiment
    from gatednet.sweeps.sweep import Sweep

__all__ = ["EXPERIMENTS", "SWEEPS", "experiment", "listed_experiment", "listed_sweep", "sweeps_of"]

_MODULES = [
    f"{__name__}.{each.name}"
    for each in pkgutil.iter_modules(__path__)
    if re.fullmatch(r"(figa?|control|open)\d+", each.name)
]
_ENTRIES = [entry for module in _MODULES for entry in listed(module)]
EXPERIMENTS = {entry.name: entry for entry in _ENTRIES if entry.group == "EXPERIMENTS"}
# Each sweep is a group of stores.
SWEEPS = {entry.name: entry for entry in _ENTRIES if entry.group == "SWEEPS"}


def listed_experiment(name: str) -> Listed:
    """The entry of an experiment, which is not built.

    **Raises** `SettingError` for an unknown name, with the nearest known one.
    """
    return _entry("experiment", name, EXPERIMENTS)


def listed_sweep(name: str) -> Listed:
    """The entry of a sweep, which is not built.

    **Raises** `SettingError` for an unknown name, with the nearest known one.
    """
    return _entry("sweep", name, SWEEPS)


def experiment(name: str) -> Experiment:
    """The experiment of a name.

    **Raises** `SettingError` as `listed_experiment` does.
    """
    return listed_experiment(name).build()


def sweeps_of(name: str) -> dict[str, Sweep]:
    """The sweeps behind a name, one for each store, by the names of the stores.

    **Raises** `SettingError` as `listed_sweep` does.
    """
    return dict(_built(name))


@functools.cache
def _built(name: str) -> dict[str, Sweep]:
    # A grid of many cells takes a while to check, and commands ask for it again and again.
    return listed_sweep(name).build()


def _entry(what: str, name: str, known: dict[str, Listed]) -> Listed:
    if name not in known:
        raise SettingError(f"unknown {what} {shown(name)}: {nearest(str(name), known)}")
    return known[name]
