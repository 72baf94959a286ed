"""How programs are compiled in the tests: with less optimization than for users, where last bits are not the point."""

from __future__ import annotations

from gatednet.engine import compiler, programs
from gatednet.engine.kept import Kept
from gatednet.sweeps.execution.executor import KEPT, Executors
from gatednet.sweeps.images import extractor

_LEVEL = "xla_backend_optimization_level"
_OF_USERS = compiler._WANTED[_LEVEL]


def optimize(fully: bool) -> None:
    """Compile as for users from now on, or in less than half of the time; what was compiled otherwise is forgotten."""
    level = _OF_USERS if fully else 0
    if compiler._WANTED[_LEVEL] == level:
        return
    compiler._WANTED[_LEVEL] = level
    compiler.compiler_options.cache_clear()
    programs._traced.cache_clear()
    for module, kept in ((programs, "_programs"), (programs, "_drawings"), (extractor, "_programs")):
        setattr(module, kept, Kept(getattr(module, kept).most))
    Executors._kept = Kept(KEPT)
