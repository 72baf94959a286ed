"""Grids of experiments, run many at once into labelled arrays on disk.

The names below are imported when they are first used, so that the catalog can be listed without starting JAX.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sweeps.axes import Axis
    from sweeps.devices import use_all_cores
    from sweeps.files import WriteError
    from sweeps.plan import Sweep
    from sweeps.run import run_sweep
    from sweeps.spec import load_spec
    from sweeps.store import Store

__all__ = ["Axis", "Store", "Sweep", "WriteError", "load_spec", "run_sweep", "use_all_cores"]

_HOMES = {
    "Axis": "sweeps.axes",
    "Store": "sweeps.store",
    "Sweep": "sweeps.plan",
    "WriteError": "sweeps.files",
    "load_spec": "sweeps.spec",
    "run_sweep": "sweeps.run",
    "use_all_cores": "sweeps.devices",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
