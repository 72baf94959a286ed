"""What overlap of tasks does to verdicts, forgetting and sums, measured in the stores of open question 1."""

from __future__ import annotations

import numpy as np
import xarray

from gatednet.figures.toolkit.boundary import gain, late_times, pair_specialization, reaches, share
from gatednet.figures.toolkit.describe import described
from gatednet.figures.toolkit.forgetting import forgotten
from gatednet.figures.toolkit.specialization import SPECIALIZED
from gatednet.sweeps.catalog.open1 import BATCH_RATIO, DURATION
from gatednet.sweeps.store.store import Store

# A run counts as specialized from half of what its teachers allow, for the boundary; for a verdict as in Figure 2.
HALF, FORGETFUL = 0.5, SPECIALIZED / 2
# Figure 5's level of total alignment, and the correlation from which on verdicts without ρ are said to be wrong.
LEVEL, WRONG_FROM = 0.8, 0.3
CRITERION = 0.1
# Blocks at the end of runs that are looked at.
LATE_BLOCKS, LATE_SWITCHES = 2, 4


def of_map(data: xarray.Dataset) -> xarray.Dataset:
    """Boundaries, shares of wrong verdicts, and times to the criterion, of the map.

    `relative` (length, correlation, ratio) is the mean over seeds, to two digits. `reach` (time, length, correlation,
    seed) is the τ_c/τ_w up to which runs are half specialized or more, after half of the run and at its end.
    """
    order = ("relative_length", "correlation", "ratio", "seed")
    relative, raw, total = (
        data[name].transpose(*order, ...).values.astype(np.float64)
        for name in ("relative_specialization", "specialization", "total_alignment")
    )
    total = total[..., -1]
    lengths, correlations, ratios = (data[name].values for name in order[:3])
    halfway = data.alignment.isel(step=data.sizes["step"] // 2).transpose(*order, "task", "path").values
    half = pair_specialization(halfway) / (1 - correlations[:, None, None])
    times = late_times(data.time_to_criterion.transpose(*order, "block"), LATE_BLOCKS)
    overlapping = correlations >= WRONG_FROM
    flexible, forgetful = relative >= SPECIALIZED, relative < FORGETFUL
    fast, slow, near = 0, -1, int(np.abs(ratios - BATCH_RATIO).argmin())
    of_run = ("correlation", "seed")
    variables = {
        "relative": (("length", "correlation", "ratio"), relative.mean(axis=-1).round(2), "relative specialization"),
        "reach": (
            ("time", "length", "correlation", "seed"),
            np.stack([reaches(each >= HALF, ratios) for each in (half, relative)]),
            "τ_c/τ_w up to which runs specialize, in halves of the run",
        ),
        "raw_flexible": (
            ("seed",),
            share((raw >= SPECIALIZED)[:, overlapping], flexible[:, overlapping]),
            "of flexible runs with overlap, the share that raw specialization calls flexible",
        ),
        "aligned_forgetful": (
            ("seed",),
            share((total >= LEVEL)[:, overlapping], forgetful[:, overlapping]),
            "of forgetful runs with overlap, the share with a total alignment above Figure 5's level",
        ),
        "raw": (of_run, raw[-1, :, fast], "specialization with the longest blocks and the fastest gates"),
        "normalised": (of_run, relative[-1, :, fast], "the same over what ρ allows"),
        "unspecialized": (of_run, total[0, :, slow], "total alignment with the shortest blocks and the slowest gates"),
        "criterion": (
            of_run,
            np.where(flexible[-1, :, near], times[-1, :, near], np.nan),
            "time to the criterion of flexible runs with the longest blocks, over τ_w",
        ),
        "gain": (("seed",), gain(times, flexible, forgetful), "time of forgetful over that of flexible runs"),
    }
    coordinates = {
        "time": [DURATION / 2, DURATION],
        "length": ("length", lengths, described("τ_B / τ_w")),
        "correlation": ("correlation", correlations, described("cosine ρ of the teachers' rows")),
        "ratio": ("ratio", ratios, described("τ_c / τ_w")),
        "seed": data.seed.values,
    }
    named = {
        name: (dims, values.astype(np.float32), described(what)) for name, (dims, values, what) in variables.items()
    }
    return xarray.Dataset(named, coordinates, {"criterion_ratio": float(ratios[near])})


def of_forgetting(data: xarray.Dataset) -> xarray.Dataset:
    """Forgetting over late switches, (gates, regime, similarity, curve_seed), and the less open gate at block ends."""
    order = ("regime", "correlation", "seed")
    gates, weights = (
        data[name].transpose("step", *order, "path", ...).values.astype(np.float64) for name in ("gates", "weights")
    )
    teachers = data.teachers.isel(step=0).transpose(*order, "task", ...).values.astype(np.float64)
    kept, own = forgotten(gates, weights, teachers, LATE_SWITCHES)
    dims = ("regime", "similarity", "curve_seed")
    return xarray.Dataset(
        {
            "forgetting": (
                ("gates", *dims),
                np.stack([kept, own]).astype(np.float32),
                described("loss of a task after a block of the other one less that before it"),
            ),
            "second_gate": (
                dims,
                gates[-2:].min(axis=-1).max(axis=0).astype(np.float32),
                described("the less open gate at the end of a block, of the last two the larger"),
            ),
        },
        {"gates": ["kept", "own"], "regime": data.regime.values, "similarity": data.correlation.values},
    )


def of_typical(data: xarray.Dataset) -> xarray.Dataset:
    """Forgetting with kept gates of the runs from other seeds, (similarity, other_seed)."""
    found = of_forgetting(data).forgetting.sel(gates="kept").isel(regime=0, drop=True)
    return found.drop_vars("gates").rename(curve_seed="other_seed").to_dataset(name="typical")


def of_sums(store: Store) -> xarray.Dataset:
    """Time until the first sum is met: until its loss is a tenth of that at the switch, over τ_w; a block at most."""
    data, experiment = store.dataset().load(), store.sweep.experiment
    order = ("regime", "correlation", "seed")
    switch = experiment.steps - experiment.block_steps
    losses = data.loss_every_step.isel(every_step=slice(switch, None)).transpose(*order, "every_step").values
    met = losses < CRITERION * losses[..., :1]
    steps = np.where(met.any(axis=-1), met.argmax(axis=-1), losses.shape[-1])
    time = steps * experiment.dt / experiment.timescales.weights
    named = described("time until the loss of a sum is a tenth of that at the switch", "time constant of the weights")
    squares = (data.gates.sel(step=switch).transpose(*order, "path").values ** 2).sum(axis=-1)
    pace = described("sum of the squares of the gates at the switch, which the pace of the weights is in proportion to")
    coordinates = {"regime_of_sums": data.regime.values, "overlap": data.correlation.values}
    dims = ("regime_of_sums", "overlap", "curve_seed")
    return xarray.Dataset(
        {"sum_time": (dims, time.astype(np.float32), named), "pace": (dims, squares, pace)}, coordinates
    )


def of_batches(data: xarray.Dataset, whole: xarray.Dataset) -> xarray.Dataset:
    """Relative specialization of a few cells, with batches and with the population, (inputs, cell..., seed)."""
    order = ("relative_length", "correlation", "seed")
    ours = data.relative_specialization.transpose(*order)
    cells = whole.relative_specialization.sel(ratio=BATCH_RATIO, method="nearest")
    cells = cells.sel(relative_length=ours.relative_length, correlation=ours.correlation, method="nearest")
    values = np.stack([ours.values, cells.transpose(*order).values]).astype(np.float32)
    dims = ("inputs", "batch_length", "batch_correlation", "seed")
    coordinates = {
        "inputs": ["batches", "population"],
        "batch_length": ours.relative_length.values,
        "batch_correlation": ours.correlation.values,
    }
    return xarray.Dataset({"of_batches": (dims, values, described("relative specialization"))}, coordinates)


def predicted_time(correlation: np.ndarray, ratio: float) -> np.ndarray:
    """Time to the criterion of a specialized network over τ_w: ½ (τ_c/τ_w) ln((1 - ρ)/.1)/(1 - ρ), at least 0."""
    apart = 1 - np.asarray(correlation, np.float64)
    return 0.5 * ratio * np.log(np.maximum(apart / CRITERION, 1.0)) / apart
