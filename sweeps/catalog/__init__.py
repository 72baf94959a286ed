"""The paper's experiments and sweeps by name. Nothing is built, and JAX is not started, before one is needed.

Every module of this package that is named after a figure declares `EXPERIMENTS` and `SWEEPS`.
"""

from __future__ import annotations

import functools
import pkgutil
import re
from typing import TYPE_CHECKING

from gatednet.sweeps.catalog.listing import Listed, listed

if TYPE_CHECKING:
    from gatednet.experiment import Experiment
    from gatednet.sweeps.sweep import Sweep

__all__ = ["EXPERIMENTS", "SWEEPS", "experiment", "sweeps_of"]

_MODULES = [
    f"{__name__}.{each.name}"
    for each in pkgutil.iter_modules(__path__)
    if re.fullmatch(r"(figa?|control|open)\d+", each.name)
]


def _named(group: str) -> dict[str, Listed]:
    return {entry.name: entry for module in _MODULES for entry in listed(module, group)}


EXPERIMENTS = _named("EXPERIMENTS")
# Each sweep is a group of stores.
SWEEPS = _named("SWEEPS")


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


def _entry(what: str, name: str, known: dict[str, Listed]) -> Listed:
    if name not in known:
        from gatednet.experiment import nearest
        from gatednet.refusal import SettingError, shown

        raise SettingError(f"unknown {what} {shown(name)}: {nearest(str(name), known)}")
    return known[name]
