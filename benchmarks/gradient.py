"""What the derivative of a run costs: memory and time of `gatednet.final` for several numbers of steps.

    python benchmarks/gradient.py [--json FILE] [--steps 200 2000 20000]

The function is the final alignment of Figure 2's flexible network by the time constant of its gates, in single
precision. Memory is what XLA sets aside for the compiled program beside its arguments and results. Times are those of
the processor, of a run the best of three after it was compiled. Modes:

- value: the function itself
- forward: the function and its derivative by `jax.jvp`
- reverse: the function and its derivative by `jax.value_and_grad`
"""

from __future__ import annotations

import argparse
import json
import math
import time
import timeit
from pathlib import Path
from typing import Any

STEPS = (200, 2_000, 20_000)


def main() -> None:
    """Measure, print, and write JSON where asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", metavar="FILE", help="write the measurements there")
    parser.add_argument("--steps", nargs="+", type=int, default=list(STEPS), help="numbers of steps")
    arguments = parser.parse_args()

    from gatednet import Experiment, Gaussian, Population

    measured = []
    for inputs in (Population(), Gaussian()):
        for steps in arguments.steps:
            for mode in ("value", "forward", "reverse"):
                measured.append(measure(Experiment(inputs=inputs, steps=steps), mode))
                print(line(measured[-1]), flush=True)
    if arguments.json:
        Path(arguments.json).write_text(json.dumps(measured, indent=1) + "\n")


def line(found: dict[str, Any]) -> str:
    """One measurement for people."""
    return (
        f"{found['inputs']:10} {found['steps']:6} steps {found['mode']:8} {found['temporary_bytes'] / 1024:8.1f} KiB "
        f"{found['run_seconds']:8.3f} s  compile {found['compile_seconds']:5.1f} s"
    )


def measure(experiment: Any, mode: str) -> dict[str, Any]:
    """One measurement."""
    import jax

    from gatednet import final

    def aligned(time_constant: Any) -> Any:
        return final(experiment, {"timescales.gates": time_constant}, ("total_alignment",))["total_alignment"]

    function = {
        "value": aligned,
        "forward": lambda value: jax.jvp(aligned, (value,), (1.0,)),
        "reverse": jax.value_and_grad(aligned),
    }[mode]
    value = experiment.timescales.gates
    start = time.process_time()
    compiled = jax.jit(function).lower(value).compile()
    compile_seconds = time.process_time() - start
    memory = compiled.memory_analysis()
    assert memory is not None
    times = timeit.repeat(lambda: jax.block_until_ready(compiled(value)), timer=time.process_time, number=1, repeat=3)
    assert all(math.isfinite(float(each)) for each in jax.tree.leaves(compiled(value)))
    return {
        "inputs": type(experiment.inputs).__name__,
        "steps": experiment.steps,
        "mode": mode,
        "temporary_bytes": memory.temp_size_in_bytes,
        "run_seconds": min(times),
        "compile_seconds": compile_seconds,
        "device": jax.devices()[0].device_kind,
        "jax": jax.__version__,
    }


if __name__ == "__main__":
    main()
