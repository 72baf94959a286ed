"""Runs from the published starts: their means over the ten starts, which vary from one set of batches to the next."""

from __future__ import annotations

import numpy as np
import xarray

from gatednet.figures.toolkit.statistics import Measurement, over_seeds
from gatednet.sweeps.catalog.published import STARTS

# Why claims about means over the published starts are as wide as they are.
WHY_BATCHES = "starts, teachers and blocks are the published ones, and batches others"


def over_starts(values: xarray.DataArray) -> xarray.DataArray:
    """Means over the published starts: "seed" becomes "batches", the number of the set of batches.

    Seeds are in the order of `gatednet.sweeps.catalog.published.seeds`. A last set that is not whole is left out, and
    in a store of fewer seeds than there are starts every run is a set of its own.
    """
    seeds = values.seed.values
    sets = seeds // STARTS if len(seeds) >= STARTS else seeds
    whole = STARTS if len(seeds) >= STARTS else 1
    found = [each for each in np.unique(sets) if np.sum(sets == each) == whole]
    means = [values.isel(seed=np.flatnonzero(sets == each)).mean("seed", keep_attrs=True) for each in found]
    return xarray.concat(means, "batches", combine_attrs="override").transpose("batches", ...)


def difference(sets: np.ndarray, table: np.ndarray) -> float:
    """Mean absolute difference of the mean over sets of batches, (sets, ...), to the numbers of a published table."""
    return float(np.nanmean(np.abs(sets.mean(axis=0) - table)))


def share_farther(sets: np.ndarray, numbers: np.ndarray) -> Measurement:
    """The share of sets of batches that are farther from the mean of the others than some numbers from that of all.

    The distance is the mean absolute difference. Numbers of one more set have a share that is uniform from 0 to 1.
    """
    count = len(sets)
    others = (sets.sum(axis=0) - sets) / max(count - 1, 1)
    apart = np.abs(sets - others).reshape(count, -1).mean(axis=1)
    return over_seeds((apart >= difference(sets, numbers)).astype(float))
