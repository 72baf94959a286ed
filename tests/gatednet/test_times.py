"""Times in steps: lengths of time are rounded, and saves divide a run."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gatednet.times import MOST_STEPS, steps_between, steps_of


@given(st.integers(1, 100_000), st.integers(1, 2000))
def test_steps_between_saves_are_the_fewest_that_divide_a_run(steps: int, most: int) -> None:
    found = steps_between(steps, most)
    assert steps % found == 0
    assert steps // found <= most
    assert not any(steps % each == 0 and steps // each <= most for each in range(1, found))


def test_times_are_rounded_to_steps_and_kept_in_32_bits() -> None:
    # 999.9999999999999 in floating point, and 1000 steps all the same.
    assert int(steps_of(1.0, 0.001)) == 1000
    assert steps_of([0.0, 1e12, 1e308], 0.1).tolist() == [1, MOST_STEPS, MOST_STEPS]
    assert steps_of(1.0, np.array([0.5, 0.3])).tolist() == [2, 3]


def test_floors_of_times_are_those_of_the_released_code() -> None:
    # In floats .001 and .01 are above their decimal numbers, and .1 is so, too.
    assert steps_of(1.0, [0.001, 0.01, 0.1, 0.03], rounding="floor").tolist() == [999, 99, 9, 33]
    assert steps_of([0.0, 1e12, 1e308], 0.1, rounding="floor").tolist() == [1, MOST_STEPS, MOST_STEPS]


@given(st.floats(1e-3, 1e3), st.floats(1e-4, 1e-3))
def test_floors_are_those_of_python(time: float, dt: float) -> None:
    assert int(steps_of(time, dt, rounding="floor")) == int(time // dt)
