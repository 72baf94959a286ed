"""Second moments of Gaussian batches, drawn without the batch.

For a batch X of B rows x ~ N(0, I) the matrix B Σ = Xᵀ X follows Wishart(I, B). Bartlett's decomposition (Anderson, An
Introduction to Multivariate Statistical Analysis, section 7.2) draws it as L Lᵀ: L is triangular, its entries off the
diagonal are standard normal, and its i-th diagonal entry is a chi variate with B - i degrees of freedom. That takes
d(d+1)/2 variates in place of B d.
"""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from gatednet.kernels.parts import each
from gatednet.random.threefry import horner, normals, normals_at, powers

# A chi variate is a polynomial of one normal variate, fitted to the exact quantile map over this range.
_DEGREE = 9
_RANGE = 7.0
# Below this many degrees of freedom the fit is worse than single precision, and the squares are summed instead.
FEWEST_FITTED = 40


@functools.cache
def chi_fit(degrees: int) -> np.polynomial.Chebyshev:
    """The polynomial that turns a standard normal variate into a chi variate with `degrees` degrees of freedom."""
    # It takes a tenth of the time of all imports, and few need it.
    import scipy.special

    nodes = _RANGE * np.cos(np.pi * (np.arange(401) + 0.5) / 401)
    # Half the square of a chi variate is a gamma variate whose shape is half the degrees of freedom. Each half of the
    # nodes comes from its own tail, where the probability is small and so exact.
    lower = scipy.special.gammaincinv(degrees / 2, scipy.special.ndtr(nodes))
    upper = scipy.special.gammainccinv(degrees / 2, scipy.special.ndtr(-nodes))
    return np.polynomial.Chebyshev.fit(nodes, np.sqrt(2 * np.where(nodes < 0, lower, upper)), _DEGREE)


# Two squares of normal variates hold the triangles of this many steps: their lower and their upper ones.
STEPS_PER_DRAW = 4


def draw_squares(key: Array, group: Array, inputs: int) -> Array:
    """The normal variates of steps 4 group, ..., 4 group + 3: (2, inputs, inputs + 2, runs).

    They are two squares; the two further columns of each are for the diagonals of its two triangles. `key` is (2,
    runs), `group` a scalar.
    """
    return normals(key, group, (STEPS_PER_DRAW // 2, inputs, inputs + 2))


def bartlett_factor(squares: Array, place: Array, chi_of_few: Array | None, batch: int) -> Array:
    """A factor F of the second moment of a batch, with F Fᵀ distributed as Wishart(I, batch) / batch.

    `place`, from 0 to 3, says which of the four steps of `squares` it is for, `batch` is at least the number of
    inputs, and `chi_of_few` is that of `chi_of_few_degrees`. Returns (inputs, inputs, runs), lower triangular at even
    places and upper triangular at odd ones: the distribution does not change when the order of the inputs is
    reversed, which turns the one into the other and the degrees of freedom of the diagonal around.
    """
    square, lower = squares[place // 2], place % 2 == 0
    inputs = square.shape[0]
    diagonal = _chi_variates(jnp.where(lower, square[:, inputs], square[:, inputs + 1]), batch)
    if chi_of_few is not None:
        diagonal = jnp.concatenate([diagonal[: inputs - chi_of_few.shape[1]], chi_of_few[place]])
    diagonal = jnp.where(lower, diagonal, diagonal[::-1])
    row, column = np.indices((inputs, inputs))[..., None]
    inside = jnp.where(lower, column < row, column > row)
    # A select for each entry, and no gather: runs stay where they are.
    entries = jnp.where(inside, square[:, :inputs], jnp.where(column == row, diagonal[:, None], np.float32(0)))
    return entries * np.float32(1.0 / np.sqrt(batch))


def _chi_variates(normal: Array, batch: int) -> Array:
    """Chi variates with batch, batch - 1, ... degrees of freedom, from as many normal variates, (inputs, runs)."""
    # All polynomials in one pass: a vector of coefficients for each power.
    fits = [chi_fit(max(batch - row, FEWEST_FITTED)) for row in range(normal.shape[0])]
    return horner(np.array([powers(fit) for fit in fits]).T[:, :, None], normal)


def chi_of_few_degrees(key: Array, group: Array, inputs: int, batch: int) -> Array | None:
    """The chi variates with fewer degrees of freedom than are fitted, of the four steps of a group; None for none.

    They are roots of sums of squares, (4, few, runs), and belong to the last `few` rows of the triangle.
    """
    few = [batch - row for row in range(inputs) if batch - row < FEWEST_FITTED]
    if not few:
        return None
    most, number = few[0], len(few)

    def chi(place: Array, key: Array, counter: Array) -> Array:
        degrees = most - place % number

        def one_more(term: Array, summed: Array) -> Array:
            # Where a processor adds a product in one operation, every compiler does: the bits are the same in all.
            more = summed + normals_at(key, counter, place * most + term) ** 2
            return jnp.where(term < degrees, more, summed)

        none = jnp.zeros(jnp.broadcast_shapes(place.shape, key.shape[1:]), jnp.float32)
        return jnp.sqrt(jax.lax.fori_loop(np.int32(0), np.int32(most), one_more, none))

    counter = group | np.uint32(1 << 31)  # no group is so large, so these variates are used nowhere else
    drawn = each(chi, STEPS_PER_DRAW * number, key, counter)
    return drawn.reshape(STEPS_PER_DRAW, number, key.shape[1])
