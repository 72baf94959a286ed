"""`summed`: sums over short and long axes, written out or not."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatednet.arrays.rows import add, spread, summed, total
from gatednet.kernels.parts import parts_by
from gatednet.simulation import precision_of

SIZES = st.integers(1, 30)


@given(st.tuples(SIZES, st.integers(1, 3), SIZES, st.integers(1, 3)), st.sets(st.integers(-4, 2), max_size=3))
def test_sums_are_those_of_numpy(shape, axes):
    values = np.arange(np.prod(shape), dtype=np.float32).reshape(shape) % 7
    axes = {axis % 4 for axis in axes} - {3}
    np.testing.assert_array_equal(summed(jnp.asarray(values), *axes), values.sum(tuple(axes)))


def test_truth_values_are_added_as_by_numpy():
    values = jnp.asarray([[True, False, True], [False, False, True]])
    np.testing.assert_array_equal(add(list(values)), [True, False, True])


@pytest.mark.parametrize("kernel", ["vector", "xla"])
@pytest.mark.parametrize("sizes", [(3, 4), (30, 2)], ids=str)
def test_sums_and_copies_have_derivatives_of_both_modes(sizes, kernel):
    drawn = np.random.default_rng(0).normal(size=(*sizes, 5))

    def of_sum(given):
        return total((given**2, given)).sum()

    def of_copies(gate):
        return (spread(gate, sizes) ** 2 * values).sum()

    with precision_of("float64"), parts_by(kernel):
        values, gate, change = map(jnp.asarray, (drawn, drawn[0, 0], drawn[1, 1]))
        np.testing.assert_allclose(jax.grad(of_sum)(values), 2 * values + 1)
        np.testing.assert_allclose(jax.jvp(of_sum, (values,), (values,))[1], (2 * values**2 + values).sum())
        slope = 2 * gate * values.sum((0, 1))
        np.testing.assert_allclose(jax.grad(of_copies)(gate), slope)
        np.testing.assert_allclose(jax.jvp(of_copies, (gate,), (change,))[1], slope @ change)
        np.testing.assert_allclose(jax.hessian(of_copies)(gate), np.diag(2 * values.sum((0, 1))), atol=1e-12)


@pytest.mark.parametrize(("kernel", "reduced"), [("vector", False), ("xla", True)])
def test_the_slope_of_a_copy_is_written_out_beside_kernels(kernel, reduced):
    def slope(gate):
        return jax.grad(lambda gate: (spread(gate, (3, 4)) ** 2).sum())(gate)

    with parts_by(kernel):
        assert ("reduce_sum[axes=(0, 1)" in str(jax.make_jaxpr(slope)(jnp.ones(5)))) == reduced
