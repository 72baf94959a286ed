"""Runs by several ways, and one digest of all numbers: what test_shield.py starts as processes."""

# ruff: noqa: E402 - the devices are chosen before JAX is imported

from __future__ import annotations

import hashlib
import sys
import tempfile
from pathlib import Path

from gatednet.sweeps import use_all_cores

use_all_cores()

import jax

from gatednet import GatedLinear, Gaussian, Initial, Optax, Options, Save, SettingError, simulate, with_values
from gatednet.sweeps import Axis, Sweep, run_sweep
from tests.gatednet.tools import SMALL

SAVE = Save(("loss", "weights", "alignment", "specialization", "loss_every_step"), 20)
# The twins of the variables that test_shield.py sets.
TWINS = {
    "jax_numpy_rank_promotion": "raise",
    "jax_numpy_dtype_promotion": "strict",
    "jax_debug_nans": True,
    "jax_debug_infs": True,
    "jax_enable_x64": True,
    "jax_default_matmul_precision": "bfloat16",
    "jax_default_prng_impl": "rbg",
    "jax_threefry_partitionable": False,
    "jax_enable_custom_prng": True,
    "jax_transfer_guard": "disallow",
    "jax_disable_jit": True,
}


def digest() -> str:
    """The digest of a run that diverges beside one that does not, of an optimiser, and of a sweep on all devices."""
    found = hashlib.sha256()
    network = GatedLinear(paths=2, inputs=20, outputs=10)
    gaussian = with_values(SMALL, {"network": network, "inputs": Gaussian(batch=30)})
    adam = with_values(gaussian, {"rule": Optax("sgd", "adam", gates_options=Options(b1=0.5)), "initial": Initial(0.1)})
    diverging = with_values(SMALL, {"timescales.weights": 0.001, "initial.gates": 5.0, "steps": 100})
    runs = [simulate(adam, SAVE, (0, 1)), simulate(diverging, SAVE, (0, 1))]
    assert int(runs[1].result[0]) == 1
    sweep = Sweep(gaussian, (Axis("norm", "objective.norm", (0.1, 0.2)), Axis.seeds(3)), SAVE)
    with tempfile.TemporaryDirectory() as folder:
        store = run_sweep(sweep, Path(folder) / "store", devices=jax.local_devices())
        for each in (*runs, store.dataset()):
            for name in sorted(each.data_vars):
                found.update(each[name].values.tobytes())
    return found.hexdigest()


if __name__ == "__main__":
    print(digest())
    if "--twins" in sys.argv:
        jax.clear_caches()
        for name, value in TWINS.items():
            jax.config.update(name, value)
        print(digest())
        jax.config.update("jax_random_seed_offset", 3)
        try:
            digest()
        except SettingError as error:
            print(error)
