"""Where each way to cut a network into blocks is the fastest, by the number of paths and tasks.

    python benchmarks/crossover.py [--json FILE] [--quick]

Reduced networks of P paths and M tasks, whose maps have P + M entries with path gates, and 10 (P + M) with neuron
gates, are simulated with a block for each entry and as one block (`gatednet.arrays.rows.Cut`), each in lanes of the
width that it has in gatednet. A star marks the default. Few runs show what a step costs at least, many what a lane
does at best.

Every measurement is a process of its own. Seconds are those of the processor, so that other programs on the machine
count little: to lower and compile the program, and the best of a few calls. `arithmetic` is steps times the entries of
all maps, in multiply-adds a second: a step needs four for each entry.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SIZES = ((2, 2), (3, 3), (4, 4), (6, 6), (8, 8), (16, 8), (32, 16), (64, 64))
OF_NEURONS = ((2, 2), (4, 4), (8, 8))
RUNS = (8, 1000)
CUTS = ("entries", "stack")
# Larger networks take minutes to compile with a block for each entry.
MOST_ENTRIES = 130
OUTPUTS = {"path": 4, "neuron": 10}
# Multiply-adds in one measured call, in units of entries times steps, and the longest that may take.
WORK, SECONDS = 3e8, 300.0


def main() -> None:
    """Measure, print a table, and write JSON where asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", metavar="FILE", help="write the measurements there")
    parser.add_argument("--quick", action="store_true", help="a tenth of the work")
    parser.add_argument("--measure", nargs=6, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        paths, tasks, gates, runs, cut, scale = arguments.measure
        print(json.dumps(measure(int(paths), int(tasks), gates, int(runs), cut, float(scale))))
        return
    measured = []
    for gates, sizes in (("path", SIZES), ("neuron", OF_NEURONS)):
        for paths, tasks in sizes:
            entries = paths * (paths + tasks) * (1 if gates == "path" else OUTPUTS[gates])
            for cut in CUTS:
                if cut == "entries" and entries > MOST_ENTRIES:
                    continue
                for runs in RUNS:
                    scale = "0.1" if arguments.quick else "1"
                    found = started(str(paths), str(tasks), gates, str(runs), cut, scale)
                    if found is not None:
                        measured.append(found)
                        print(line(found), flush=True)
                        if arguments.json:
                            Path(arguments.json).write_text(json.dumps(measured, indent=1) + "\n")


def started(*arguments: str) -> dict[str, Any] | None:
    """A measurement in a process of its own, None where it takes too long."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PJRT_NPROC": "1"}
    command = [sys.executable, __file__, "--measure", *arguments]
    try:
        done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        print(f"{' '.join(arguments)}: more than {SECONDS:.0f} s")
        return None
    return json.loads(done.stdout.splitlines()[-1])


def line(found: dict[str, Any]) -> str:
    """A measurement for people."""
    return (
        f"{found['paths']:3} paths {found['tasks']:3} tasks {found['gates']:6} {found['runs']:5} runs {found['cut']:7} "
        f"{'*' if found['chosen'] else ' '} "
        f"lanes of {found['width']:3}: compile {found['compile_seconds']:5.1f} s, {found['steps_per_second']:9.3g} "
        f"steps/s, {found['arithmetic']:9.3g} multiply-adds/s"
    )


def measure(paths: int, tasks: int, gates: str, runs: int, cut: str, scale: float) -> dict[str, Any]:
    """One measurement, in this process."""
    import jax
    import numpy as np

    from gatednet import Experiment, GatedLinear, Initial, Objective, Population, Save, Teachers, compiled, pack, recipe
    from gatednet.arrays.rows import Cut
    from gatednet.dynamics.reduction import reduced_network
    from gatednet.simulation import precision_of

    class Chosen(GatedLinear):
        """A network that is cut as this measurement says."""

        def cut(self, exact: bool) -> Cut:
            return Cut(cut)

    outputs = OUTPUTS[gates]
    network = Chosen(paths=paths, inputs=max(20, outputs * tasks), outputs=outputs, gates=gates)
    experiment = Experiment(
        network=network,
        teachers=Teachers(tasks=tasks),
        inputs=Population(),
        initial=Initial(gates=1.0 / paths),
        objective=Objective(norm=0.1),
    )
    small = reduced_network(experiment)
    entries = paths * small.outputs * small.inputs
    default = GatedLinear(paths, small.inputs, small.outputs, gates).cut(exact=True)
    seeds = np.arange(runs) % 8
    with precision_of("float32") as dtype:
        made = recipe(experiment, Save(("loss", "gates"), 1), pack(experiment, {}, seeds, seeds, 1).batch.traced)
        in_lanes = -(-runs // made.width) * made.width
        steps = int(np.clip(scale * WORK / (entries * in_lanes), 20, 20_000))
        experiment = dataclasses.replace(experiment, steps=steps)
        packing = pack(experiment, {}, seeds, np.zeros_like(seeds), made.width, dtype)
        made = recipe(experiment, Save(("loss", "gates"), steps), packing.batch.traced)
        start = time.process_time()
        programs = compiled(made, packing.batch)
        compile_seconds = time.process_time() - start
        times = []
        while len(times) < 2 or (sum(times) < 2 * scale and len(times) < 5):
            start = time.process_time()
            results = jax.block_until_ready(programs(packing.batch))
            times.append(time.process_time() - start)
    assert not np.any(results["result"])
    speed = runs * steps / min(times)
    return {
        "paths": paths,
        "tasks": tasks,
        "gates": gates,
        "entries": entries,
        "runs": runs,
        "cut": cut,
        "chosen": default is Cut(cut),
        "width": made.width,
        "steps": steps,
        "compile_seconds": compile_seconds,
        "steps_per_second": speed,
        "arithmetic": speed * entries,
    }


if __name__ == "__main__":
    main()
