"""Sensitivities of the final alignment to settings, by differences of runs and by gradients (open question 6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import xarray

from gatednet import Experiment, final, with_values
from gatednet.experiment import paths
from gatednet.figures.toolkit.boundary import reaches
from gatednet.figures.toolkit.describe import described, settings_line
from gatednet.sweeps.catalog.open6 import (
    BATCH_LENGTH,
    BATCH_RATIO,
    SETTINGS,
    SHARE,
    SHARE_OF_BLOCKS,
    SHARE_OF_LENGTHS,
    SHARE_WITH_BATCHES,
    UNCHANGED,
)
from gatednet.sweeps.store.store import Store

# Names of the settings and of their symbols, in the order of the maps; those that can be traced have their path.
SYMBOLS = {
    "gates": "τ$_c$",
    "weights": "τ$_w$",
    "lengths": "τ$_B$",
    "blocks": "blocks",
    "overlap": "1 - ρ",
    "norm": "λ$_{norm}$",
    "nonnegativity": "λ$_{nonneg}$",
    "scale": "σ",
    "start": "c(0)",
}
NAMES = dict(
    zip(SETTINGS, ("weights", "norm", "nonnegativity", "scale", "start", "overlap"), strict=True),
)
# Settings in which runs are differentiated by reverse mode, at the cells with this length of blocks, and for how many
# seeds. Those at paths of the start or the teachers would take longer, since such runs are not reduced.
TRACED = {"gates": "timescales.gates", **{NAMES[path]: path for path in SETTINGS[:3]}}
MIDDLE, CHECKED_SEEDS = 4.0, 8
HALF = 0.5
# By how much sensitivities are allowed to peak beside the boundary, as a factor in τ_c/τ_w.
BESIDE = 1.5


def measured(stores: Mapping[str, Store]) -> xarray.Dataset:
    """Sensitivities from differences of runs, sums of them, and gradients to compare with.

    `sensitivity` (setting, length, ratio) is that of the total alignment, mean over seeds; `strength` (length, ratio,
    seed) the sum of the absolute sensitivities of a run. `moved` (measure, setting, length, seed) is the integral of
    sensitivities over ln τ_c/τ_w, of total alignment and of relative specialization. `gradient` and `difference`
    (traced, ratio, checked) are sensitivities by both ways at the cells with blocks of `MIDDLE` τ_w.
    """
    unchanged = stores["open6-settings-less"].dataset().sel(setting=UNCHANGED)
    lengths, ratios, seeds = (unchanged[name].values for name in ("relative_length", "ratio", "seed"))
    whole = {name: at_end(unchanged, name) for name in ("total_alignment", "relative_specialization")}
    found = {name: np.stack([*sensitivities(stores, name).values()]) for name in whole}
    alignment = found["total_alignment"]
    step = float(np.log(ratios[1] / ratios[0]))
    by = dict(zip(SYMBOLS, alignment, strict=True))
    explicit = at_end(stores["open6-explicit"].dataset(), "total_alignment")
    checked = seeds[:CHECKED_SEEDS]
    middle = int(np.abs(lengths - MIDDLE).argmin())
    cell = with_values(
        stores["open6-gates-less"].sweep.experiment,
        {
            "curriculum.block_length": float(lengths[middle])
            * stores["open6-gates-less"].sweep.experiment.timescales.weights
        },
    )
    chattering = [at_end(stores[f"open6-explicit-{sign}"].dataset(), "total_alignment") for sign in ("less", "more")]
    apart = np.abs(slope(chattering, SHARE) - by["gates"]).mean(axis=(1, 2))
    reach = reaches(whole["relative_specialization"] >= HALF, ratios)
    near = np.abs(np.log(ratios / np.exp(np.log(reach).mean(axis=-1, keepdims=True)))) <= np.log(BESIDE)
    cells, runs = ("length", "ratio"), ("length", "seed")
    variables = {
        "alignment": (cells, whole["total_alignment"].mean(axis=-1), "total alignment at the end"),
        "relative": (cells, whole["relative_specialization"].mean(axis=-1), "relative specialization at the end"),
        "explicit": (cells, explicit.mean(axis=-1), "total alignment with explicit constraints"),
        "explicit_gap": (
            ("seed",),
            np.abs(explicit - whole["total_alignment"]).mean(axis=(0, 1)),
            "difference of total alignment with explicit constraints, mean over cells",
        ),
        "sensitivity": (
            ("setting", *cells),
            alignment.mean(axis=-1),
            "sensitivity of the total alignment, d A / d ln θ",
        ),
        "strength": ((*cells, "seed"), np.abs(alignment).sum(axis=0), "sum of the absolute sensitivities of a run"),
        "moved": (
            ("measure", "setting", *runs),
            step * np.stack([each.sum(axis=2) for each in found.values()]),
            "integral of sensitivities over ln τ_c/τ_w",
        ),
        "reach": (
            runs,
            reach,
            "τ_c/τ_w up to which runs are half specialized or more",
        ),
        "moved_near": (
            ("setting", *runs),
            step * (found["relative_specialization"] * near[..., None]).sum(axis=2),
            "integral of the sensitivities of relative specialization within a factor of 1.5 of the boundary",
        ),
        "largest": (
            ("length",),
            np.abs(found["relative_specialization"][0]).max(axis=(1, 2)),
            "largest sensitivity of the relative specialization of a run to τ_c",
        ),
        "chatter": (
            ("length",),
            apart / np.abs(by["gates"]).mean(axis=(1, 2)),
            "difference of sensitivities to τ_c with explicit constraints over those with implicit ones",
        ),
        "unbalanced": (
            runs,
            np.abs(by["gates"] + by["weights"] + by["lengths"]).mean(axis=1),
            "sum of the sensitivities to all times, absolute, mean over τ_c/τ_w",
        ),
        "of_gates": (runs, np.abs(by["gates"]).mean(axis=1), "absolute sensitivity to τ_c, mean over τ_c/τ_w"),
        "difference": (
            ("traced", "ratio", "checked"),
            np.stack([by[name][middle, :, : len(checked)] for name in TRACED]),
            "sensitivity by differences",
        ),
        "gradient": (("traced", "ratio", "checked"), gradients(cell, ratios, checked), "sensitivity by gradients"),
        "batches": (
            ("inputs", "seed"),
            of_batches(stores, by["gates"], lengths, ratios),
            "sensitivity to τ_c of a cell",
        ),
    }
    coordinates = {
        "setting": list(SYMBOLS),
        "measure": list(whole),
        "length": ("length", lengths, described("τ_B / τ_w")),
        "ratio": ("ratio", ratios, described("τ_c / τ_w")),
        "seed": seeds,
        "traced": list(TRACED),
        "checked": checked,
        "inputs": ["batches", "population"],
    }
    named = {
        name: (dims, values.astype(np.float32), described(what)) for name, (dims, values, what) in variables.items()
    }
    settings = [
        f"{name}: {settings_line(stores[name].sweep.experiment)}, constraints {how}"
        for name, how in (
            ("open6-settings-less", "implicit"),
            ("open6-explicit", "explicit"),
            ("open6-batches", "implicit"),
        )
    ]
    return xarray.Dataset(named, coordinates, {"settings": settings})


def at_end(data: xarray.Dataset, name: str) -> np.ndarray:
    """A measure at the end of runs, (lengths, ratios, ..., seeds)."""
    values = data[name].isel(step=-1) if "step" in data[name].dims else data[name]
    return values.transpose("relative_length", "ratio", ..., "seed").values.astype(np.float64)


def sensitivities(stores: Mapping[str, Store], name: str) -> dict[str, np.ndarray]:
    """Central differences of a measure over those of ln θ, (lengths, ratios, seeds), by setting as in `SYMBOLS`."""
    ends = {
        kind: tuple(at_end(stores[f"open6-{kind}-{sign}"].dataset(), name) for sign in ("less", "more"))
        for kind in ("settings", "gates", "lengths", "blocks")
    }
    found = {
        kind: slope(ends[kind], share)
        for kind, share in (("gates", SHARE), ("lengths", SHARE_OF_LENGTHS), ("blocks", SHARE_OF_BLOCKS))
    }
    order = [str(each) for each in stores["open6-settings-less"].dataset().setting.values]
    found |= {
        NAMES[path]: slope([each[:, :, order.index(path)] for each in ends["settings"]], SHARE) for path in SETTINGS
    }
    return {each: found[each] for each in SYMBOLS}


def slope(ends: Sequence[np.ndarray], share: float) -> np.ndarray:
    """The slope of values by ln θ, from those where θ is smaller by a share, and where it is larger."""
    less, more = ends
    return (more - less) / float(np.log((1 + share) / (1 - share)))


def gradients(cell: Experiment, ratios: np.ndarray, seeds: np.ndarray) -> np.ndarray:
    """Sensitivities by reverse mode, of the settings in `TRACED`, (settings, ratios, seeds), in double precision."""
    weights = cell.timescales.weights
    values = {path: paths(cell)[path] for path in TRACED.values()}

    def aligned(logs: dict[str, Any], start: dict[str, Any], seed: Any) -> Any:
        numbers = {path: start[path] * jnp.exp(logs[path]) for path in start}
        return final(cell, numbers, ("total_alignment",), seed)["total_alignment"]

    with jax.enable_x64(True):
        start = {path: jnp.full(len(ratios), value) for path, value in values.items()}
        start["timescales.gates"] = jnp.asarray(ratios * weights)
        logs = {path: jnp.zeros(len(ratios)) for path in start}
        of_cells = jax.vmap(jax.grad(aligned), (0, 0, None))
        found = jax.jit(jax.vmap(of_cells, (None, None, 0)))(logs, start, jnp.asarray(seeds))
        return np.stack([np.asarray(found[path]).T for path in TRACED.values()])


def of_batches(stores: Mapping[str, Store], gates: np.ndarray, lengths: np.ndarray, ratios: np.ndarray) -> np.ndarray:
    """Sensitivity to τ_c at one cell, with batches and with the population, (inputs, seeds)."""
    data = stores["open6-batches"].dataset().total_alignment.isel(step=-1)
    faster, slower = (data.sel(gates=name).values.astype(np.float64) for name in ("faster", "slower"))
    length, ratio = (int(np.abs(of - at).argmin()) for of, at in ((lengths, BATCH_LENGTH), (ratios, BATCH_RATIO)))
    return np.stack([slope([faster, slower], SHARE_WITH_BATCHES), gates[length, ratio]])
