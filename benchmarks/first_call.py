"""What a first result takes: `gatednet simulate` from the shell, and Figure 2's ten seeds in Python.

    python benchmarks/first_call.py [--processes N] [--against CHECKOUT] [--json FILE]

Everything is compiled anew in every process. With --against the same is measured of another checkout of the project, a
process of the one after a process of the other, so that what slows the machine down slows both. Seconds are medians.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parents[1]
TEN_SEEDS = """
import dataclasses, time
import jax, xarray
from gatednet import Population, Save, simulate
from gatednet.sweeps.catalog import experiment
chosen = experiment("fig2-flexible")
if {population}:
    chosen = dataclasses.replace(chosen, inputs=Population())
start = time.perf_counter()
simulate(chosen, Save(("loss", "gates", "alignment"), 20), range(10))
print(time.perf_counter() - start)
"""


def from_the_shell(checkout: Path) -> float:
    """Seconds of the whole command, its three pictures and its archive included."""
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        run(checkout, "-m", "gatednet", "simulate", "fig2-flexible", "--out", folder)
    return time.perf_counter() - start


def in_python(population: bool) -> Callable[[Path], float]:
    """Seconds of a first call after the imports."""
    return lambda checkout: float(run(checkout, "-c", TEN_SEEDS.format(population=population)))


MEASURED = {
    "gatednet simulate fig2-flexible": from_the_shell,
    "ten seeds, population, after the imports": in_python(True),
    "ten seeds, batches, after the imports": in_python(False),
}


def run(checkout: Path, *arguments: str) -> str:
    """What a fresh process of Python prints that finds the package of a checkout."""
    environment = os.environ | {"PYTHONPATH": str(checkout)}
    return subprocess.run(
        [sys.executable, *arguments], env=environment, cwd=checkout, check=True, stdout=subprocess.PIPE, text=True
    ).stdout


def machine() -> dict[str, Any]:
    """What seconds depend on beside the project."""
    return {"cores": os.cpu_count(), "architecture": platform.machine(), "jax": importlib.metadata.version("jax")}


def main() -> None:
    """Measure, and print seconds by what was measured."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--processes", type=int, default=7, help="fresh processes for each median")
    parser.add_argument("--against", type=Path, metavar="CHECKOUT", help="another checkout to measure in turn")
    parser.add_argument("--json", metavar="FILE", help="write the measurement there")
    arguments = parser.parse_args()
    checkouts = {"here": HERE} | ({} if arguments.against is None else {"against": arguments.against.resolve()})
    found = {}
    for what, measured in MEASURED.items():
        # The first process of a checkout compiles its modules to bytecode.
        for checkout in checkouts.values():
            measured(checkout)
        seconds: dict[str, list[float]] = {name: [] for name in checkouts}
        for _ in range(arguments.processes):
            for name, checkout in checkouts.items():
                seconds[name].append(measured(checkout))
        found[what] = {name: [round(each, 3) for each in sorted(taken)] for name, taken in seconds.items()}
        print(f"{what}: {', '.join(f'{name} {statistics.median(taken):.2f} s' for name, taken in seconds.items())}")
    if arguments.json:
        Path(arguments.json).write_text(json.dumps({"seconds": found} | machine(), indent=1) + "\n")


if __name__ == "__main__":
    main()
