import numpy as np
import pytest
import xarray

from gatednet.figures import figa04_measures as figa04


@pytest.mark.parametrize("apart", [1, 2])
def test_changes_are_over_two_steps_however_often_there_are_saves(apart):
    steps = np.arange(0, 9, apart)
    # Every entry of a row of four grows by the square of the step: by 4 t + 4 over two steps from t on.
    values = np.broadcast_to((steps**2.0)[:, None, None], (len(steps), 3, 4))[None]
    second = xarray.DataArray(values, {"seed": [0], "step": steps}, ("seed", "step", "output", "unit"))
    change = figa04.change(second)
    begun = steps[steps <= 6]
    np.testing.assert_array_equal(change.step, begun)
    np.testing.assert_allclose(change[0], 2 * (2.0 * begun + 2))
