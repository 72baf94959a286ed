"""Simulated steps per second, summed over runs, at the sizes of the paper's Figure 2, beside the naive simulator.

    python benchmarks/throughput.py [--json FILE] [--quick]

The runs are a grid over the penalty on the norm of the gates, the gates' time constant and the block length, and every
run has a seed of its own, so that no mode can share teachers, initial weights or inputs among runs. Modes:

- naive: inputs drawn, autodiff, optax, vmap (benchmarks/naive.py)
- gaussian-drawn: gatednet, inputs drawn
- gaussian: gatednet, second moments by Bartlett's decomposition, draws and products by kernels
- gaussian-xla: the same, compiled by XLA
- population: gatednet, infinitely many inputs, full weights
- reduced: the same in the few dimensions in which the weights move, by the kernel that is the default
- reduced-xla: the same, compiled by XLA
- gaussian-paired, reduced-paired, reduced-paired-xla: the same with one seed for all runs, as in a phase diagram

Every measurement is a process of its own: compile time is reported apart, the speed is the best of a few calls, draws
of teachers and weights included, and peak_bytes is the largest memory of the process. Where other programs take the
cores, compare the steps per second of processor time, which the threads of all devices add up to.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
_REDUCED = ("reduced-xla", "reduced", "reduced-paired-xla", "reduced-paired")
_GAUSSIAN = ("gaussian-xla", "gaussian", "gaussian-paired")
MODES = ("naive", "gaussian-drawn", *_GAUSSIAN, "population", *_REDUCED)
GRIDS = {16: (2, 2, 4), 1000: (10, 10, 10), 100_000: (50, 40, 50)}
# Simulated steps in one measured call, summed over runs, and the fewest steps of a run.
WORK = {"naive": 3e5, "gaussian-drawn": 1e6, "population": 8e7}
WORK |= dict.fromkeys(_GAUSSIAN, 8e6) | dict.fromkeys(_REDUCED, 2e9)
FEWEST = {
    "naive": 3,
    "gaussian-drawn": 4,
    "population": 200,
    **dict.fromkeys(_GAUSSIAN, 40),
    **dict.fromkeys(_REDUCED, 20_000),
}
MOST = 20_000


def main() -> None:
    """Measure, print a table, and write JSON where asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", metavar="FILE", help="write the measurements there")
    parser.add_argument("--quick", action="store_true", help="a tenth of the work, and no more than 1 000 runs")
    parser.add_argument("--modes", nargs="+", choices=MODES, default=list(MODES))
    parser.add_argument("--measure", nargs=3, metavar=("MODE", "RUNS", "SCALE"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        mode, runs, scale = arguments.measure
        print(json.dumps(measure(mode, int(runs), float(scale))))
        return
    measured = []
    for runs in GRIDS:
        if arguments.quick and runs > 1000:
            continue
        for mode in arguments.modes:
            command = [sys.executable, __file__, "--measure", mode, str(runs), "0.1" if arguments.quick else "1"]
            environment = {**os.environ, "PYTHONPATH": str(ROOT)}
            output = subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout
            measured.append(json.loads(output.splitlines()[-1]))
            print(line(measured), flush=True)
    if arguments.json:
        Path(arguments.json).write_text(json.dumps(measured, indent=1) + "\n")


def line(measured: list[dict[str, Any]]) -> str:
    """The latest measurement, with its ratio to the naive simulator at 1 000 runs once that is known."""
    last = measured[-1]
    naive = [each["steps_per_second"] for each in measured if each["mode"] == "naive" and each["runs"] == 1000]
    ratio = f"{last['steps_per_second'] / naive[0]:10.1f} × naive" if naive else ""
    return (
        f"{last['mode']:16} {last['runs']:7} runs {last['steps_per_second']:10.3g} steps/s "
        f"compile {last['compile_seconds']:5.1f} s  peak {last['peak_bytes'] / 2**20:6.0f} MiB {ratio}"
    )


def measure(mode: str, runs: int, scale: float) -> dict[str, Any]:
    """One measurement, in this process."""
    import jax

    from gatednet.sweeps import use_all_cores

    use_all_cores()
    steps = min(max(int(scale * WORK[mode] / runs), FEWEST[mode]), MOST)
    call, compile_seconds = (naive if mode == "naive" else packed)(mode, runs, steps)
    times, processor = [], []
    while len(times) < 2 or (sum(times) < 4 * scale and len(times) < 10):
        start, used = time.perf_counter(), time.process_time()
        jax.block_until_ready(call())
        times.append(time.perf_counter() - start)
        processor.append(time.process_time() - used)
    return {
        "mode": mode,
        "runs": runs,
        "steps_per_second": runs * steps / min(times),
        "steps_per_processor_second": runs * steps / min(processor),
        "compile_seconds": compile_seconds,
        "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "steps": steps,
        "devices": jax.local_device_count(),
        "device": jax.devices()[0].device_kind,
    }


def settings(runs: int) -> dict[str, Any]:
    """The values of all runs, (runs,) each."""
    import numpy as np

    norms, times, blocks = GRIDS[runs]
    grid = np.meshgrid(np.linspace(0.5, 1.0, norms), np.geomspace(0.02, 0.1, times), np.linspace(0.5, 1.0, blocks))
    names = ("objective.norm", "timescales.gates", "curriculum.block_length")
    return {name: values.ravel() for name, values in zip(names, grid, strict=True)}


def naive(mode: str, runs: int, steps: int) -> tuple[Any, float]:
    """The compiled naive simulator and the seconds that its compilation took."""
    del mode
    import jax
    import numpy as np
    from naive import STEP, simulator

    norm, gate_time, length = settings(runs).values()
    given = (
        norm.astype(np.float32),
        gate_time.astype(np.float32),
        np.rint(length / STEP).astype(np.int32),
        np.arange(runs, dtype=np.uint32),
    )
    start = time.perf_counter()
    compiled = jax.jit(simulator(steps)).lower(*given).compile()
    return lambda: compiled(*given), time.perf_counter() - start


def packed(mode: str, runs: int, steps: int) -> tuple[Any, float]:
    """A compiled batch of gatednet's on all devices, and the seconds that its compilation took."""
    import numpy as np

    from gatednet import Experiment, Gaussian, Population

    inputs = {
        "gaussian-drawn": Gaussian(200, drawn=True),
        **dict.fromkeys(("population", *_REDUCED), Population()),
    }.get(mode, Gaussian(200))
    seeds = np.zeros(runs, np.int64) if "paired" in mode else np.arange(runs)
    kernel = "xla" if mode.endswith("-xla") else "auto"
    experiment = Experiment(inputs=inputs, steps=steps)
    return prepared(experiment, settings(runs), seeds, mode.startswith("reduced"), kernel)


def prepared(experiment: Any, values: dict[str, Any], seeds: Any, reduced: bool, kernel: str) -> tuple[Any, float]:
    """What runs a batch on all devices, saved at its start and end, and the seconds that its compilation took.

    `values` and `seeds` are (runs,).
    """
    import jax
    import numpy as np

    from gatednet import Save, recipe, trace
    from gatednet.sweeps.execution.executor import Executor, Shape
    from gatednet.sweeps.planning.plan import Request

    runs = len(seeds)
    traced = trace(experiment, values, runs, np.float32)
    made = recipe(experiment, Save(("loss", "gates"), experiment.steps), traced, reduced, kernel, runs=runs)
    executor = Executor(Shape(made, np.float32, runs, len(np.unique(seeds)), tuple(jax.local_devices())))
    request = Request(experiment, values, seeds, np.zeros(runs, np.int64))
    start = time.perf_counter()
    executor.compile(request)
    seconds = time.perf_counter() - start
    batches = [each.batch for each in executor.pack(request)]
    return lambda: [each.result() for each in executor.run(batches)], seconds


if __name__ == "__main__":
    main()
