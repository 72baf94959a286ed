"""The LQ decomposition by kernels and by LAPACK, against each other and against what it has to be."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gatednet.arrays.lq import lq, orthonormal
from gatednet.engine.compiler import compiler_options
from gatednet.kernels.parts import parts_by
from gatednet.simulation import precision_of

pytestmark = pytest.mark.optimized
PRECISIONS = {"float32": 2e-6, "float64": 1e-14}


def assert_orthonormal(rows, tolerance):
    expected = np.broadcast_to(np.eye(rows.shape[-2]), (*rows.shape[:-1], rows.shape[-2]))
    np.testing.assert_allclose(rows @ transposed(rows), expected, atol=tolerance)


def by(kernel, function, *given):
    """A function mapped over the first axis, as draws are, in float64 after it was computed."""
    with parts_by(kernel):
        found = jax.jit(jax.vmap(function), compiler_options=compiler_options())(*given)
    return jax.tree.map(lambda each: np.asarray(each, np.float64), found)


def transposed(matrices):
    return np.swapaxes(matrices, -1, -2)


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("kernel", ["vector", "xla"])
@pytest.mark.parametrize("shape", [(20, 20), (4, 200), (3, 13), (4, 49), (1, 5), (5, 3), (1, 1)])
def test_factors_are_those_of_numpy(shape, kernel, precision):
    number, size = shape
    matrices = np.random.default_rng(0).normal(size=(11, *shape))
    with precision_of(precision) as dtype:
        coefficients, rows = by(kernel, lq, jnp.asarray(matrices, dtype))
        matrices = matrices.astype(dtype).astype(np.float64)
        tolerance = PRECISIONS[precision]
        np.testing.assert_allclose(coefficients @ rows, matrices, atol=3 * tolerance)
        assert_orthonormal(rows, tolerance)
        if number <= size:
            expected, upper = np.linalg.qr(transposed(matrices))
            signs = np.sign(np.diagonal(upper, axis1=-2, axis2=-1))
            # Of some of these matrices the condition number is 300.
            np.testing.assert_allclose(rows, transposed(expected * signs[:, None]), atol=500 * tolerance)
            assert (coefficients == np.tril(coefficients)).all()
            alone = by(kernel, orthonormal, jnp.asarray(matrices, dtype))
            np.testing.assert_allclose(alone, rows, atol=500 * tolerance)
            assert_orthonormal(alone, tolerance)


@pytest.mark.parametrize("near", [1e-1, 1e-3, 1e-5, 1e-6, 1e-7])
def test_rows_are_orthonormal_however_near_the_vectors_are(near):
    rng = np.random.default_rng(1)
    matrices = (rng.normal(size=(64, 1, 20)) + near * rng.normal(size=(64, 20, 20))).astype(np.float32)
    rows = by("vector", orthonormal, matrices)
    assert_orthonormal(rows, 2e-6)


@pytest.mark.parametrize("kernel", ["vector", "xla"])
@pytest.mark.parametrize("scale", [1.0, 1e-30, 1e30])
def test_vectors_that_depend_on_others_are_sums_of_them(scale, kernel):
    first, second = np.random.default_rng(2).normal(size=(2, 16, 12))
    zero = np.zeros_like(first)
    for others in ([first, first], [zero, first], [first, -2 * first], [first, second, first + second, second]):
        matrices = (scale * np.stack(others, 1)).astype(np.float32)
        coefficients, rows = by(kernel, lq, matrices)
        np.testing.assert_allclose(coefficients @ rows, matrices, atol=4e-6 * scale)


def test_rows_of_vectors_that_depend_on_others_are_zero_or_orthogonal_to_them():
    first, second = np.random.default_rng(2).normal(size=(2, 16, 12))
    matrices = np.stack([first, first, np.zeros_like(first), second], 1).astype(np.float32)
    _, rows = by("vector", lq, matrices)
    inner = rows @ transposed(rows)
    lengths = np.diagonal(inner, axis1=-2, axis2=-1)
    np.testing.assert_allclose(inner, np.round(lengths)[..., None] * np.eye(4), atol=1e-6)
    np.testing.assert_array_equal(np.round(lengths)[:, [0, 2, 3]], np.tile([1, 0, 1], (16, 1)))


@pytest.mark.parametrize("number", [1, 3, 8, 16])
def test_bits_do_not_depend_on_how_matrices_are_mapped_over(number):
    matrices = np.random.default_rng(3).normal(size=(number, 2, 4, 10)).astype(np.float32)
    nested = by("vector", jax.vmap(lq), matrices)
    with_axes = by("vector", lq, matrices)
    alone = [by("vector", lq, one) for one in matrices]
    for place in range(2):
        np.testing.assert_array_equal(nested[place], with_axes[place])
        np.testing.assert_array_equal(nested[place], np.stack([each[place] for each in alone]))
