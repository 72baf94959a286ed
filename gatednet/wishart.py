"""Second moments of Gaussian batches, drawn without the batch.

For a batch X of B rows x ~ N(0, I) the matrix B Σ = Xᵀ X follows Wishart(I, B). Bartlett's decomposition (Anderson, An
Introduction to Multivariate Statistical Analysis, section 7.2) draws it as L Lᵀ: L is triangular, its entries off the
diagonal are standard normal, and its i-th diagonal entry is a chi variate with B - i degrees of freedom. That takes
d(d+1)/2 variates in place of B d.
"""

from __future__ import annotations

import functools

import jax.numpy as jnp
import numpy as np
import scipy.special
import scipy.stats
from jax import Array

from gatednet.random import normal_pairs

# A chi variate is a polynomial of one normal variate, fitted to the exact quantile map over this range.
_DEGREE = 9
_RANGE = 7.0
# Below this many degrees of freedom the fit is worse than single precision, and the squares are summed instead.
FEWEST_FITTED = 40


@functools.cache
def chi_fit(degrees: int) -> np.polynomial.Chebyshev:
    """The polynomial that turns a standard normal variate into a chi variate with `degrees` degrees of freedom."""
    nodes = _RANGE * np.cos(np.pi * (np.arange(401) + 0.5) / 401)
    # Each half from its own tail, where the probability is small and so exact.
    lower = scipy.stats.chi.ppf(scipy.special.ndtr(nodes), degrees)
    upper = scipy.stats.chi.isf(scipy.special.ndtr(-nodes), degrees)
    return np.polynomial.Chebyshev.fit(nodes, np.where(nodes < 0, lower, upper), _DEGREE)


def bartlett_factor(key: Array, step: Array, inputs: int, batch: int) -> Array:
    """A factor F of the second moment of a batch, with F Fᵀ distributed as Wishart(I, batch) / batch.

    `key` is (2, runs), `step` a scalar counter, `batch` at least `inputs`. Returns (inputs, inputs, runs), lower
    triangular. The triangle comes from a rectangle of (inputs + 1) // 2 rows: each holds a long row of the triangle from
    its left and a short one, reversed, from its right.
    """
    height = (inputs + 1) // 2
    width = inputs + 1 - inputs % 2
    half = (height + 1) // 2
    first, second = normal_pairs(key, step, (half, width))

    rows: list[Array] = []
    for row in range(inputs):
        long = row >= inputs - height
        place = row - (inputs - height) if long else inputs - height - 1 - row
        rectangle = first[place] if place < half else second[place - half]
        rows.append(rectangle[:inputs] if long else rectangle[::-1][:inputs])

    diagonal = _chi_variates(key, step, jnp.stack([rows[row][row] for row in range(inputs)]), batch)
    column = np.arange(inputs)[:, None]
    triangle = jnp.stack(
        [
            jnp.where(column < row, rows[row], jnp.where(column == row, diagonal[row], np.float32(0)))
            for row in range(inputs)
        ]
    )
    return triangle * np.float32(1.0 / np.sqrt(batch))


def _chi_variates(key: Array, step: Array, normal: Array, batch: int) -> Array:
    """Chi variates with batch, batch - 1, ... degrees of freedom, from as many normal variates, (inputs, runs)."""
    degrees = [batch - row for row in range(normal.shape[0])]
    few = [each for each in degrees if each < FEWEST_FITTED]
    fitted = degrees[: len(degrees) - len(few)]
    parts = []
    if fitted:
        # All polynomials in one pass: a vector of coefficients for each power.
        table = np.array([chi_fit(each).convert(kind=np.polynomial.Polynomial).coef for each in fitted], np.float32)
        z = normal[: len(fitted)]
        value = jnp.broadcast_to(table[:, -1:], z.shape)
        for power in range(_DEGREE - 1, -1, -1):
            value = value * z + table[:, power, None]
        parts.append(value)
    if few:
        squares = jnp.concatenate([v**2 for v in normal_pairs(key, step | np.uint32(1 << 31), (len(few), few[0]))])
        kept = np.arange(squares.shape[1])[:, None] < np.array(few)[:, None, None]
        parts.append(jnp.sqrt(jnp.sum(squares[: len(few)] * kept, axis=1)))
    return jnp.concatenate(parts)
