"""How programs are compiled in the tests: with less optimization than for users, where last bits are not the point."""

from __future__ import annotations

from gatednet.engine import compiler, programs
from gatednet.engine.kept import Kept
from gatednet.sweeps.execution.executor import KEPT, Executors
from gatednet.sweeps.images import extractor

_LEVEL, _PARTS = "xla_backend_optimization_level", "xla_cpu_parallel_codegen_split_count"
_OF_USERS, _FEW = compiler._WANTED[_LEVEL], compiler._WANTED[_PARTS]
# With less optimization XLA still optimizes a loop with some functions in it, and all that is in one part with it: last
# bits would depend on what else is in a program. With its own number of parts a loop is alone.
_MANY = 32


def optimize(level: int = _OF_USERS) -> None:
    """Compile with a level of optimization from now on; what was compiled otherwise is forgotten."""
    if compiler._WANTED[_LEVEL] == level:
        return
    compiler._WANTED.update({_LEVEL: level, _PARTS: _FEW if level == _OF_USERS else _MANY})
    compiler.compiler_options.cache_clear()
    programs._traced.cache_clear()
    for module, kept in ((programs, "_programs"), (programs, "_drawings"), (extractor, "_programs")):
        setattr(module, kept, Kept(getattr(module, kept).most))
    Executors._kept = Kept(KEPT)
