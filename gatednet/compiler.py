"""How XLA is asked to compile."""

from __future__ import annotations

import functools

import jax

# The second generation of XLA's emitters for processors takes half as long again to compile a step, which then is not
# faster (benchmarks/throughput.py). Versions of XLA that have no other refuse to be asked for one.
_WANTED = {"xla_cpu_use_fusion_emitters": False}


@functools.cache
def compiler_options() -> dict[str, bool]:
    """The options of `jax.jit` for everything that runs: those wanted, or none where this version does not know them.

    Everything is compiled with the same ones, since a run must have the same bits wherever it is.
    """
    try:
        jax.jit(lambda: 0, compiler_options=_WANTED).lower().compile()
    except jax.errors.JaxRuntimeError as error:
        if any(name in str(error) for name in _WANTED):
            return {}
        raise
    return _WANTED
