"""Times counted in steps."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

# What outlasts every run is as long as this, in steps: they are counted in 32 bits, and twice this is no number there.
MOST_STEPS = 2**30


# How a length of time comes to whole steps.
ROUNDINGS = ("nearest", "floor")


def steps_of(time: Any, dt: Any, least: int = 1, rounding: str = "nearest") -> np.ndarray:
    """A length of time in whole steps, at least `least` of them; `time` and `dt` broadcast, in double precision.

    With the rounding "floor" it is Python's `time // dt`, which is one step less where the nearest double of dt is
    above its decimal number: 1 // .001 is 999, and 1 // .01 is 99. So the authors' released code counts blocks.
    """
    time, dt = np.asarray(time, np.float64), np.asarray(dt, np.float64)
    # More steps than floats can count are as many as there may be.
    with np.errstate(over="ignore", invalid="ignore"):
        steps = np.rint(time / dt)
        if rounding == "floor":
            steps = np.where(np.isfinite(steps), np.floor_divide(time, dt), steps)
    return np.asarray(np.clip(steps, least, MOST_STEPS), np.int32)


def steps_between(steps: int, most: int) -> int:
    """The smallest number of steps that divides a run into at most `most` parts."""
    least = -(-steps // most)
    small = [each for each in range(1, math.isqrt(steps) + 1) if steps % each == 0]
    return min(each for pair in small for each in (pair, steps // pair) if each >= least)
