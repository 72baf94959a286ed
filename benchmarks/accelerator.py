"""One visit to an accelerator: how fast runs are there, by each kernel, and whether they are the same runs.

    python benchmarks/accelerator.py [--plan] [--seconds N] [--runs N ...] [--json FILE]

Measures, prints as it goes, and writes after every line what is known by then. `--plan` says what would be measured,
and starts nothing. In order, for as long as the seconds last (480 by default, compilation included):

- peak: a chain of multiply-adds, and matrix products
- modes: reduced, by the kernel and by XLA, population and gaussian, at 10² to 10⁷ runs: seconds to compile, steps/s
- diagram: Figure 5, left, on a million cells, from an empty folder to its store
- agreement: the final alignments of Figure 5's settings, here and on the processor beside it, in both precisions
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import tempfile
import time
import timeit
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

START = time.perf_counter()
RUNS = (100, 1000, 10_000, 100_000, 1_000_000, 10_000_000)
# Steps of one measured call, summed over runs, at most and at least for one run.
WORK, FEWEST, MOST = 2e10, 20, 20_000
SIDE = 1000
SEEDS = 256
# Kernels of the reduced mode on a platform, the other modes are XLA's.
KERNELS = {"gpu": ("pallas", "xla"), "cpu": ("vector", "xla")}


@dataclasses.dataclass(frozen=True)
class Measurement:
    """Something to measure, and the function that does it."""

    name: str
    measure: Callable[[], dict[str, Any]]


def main() -> None:
    """Measure in order until the time is over."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--plan", action="store_true", help="say what would be measured")
    parser.add_argument("--seconds", type=float, default=480.0, help="begin nothing after so many")
    parser.add_argument("--runs", type=int, nargs="+", default=list(RUNS), help="numbers of runs of each mode")
    parser.add_argument("--side", type=int, default=SIDE, help="cells along either axis of the diagram")
    parser.add_argument("--json", metavar="FILE", help="write the measurements there")
    arguments = parser.parse_args()

    from gatednet.sweeps import use_all_cores

    use_all_cores()
    found: dict[str, Any] = {}
    for each in measurements(arguments.runs, arguments.side, plan=arguments.plan):
        if arguments.plan:
            print(each.name)
            continue
        if time.perf_counter() - START > arguments.seconds:
            print(f"{each.name}: left out, the time is over", flush=True)
            continue
        try:
            found[each.name] = each.measure()
        except Exception as error:
            # The visit goes on: what does not fit is a result, too.
            found[each.name] = {"error": f"{type(error).__name__}: {str(error).splitlines()[0][:200]}"}
        print(f"{each.name}: {json.dumps(found[each.name])}", flush=True)
        if arguments.json:
            Path(arguments.json).write_text(json.dumps(found, indent=1) + "\n")


def measurements(runs: list[int], side: int, *, plan: bool) -> Iterator[Measurement]:
    """All measurements in order; the plan does not ask what devices there are."""
    kernels = ("kernel", "xla")
    if not plan:
        import jax

        kernels = KERNELS.get(jax.default_backend(), ("xla",))
    yield Measurement("peak", peak)
    for number in runs:
        for kernel in kernels:
            yield Measurement(f"reduced by {kernel}, {number} runs", lambda k=kernel, n=number: speed("reduced", n, k))
    for mode in ("population", "gaussian"):
        for number in runs:
            yield Measurement(f"{mode}, {number} runs", lambda m=mode, n=number: speed(m, n, "xla"))
    for kernel in kernels:
        yield Measurement(f"diagram of {side}² cells by {kernel}", lambda k=kernel: stored(side, k))
        for precision in ("float32", "float64"):
            yield Measurement(
                f"agreement of {kernel} with the processor in {precision}",
                lambda k=kernel, p=precision: agreement(k, p),
            )


def fastest(call: Callable[[], Any]) -> float:
    """Seconds of the fastest of three calls."""
    import jax

    return min(timeit.repeat(lambda: jax.block_until_ready(call()), number=1, repeat=3))


def peak() -> dict[str, Any]:
    """Operations per second in a chain of multiply-adds, and in matrix products."""
    import jax
    import jax.numpy as jnp

    rounds, width = 2000, 1 << 20

    @jax.jit
    def chain(x: Any) -> Any:
        return jax.lax.fori_loop(0, rounds, lambda _, x: x * np.float32(0.999) + np.float32(0.001), x)

    x, square = jnp.ones(width, jnp.float32), jnp.ones((4096, 4096), jnp.float32)
    product = jax.jit(lambda x: jnp.dot(x, x, precision="highest"))
    jax.block_until_ready((chain(x), product(square)))
    return {
        "device": jax.devices()[0].device_kind,
        "devices": jax.local_device_count(),
        "multiply_add_flops_per_second": 2.0 * rounds * width / fastest(lambda: chain(x)),
        "matrix_flops_per_second": 2.0 * 4096**3 / fastest(lambda: product(square)),
    }


def speed(mode: str, runs: int, kernel: str) -> dict[str, Any]:
    """Steps per second of a batch with a grid of settings and eight seeds, and seconds to compile."""
    from throughput import prepared

    from gatednet import Experiment, Gaussian, Population

    steps = int(min(max(WORK / runs, FEWEST), MOST))
    experiment = Experiment(inputs=Gaussian(200) if mode == "gaussian" else Population(), steps=steps)
    along = np.arange(runs) / runs
    values = {"timescales.gates": 0.02 + 0.08 * along, "objective.norm": 0.5 + 0.5 * (7 * along % 1)}
    call, compiled = prepared(experiment, values, np.arange(runs) % 8, mode == "reduced", kernel)
    seconds = fastest(call)
    return {"steps": steps, "compile_seconds": compiled, "seconds": seconds, "steps_per_second": runs * steps / seconds}


def stored(side: int, kernel: str) -> dict[str, Any]:
    """Seconds from an empty folder to the finished store of Figure 5, left, with one seed."""
    from phase_diagram import diagram

    from gatednet.sweeps import run_sweep

    sweep = diagram(side, kernel)
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        store = run_sweep(sweep, Path(folder) / "store")
        seconds = time.perf_counter() - start
        finite = float((store.dataset().result == 0).mean())
    speed = sweep.runs * sweep.experiment.steps / seconds
    return {"runs": sweep.runs, "seconds": seconds, "finite": finite, "steps_per_second": speed}


def agreement(kernel: str, precision: str) -> dict[str, Any]:
    """How final alignments differ from those of XLA on the processor, seed by seed and in the mean."""
    import jax

    from gatednet import Population, simulate, with_values
    from gatednet.sweeps.catalog import experiment

    base = with_values(experiment("fig5-left"), {"inputs": Population()})
    options = {"seeds": range(SEEDS), "every": base.steps, "precision": precision}
    here = simulate(base, ("total_alignment",), kernel=kernel, **options).total_alignment[:, -1].values
    with jax.default_device(jax.devices("cpu")[0]):
        there = simulate(base, ("total_alignment",), kernel="xla", **options).total_alignment[:, -1].values
    error = float(np.hypot(here.std(), there.std()) / np.sqrt(SEEDS))
    return {
        "mean_here": float(here.mean()),
        "mean_there": float(there.mean()),
        "standard_error_of_difference": error,
        "median_difference": float(np.median(np.abs(here - there))),
        "largest_difference": float(np.abs(here - there).max()),
    }


if __name__ == "__main__":
    main()
