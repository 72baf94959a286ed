"""How XLA is asked to compile."""

from __future__ import annotations

import functools

import jax

from gatednet.shield import shielded

_WANTED: dict[str, bool | int | str] = {
    # The second generation of XLA's emitters for processors takes half as long again to compile a step, which then is
    # not faster (benchmarks/throughput.py). Versions of XLA without a choice refuse the option.
    "xla_cpu_use_fusion_emitters": False,
    # Loops are distributed over so many modules for LLVM. The default is 32, each of which takes some time by itself.
    "xla_cpu_parallel_codegen_split_count": 4,
    # The defaults of XLA, unless XLA_FLAGS or JAX_DISABLE_MOST_OPTIMIZATIONS say otherwise: with others the
    # last bits change, and with fast arithmetic a run that diverges is not noticed.
    "xla_cpu_enable_fast_math": False,
    "xla_backend_optimization_level": 3,
    "xla_llvm_disable_expensive_passes": False,
}
# Without what cuts operations into parts for several cores. No bit depends on it.
_WHOLE: dict[str, bool | int | str] = {"xla_disable_hlo_passes": "cpu-parallel-task-assigner"}


@functools.cache
def compiler_options(in_parts: bool = True) -> dict[str, bool | int | str]:
    """The options of `jax.jit` for everything that runs: those wanted that this version of XLA knows.

    Everything is compiled with the same ones, since a run must have the same bits wherever it is, but for `in_parts`:
    whether other cores do parts of an operation. Where all cores have runs of their own, they only wait for each other.
    """
    known = _WANTED | ({} if in_parts else _WHOLE)
    # All are tried at once, as they are known most often: each trial is a compilation.
    while (unknown := _unknown(known)) is not None:
        del known[unknown]
    return known


def _unknown(options: dict[str, bool | int | str]) -> str | None:
    """One of some options that this version of XLA does not know, None where it knows all."""
    try:
        with shielded(double=False):
            jax.jit(lambda: 0, compiler_options=options).lower().compile()
    except jax.errors.JaxRuntimeError as error:
        unknown = next((name for name in options if name in str(error)), None)
        if unknown is None:
            raise
        return unknown
    return None
