"""Runs depend on their experiment, and on no setting of JAX's."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.slow import but_slow

pytestmark = pytest.mark.optimized

ROOT = Path(__file__).resolve().parents[2]
VARIABLES = {
    "numbers": {
        "JAX_NUMPY_RANK_PROMOTION": "raise",
        "JAX_NUMPY_DTYPE_PROMOTION": "strict",
        "JAX_DEBUG_NANS": "1",
        "JAX_DEBUG_INFS": "1",
        "JAX_ENABLE_X64": "1",
        "JAX_DEFAULT_MATMUL_PRECISION": "bfloat16",
        "JAX_DEFAULT_PRNG_IMPL": "rbg",
        "JAX_THREEFRY_PARTITIONABLE": "0",
        "JAX_ENABLE_CUSTOM_PRNG": "1",
        "JAX_TRANSFER_GUARD": "disallow",
    },
    "compiler": {
        "JAX_DISABLE_JIT": "1",
        "JAX_DISABLE_MOST_OPTIMIZATIONS": "1",
        "XLA_FLAGS": "--xla_cpu_enable_fast_math=true",
        "JAX_CHECK_TRACER_LEAKS": "1",
        "JAX_ENABLE_CHECKS": "1",
        "JAX_LEGACY_PRNG_KEY": "error",
    },
}


def printed(*arguments: str, **variables: str) -> list[str]:
    """What `shielded_runs` prints, with some variables of the environment."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("JAX_", "XLA_"))}
    done = subprocess.run(
        [sys.executable, "-m", "tests.gatednet.shielded_runs", *arguments],
        env={**own, "PYTHONPATH": str(ROOT), "JAX_PLATFORMS": "cpu", **variables},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()


@pytest.fixture(scope="module")
def own() -> list[str]:
    """What it prints on its own, then with the twins of the variables, and what it says of one that is refused."""
    return printed("--twins")


# A process takes ten seconds.
@pytest.mark.parametrize("name", but_slow(VARIABLES, "compiler"))
def test_variables_change_no_bit(own: list[str], name: str) -> None:
    (digest,) = printed(**VARIABLES[name])
    assert digest == own[0]
    assert len(digest) == 64


def test_settings_of_a_process_change_no_bit(own: list[str]) -> None:
    assert own[1] == own[0]


def test_what_cannot_be_shielded_is_refused(own: list[str]) -> None:
    assert own[2:] == ["JAX_RANDOM_SEED_OFFSET is 3, allowed is 0: it changes all seeds"]
