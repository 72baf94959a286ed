"""`shielded`: JAX as the package needs it, whatever the process has set.

JAX has settings of a process, by variables of the environment such as JAX_DEBUG_NANS and by `jax.config`, that change
numbers or refuse programs that are sound. Runs depend on their experiment only, so each setting has its own value
within this context. The settings are those of a thread: a thread that is started within it is not shielded.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import jax

from gatednet.refusal import SettingError

# The generator whose bits the package writes out itself; see `random`.
GENERATOR = "threefry2x32"


@contextlib.contextmanager
def shielded(double: bool) -> Iterator[None]:
    """JAX with single or double precision, and with its own values of all that would change or refuse a run.

    **Raises** `SettingError` for a setting that cannot be shielded: JAX_RANDOM_SEED_OFFSET.
    """
    offset = getattr(jax.config, "jax_random_seed_offset", 0)
    if offset:
        raise SettingError(f"JAX_RANDOM_SEED_OFFSET is {offset}, allowed is 0: it changes all seeds")
    with contextlib.ExitStack() as stack:
        for context in (
            jax.enable_x64(double),
            jax.default_matmul_precision("highest"),
            # What random numbers are made of.
            jax.default_prng_impl(GENERATOR),
            jax.threefry_partitionable(True),
            jax.enable_custom_prng(False),
            jax.legacy_prng_key("allow"),
            # How arrays of several types and shapes go together.
            jax.numpy_dtype_promotion("standard"),
            jax.numpy_rank_promotion("allow"),
            # A run that diverges is a result, and no error.
            jax.debug_nans(False),
            jax.debug_infs(False),
            # Operations that are compiled one by one are slow, and have other last bits.
            jax.disable_jit(False),
            jax.enable_checks(False),
            jax.check_tracer_leaks(False),
            jax.debug_key_reuse(False),
            jax.no_tracing(False),
            jax.no_execution(False),
            jax.transfer_guard("allow"),
        ):
            stack.enter_context(context)
        yield
