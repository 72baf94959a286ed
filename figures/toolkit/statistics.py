"""Means over runs and their standard errors."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import scipy.special
import xarray

# The bootstrap's own random numbers: always the same, so that a table of claims is.
_SEED = 2411_03840
_RESAMPLES = 1000
# What `averaged` keeps of runs.
STATISTICS = ("mean", "standard error")


@dataclasses.dataclass(frozen=True)
class Measurement:
    """A measured number, its standard error over runs, and how many runs it is from."""

    value: float
    standard_error: float
    runs: int

    @property
    def half_width(self) -> float:
        """Half the width of the 95 % interval, by Student's t: with few runs an error is itself not well known."""
        return self.standard_error * (float(scipy.special.stdtrit(self.runs - 1, 0.975)) if self.runs > 1 else 1.0)


def exact(value: float) -> Measurement:
    """A number that no seed can change: the result of a run without anything random in it."""
    return Measurement(float(value), 0.0, 1)


def over_seeds(values: np.ndarray, statistic: Callable[[np.ndarray], float] = np.mean) -> Measurement:
    """A statistic of runs with its standard error by bootstrap over the runs.

    `values` has the runs first, (runs, ...); `statistic` takes such an array and returns a number. The error of a
    single run is not known, and so infinite.
    """
    values = np.asarray(values, np.float64)
    runs = len(values)
    measured = float(statistic(values))
    if runs == 1 or not np.isfinite(measured):
        return Measurement(measured, np.inf, runs)

    def of_runs(chosen: np.ndarray, axis: int) -> np.ndarray:
        del axis  # Always the last one: chosen runs are (resamples, runs).
        if statistic is np.mean:
            return values.reshape(runs, -1).mean(axis=1)[chosen].mean(axis=-1)
        return np.array([statistic(values[each]) for each in np.atleast_2d(chosen)]).reshape(chosen.shape[:-1])

    # It takes half a second to import, which commands that draw nothing need not wait for.
    import scipy.stats

    # The interval is not used; the percentile method asks nothing of the statistic, other methods fail where all agree.
    result = scipy.stats.bootstrap(
        (np.arange(runs),),
        of_runs,
        n_resamples=_RESAMPLES,
        vectorized=True,
        method="percentile",
        rng=np.random.default_rng(_SEED),
    )
    # Resampled runs vary less than new ones would: the variance of n values around their own mean is n - 1 parts of n.
    return Measurement(measured, float(result.standard_error) * np.sqrt(runs / (runs - 1)), runs)


def over_batches(values: np.ndarray, starts: int) -> Measurement:
    """Mean over runs from a list of starts, each with as many sets of batches, and the error that batches make in it.

    `values` has the runs first, (runs, ...): run n is from start n modulo `starts`. The mean over all starts is known
    once for each set; with fewer than two whole sets the error is that of runs, which starts take part in.
    """
    sets = len(values) // starts
    if sets < 2:
        return over_seeds(values)
    return over_seeds(np.asarray(values, np.float64)[: sets * starts].reshape(sets, -1))


def measure(values: xarray.DataArray, statistic: Callable[[np.ndarray], float] = np.mean) -> Measurement:
    """A statistic over the dimension "seed" of values that are averaged over all other dimensions first."""
    return over_seeds(values.mean([dim for dim in values.dims if dim != "seed"]).values, statistic)


def mean_and_error(values: np.ndarray, axis: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Mean over runs and its standard error, s / sqrt(n) with s of n - 1 degrees of freedom, along an axis.

    The error of a single run is not known, and NaN.
    """
    values = np.asarray(values, np.float64)
    runs = values.shape[axis]
    mean = values.mean(axis=axis)
    if runs == 1:
        return mean, np.full_like(mean, np.nan)
    return mean, values.std(axis=axis, ddof=1) / np.sqrt(runs)


def averaged(values: xarray.DataArray) -> xarray.DataArray:
    """Mean over the dimension "seed" and its standard error, along a first dimension "statistic".

    They are in single precision, as simulated values are. Values that have "statistic" already stay as they are.
    """
    if "statistic" in values.dims:
        return values
    runs = np.ascontiguousarray(values.transpose("seed", ...).values)
    one = values.transpose("seed", ...).isel(seed=0, drop=True)
    found = np.stack(mean_and_error(runs)).astype(np.float32)
    coordinates = {"statistic": list(STATISTICS), **one.coords}
    return xarray.DataArray(found, coordinates, ("statistic", *one.dims), attrs=values.attrs)


def as_in_file(data: xarray.Dataset) -> xarray.Dataset:
    """The same data, in memory as they are when read from a file: the last digits of sums depend on the order there."""
    return data.assign({name: each.copy(data=np.ascontiguousarray(each.values)) for name, each in data.items()})
