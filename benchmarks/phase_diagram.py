"""Figure 5, left, on a million cells: simulated, stored, verified to be finished, and drawn, from nothing.

    python benchmarks/phase_diagram.py [--cells N] [--kernel KERNEL] [--json FILE]

N × N cells (1 000 by default) over block length and the gates' time constant, population, 7 000 steps each, final total
alignment. Time and memory are of the whole process, start of Python, compilation, store and picture included.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from pathlib import Path
from typing import Any

START = time.perf_counter()


def main() -> None:
    """Run, draw, and print what it took."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--cells", type=int, default=1000, help="cells along each axis")
    parser.add_argument("--kernel", default="auto", help="what compiles the loop over steps")
    parser.add_argument("--json", metavar="FILE", help="write the measurement there")
    parser.add_argument("--picture", metavar="FILE", help="keep the picture there")
    arguments = parser.parse_args()

    from gatednet.sweeps import use_all_cores

    use_all_cores()
    import jax
    import numpy as np

    from gatednet.figures.cli.meanwhile import meanwhile
    from gatednet.sweeps import run_sweep
    from gatednet.sweeps.devices import usable_cores
    from gatednet.sweeps.progress import progress_for

    sweep = diagram(arguments.cells, arguments.kernel)
    base, lengths = sweep.experiment, np.array(sweep.axes[0].values)
    with tempfile.TemporaryDirectory() as folder:
        with meanwhile(drawing):
            store = run_sweep(sweep, Path(folder) / "store", progress=progress_for("phase diagram"))
        swept = time.perf_counter()
        scale, boundary, look, new_figure = drawing()
        values = store.dataset().total_alignment.isel(step=-1)
        with look():
            figure = new_figure(4.0, 3.4)
            panel = figure.subplots()
            ratio = np.asarray(values.gate_timescale) / base.timescales.weights
            extent = (ratio[0], ratio[-1], lengths[0] / base.timescales.weights, lengths[-1] / base.timescales.weights)
            image = panel.imshow(
                values.values,
                origin="lower",
                aspect="auto",
                extent=extent,
                vmin=scale.low,
                vmax=scale.high,
                cmap="cividis",
            )
            panel.contour(values.values, levels=[boundary], extent=extent, colors="white", linewidths=0.8)
            panel.set_xlabel("τ$_c$ / τ$_w$")
            panel.set_ylabel("τ$_B$ / τ$_w$")
            figure.colorbar(image, label="total alignment", extend="min")
            figure.savefig(arguments.picture or Path(folder) / "picture.png")
        size = sum(file.stat().st_size for file in Path(folder).rglob("*") if file.is_file())
    seconds = time.perf_counter() - START
    result = {
        "cells": list(sweep.shape),
        "steps": base.steps,
        "kernel": arguments.kernel,
        "seconds": seconds,
        "sweep_seconds": swept - START,
        "steps_per_second": sweep.runs * base.steps / (swept - START),
        "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "stored_bytes": size,
        "devices": jax.local_device_count(),
        "device": jax.devices()[0].device_kind,
        "cores": usable_cores(),
    }
    print(json.dumps(result, indent=1))
    if arguments.json:
        Path(arguments.json).write_text(json.dumps(result, indent=1) + "\n")


def drawing() -> tuple[Any, Any, Any, Any]:
    """What the picture takes, imported while runs are compiled and computed."""
    from gatednet.figures.fig05_regimes import BOUNDARY, SCALE
    from gatednet.figures.toolkit.panels import look, new_figure

    return SCALE, BOUNDARY, look, new_figure


def diagram(cells: int, kernel: str) -> Any:
    """The sweep of `cells` × `cells` runs."""
    import numpy as np

    from gatednet import Population, Save, with_values
    from gatednet.sweeps import Axis, Sweep
    from gatednet.sweeps.catalog import experiment

    base = with_values(experiment("fig5-left"), {"inputs": Population()})
    # Whole steps: every row is a block length that the steps can realise.
    lengths = np.unique(np.rint(np.linspace(100, 100 + max(cells, 901) - 1, cells)).astype(int)) * base.dt
    axes = (
        Axis("block_length", "curriculum.block_length", tuple(lengths.tolist())),
        Axis("gate_timescale", "timescales.gates", tuple(np.linspace(0.02, 0.1, cells).tolist())),
    )
    return Sweep(base, axes, Save(("total_alignment",), base.steps), kernel=kernel)


if __name__ == "__main__":
    main()
