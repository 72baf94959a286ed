"""How programs are compiled in the tests: with less optimization than for users, where last bits are not the point."""

from __future__ import annotations

from gatednet.engine import compiler, programs
from gatednet.engine.kept import Kept
from gatednet.sweeps.execution.executor import KEPT, Executors
from gatednet.sweeps.images import extractor

_LEVEL = "xla_backend_optimization_level"
_OF_USERS = compiler._WANTED[_LEVEL]


def optimize(level: int = _OF_USERS) -> None:
    """Compile with a level of optimization from now on; what was compiled otherwise is forgotten."""
    if compiler._WANTED[_LEVEL] == level:
        return
    compiler._WANTED[_LEVEL] = level
    compiler.compiler_options.cache_clear()
    programs._traced.cache_clear()
    for module, kept in ((programs, "_programs"), (programs, "_drawings"), (extractor, "_programs")):
        setattr(module, kept, Kept(getattr(module, kept).most))
    Executors._kept = Kept(KEPT)
