"""`summed`: sums over short and long axes, written out or not."""

import jax.numpy as jnp
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gatednet.arrays.rows import summed

SIZES = st.integers(1, 30)


@given(st.tuples(SIZES, st.integers(1, 3), SIZES, st.integers(1, 3)), st.sets(st.integers(-4, 2), max_size=3))
def test_sums_are_those_of_numpy(shape, axes):
    values = np.arange(np.prod(shape), dtype=np.float32).reshape(shape) % 7
    axes = {axis % 4 for axis in axes} - {3}
    np.testing.assert_array_equal(summed(jnp.asarray(values), *axes), values.sum(tuple(axes)))
