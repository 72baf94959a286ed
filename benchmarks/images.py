"""Time of the heads of Figure 7: ten seeds of ten thousand steps with the test accuracy every hundred, and in PyTorch.

    python benchmarks/images.py [--images digits|mnist|fashion_mnist] [--many RUNS] [--torch] [--json FILE]

"figure" is both regimes of the figure in one batch, on the features of one network; then each of them alone, of which
the second shares what the first one compiled. The features are in the cache, or are computed first and not counted; to
read them is counted once, and so is compilation, which is stated separately. With `--many`, that number of runs, which
differ in the gates' time constant and the penalty on their norm, are one batch. With `--torch` the same loop of a
single run is timed as anyone would write it in PyTorch, no dependency of gatednet.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

STEPS, EVERY, BATCH, FEATURES, CLASSES, SEEDS = 10_000, 100, 100, 64, 10, 10


def main() -> None:
    """Measure, print, and write JSON where asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--images", default="mnist")
    parser.add_argument("--many", type=int, default=0, metavar="RUNS", help="also a batch of about this many runs")
    parser.add_argument("--torch", action="store_true", help="also a loop in PyTorch")
    parser.add_argument("--json", metavar="FILE", help="write the measurements there")
    arguments = parser.parse_args()
    from gatednet.sweeps import use_all_cores

    use_all_cores()
    from gatednet.sweeps.images.features import are_kept, features_of
    from gatednet.sweeps.progress import progress_for

    if not are_kept(arguments.images):
        features_of(arguments.images, progress=progress_for("features", counted="steps"))
    measured: dict[str, Any] = {"images": arguments.images}
    sweeps = {"figure": both_regimes(arguments.images)}
    sweeps |= {regime: one_regime(arguments.images, regime) for regime in ("flexible", "forgetful")}
    for name, sweep in sweeps.items():
        measured[name] = timed(sweep)
        print(f"{name}: {line(measured[name])}", flush=True)
    if arguments.many:
        measured["many"] = timed(many(arguments.images, arguments.many))
        print(f"many: {line(measured['many'])}", flush=True)
    measured["peak_bytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(f"peak {measured['peak_bytes'] / 2**20:.0f} MiB")
    if arguments.torch:
        seconds = in_torch(features_of(arguments.images))
        measured["torch"] = {"runs": 1, "seconds": seconds}
        print(f"PyTorch: {seconds:.1f} s for one run")
    if arguments.json:
        Path(arguments.json).write_text(json.dumps(measured, indent=1) + "\n")


def both_regimes(images: str) -> Any:
    """Both regimes of Figure 7."""
    from gatednet import Save
    from gatednet.sweeps import Axis, Sweep
    from gatednet.sweeps.catalog.images import PATHS, REGIMES, SAVED, head

    regimes = Axis("regime", PATHS, tuple(REGIMES.values()), tuple(REGIMES))
    return Sweep(head(images, "parity"), (regimes, Axis.seeds(SEEDS)), Save(SAVED, EVERY))


def one_regime(images: str, regime: str) -> Any:
    """One regime of Figure 7."""
    from gatednet import Save
    from gatednet.sweeps import Axis, Sweep
    from gatednet.sweeps.catalog.images import SAVED, head

    return Sweep(head(images, "parity", regime), (Axis.seeds(SEEDS),), Save(SAVED, EVERY))


def many(images: str, runs: int) -> Any:
    """About `runs` settings of Figure 7, one seed each."""
    from gatednet import Save
    from gatednet.sweeps import Axis, Sweep
    from gatednet.sweeps.catalog.images import SAVED, head

    side = round(runs**0.5)
    times = Axis.geomspace("gate_time", "timescales.gates", 0.5, 1000.0, side)
    norms = Axis.linspace("norm", "objective.norm", 0.0, 1.0, -(-runs // side))
    return Sweep(head(images, "parity"), (times, norms), Save(SAVED, EVERY))


def timed(sweep: Any) -> dict[str, float]:
    """Seconds of a sweep from its plan to the finished store, and those of them that compiled."""
    from gatednet.sweeps import run_sweep
    from gatednet.sweeps.progress import Silent

    class Compiling(Silent):
        seconds = 0.0

        def compiled(self, seconds: float) -> None:
            self.seconds += seconds

    progress = Compiling()
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        run_sweep(sweep, Path(folder) / "store", progress=progress)
        seconds = time.perf_counter() - start
    return {"runs": sweep.runs, "seconds": seconds, "compile_seconds": progress.seconds}


def line(measured: dict[str, float]) -> str:
    """A measurement in words."""
    seconds = measured["seconds"]
    return (
        f"{measured['runs']} runs in {seconds:.1f} s, of which {measured['compile_seconds']:.1f} s compiling; "
        f"{seconds / measured['runs']:.2f} s a run"
    )


def in_torch(data: Any) -> float:
    """Seconds of one flexible run, written plainly."""
    import torch  # pyright: ignore[reportMissingImports]

    torch.manual_seed(0)
    train, train_labels = torch.tensor(data.train), torch.tensor(data.train_labels).long()
    test, test_labels = torch.tensor(data.test), torch.tensor(data.test_labels).long()
    permuted = torch.tensor([label // 2 + 5 * (label % 2) for label in range(CLASSES)])
    tasks = (torch.arange(CLASSES), permuted)
    weights = (1e-4 / FEATURES**0.5 * torch.randn(2, CLASSES, FEATURES)).requires_grad_()
    gates = torch.full((2,), 0.5, requires_grad=True)
    optimiser = torch.optim.SGD([{"params": [weights], "lr": 0.1 / 1000}, {"params": [gates], "lr": 0.1 / 0.5}])
    loss_of = torch.nn.CrossEntropyLoss()
    order, accuracies = torch.randperm(len(train)), []
    start = time.perf_counter()
    for step in range(STEPS):
        task = tasks[step // 1000 % 2]
        place = step * BATCH % (len(train) // BATCH * BATCH)
        if place == 0:
            order = torch.randperm(len(train))
        chosen = order[place : place + BATCH]
        outputs = torch.einsum("p,poi,bi->bo", gates, weights, train[chosen])
        loss = loss_of(outputs, task[train_labels[chosen]])
        loss = loss + 0.25 * (gates.abs().sum() - 1) ** 2 + 0.5 * torch.relu(-gates).sum()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if step % EVERY == 0:
            with torch.no_grad():
                told = torch.einsum("p,poi,bi->bo", gates, weights, test).argmax(dim=1)
                accuracies.append(float((told == task[test_labels]).float().mean()))
    seconds = time.perf_counter() - start
    assert np.isfinite(accuracies).all()
    return seconds


if __name__ == "__main__":
    main()
