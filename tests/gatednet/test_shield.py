"""Runs depend on their experiment, and on no setting of JAX's."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

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


@pytest.fixture(scope="module")
def processes() -> dict[str, list[str]]:
    """What `shielded_runs` prints: on its own, then with the twins of the variables, and with each group of them."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("JAX_", "XLA_"))}
    own |= {"PYTHONPATH": str(ROOT), "JAX_PLATFORMS": "cpu"}
    running = {
        name: subprocess.Popen(
            [sys.executable, "-m", "tests.gatednet.shielded_runs", *arguments],
            env={**own, **variables},
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name, arguments, variables in (
            ("own", ["--twins"], {}),
            *((name, [], variables) for name, variables in VARIABLES.items()),
        )
    }
    return {name: process.communicate()[0].splitlines() for name, process in running.items()}


@pytest.mark.parametrize("name", VARIABLES)
def test_variables_change_no_bit(processes: dict[str, list[str]], name: str) -> None:
    assert processes[name] == processes["own"][:1]
    assert len(processes[name][0]) == 64


def test_settings_of_a_process_change_no_bit(processes: dict[str, list[str]]) -> None:
    assert processes["own"][1] == processes["own"][0]


def test_what_cannot_be_shielded_is_refused(processes: dict[str, list[str]]) -> None:
    assert processes["own"][2:] == ["JAX_RANDOM_SEED_OFFSET is 3, allowed is 0: it changes all seeds"]
