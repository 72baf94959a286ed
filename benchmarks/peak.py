"""What this machine can do at most, to hold the speeds of throughput.py against.

    python benchmarks/peak.py [--json FILE]

- multiply_add: a chain of multiply-adds on vectors that stay in the first-level cache, by XLA, on all cores
- kernel_multiply_add: as many chains as registers hold, by the compiler of kernels, on all cores
- matrix: single-precision matrix products by NumPy's BLAS, on all cores
- threefry: random words of the twenty-round generator, by XLA, on all cores
"""

from __future__ import annotations

import argparse
import json
import timeit
from collections.abc import Callable
from pathlib import Path
from typing import Any

# Values in flight on each core: enough to hide the latency of an operation, few enough for the first-level cache.
WIDTH, CHAINS, ROUNDS = 256, 8, 20_000
# Chains of a kernel, each of a whole vector: as many as 16 registers of 32 bytes hold, and 32 of 64. The faster counts.
IN_REGISTERS = (6, 20)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", metavar="FILE", help="write the measurements there")
    arguments = parser.parse_args()

    from gatednet.sweeps import use_all_cores

    use_all_cores()
    import jax
    import jax.numpy as jnp
    import numpy as np
    from jax import Array
    from jax.sharding import Mesh, PartitionSpec

    from gatednet.kernels.program import advanced_by
    from gatednet.kernels.vector import call
    from gatednet.random.threefry import threefry

    devices = jax.local_devices()
    mesh, spec = Mesh(np.array(devices), ("devices",)), PartitionSpec("devices")

    def on_all(function: Callable[[Array], Array], given: Any, check: bool = True) -> float:
        shared_out = jax.shard_map(function, mesh=mesh, in_specs=spec, out_specs=spec, check_vma=check)
        compiled = jax.jit(shared_out).lower(given).compile()
        jax.block_until_ready(compiled(given))
        return min(timeit.repeat(lambda: jax.block_until_ready(compiled(given)), number=1))

    def operations(chains: int) -> float:
        """Those of so many chains of multiply-adds on all devices."""
        return 2.0 * chains * ROUNDS * WIDTH * len(devices)

    def multiply_add(x: Array) -> Array:
        def body(_: int, x: Array) -> Array:
            for _ in range(CHAINS):
                x = x * np.float32(0.999) + np.float32(0.001)
            return x

        return jax.lax.fori_loop(0, ROUNDS, body, x)

    seconds = on_all(multiply_add, jnp.ones((len(devices), WIDTH), jnp.float32))
    flops = operations(CHAINS) / seconds

    def in_registers(x: Array) -> Array:
        def rounds(x: Array) -> Array:
            return jax.lax.fori_loop(0, ROUNDS, lambda _, x: x * np.float32(0.999) + np.float32(0.001), x)

        return advanced_by(call, rounds, x[0])[None]

    kernel_flops = max(
        operations(chains) / on_all(in_registers, jnp.ones((len(devices), chains, WIDTH), jnp.float32), check=False)
        for chains in IN_REGISTERS
    )

    def words(key: Array) -> Array:
        def body(step: Array, total: Array) -> Array:
            first, second = threefry(key[0], jnp.uint32(step)[None], jnp.arange(64, dtype=jnp.uint32)[:, None])
            return total ^ first ^ second

        start = jax.lax.pcast(jnp.zeros((64, key.shape[-1]), jnp.uint32), "devices", to="varying")
        return jax.lax.fori_loop(0, 2000, body, start)[None]

    keys = jnp.arange(len(devices) * 2 * 64, dtype=jnp.uint32).reshape(len(devices), 2, 64)
    random_words = 2 * 2000 * 64 * 64 * len(devices) / on_all(words, keys)

    square = np.random.default_rng(0).standard_normal((2048, 2048)).astype(np.float32)
    product_seconds = min(timeit.repeat(lambda: np.matmul(square, square), number=1))
    result = {
        "multiply_add_flops_per_second": flops,
        "kernel_multiply_add_flops_per_second": kernel_flops,
        "matrix_flops_per_second": 2.0 * 2048**3 / product_seconds,
        "threefry_words_per_second": random_words,
        "devices": len(devices),
    }
    print(json.dumps(result, indent=1))
    if arguments.json:
        Path(arguments.json).write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
