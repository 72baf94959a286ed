"""Second moments of Gaussian batches have the law of Wishart(I, batch) / batch, however they are drawn."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.special
import scipy.stats

from gatednet import (
    Experiment,
    Fixed,
    GatedLinear,
    Gaussian,
    Initial,
    Inputs,
    Objective,
    Population,
    Rows,
    Save,
    Teachers,
    Timescales,
    simulate,
)
from gatednet.arrays.product import product
from gatednet.random.wishart import FEWEST_FITTED, chi_fit

STEPS, RUNS = 8, 5000
# Standard errors that we allow; with some hundreds of comparisons four would be too few for the worst of them.
MANY = 4.5


def factors(inputs: Inputs, size: int, steps: int = STEPS, runs: int = RUNS) -> np.ndarray:
    """The factors of all steps from 0, (steps, inputs, columns, runs)."""
    keys = jax.random.bits(jax.random.key(4), (2, runs), jnp.uint32)
    group = inputs.steps_per_draw(size)

    @jax.jit
    def factor(step: jax.Array) -> jax.Array:
        return inputs.factor(inputs.draw(keys, (step // group).astype(jnp.uint32), size, None), step % group)

    return np.stack([np.asarray(factor(jnp.int32(step)), np.float64) for step in range(steps)])


CASES = {
    "fitted": (Gaussian(batch=200), 5),
    "fitted, even": (Gaussian(batch=60), 4),
    "fitted and summed": (Gaussian(batch=42), 5),
    "summed": (Gaussian(batch=8), 4),
    "as many as dimensions": (Gaussian(batch=4), 4),
    "one dimension": (Gaussian(batch=3), 1),
    "one input of one dimension": (Gaussian(batch=1), 1),
    "drawn": (Gaussian(batch=8, drawn=True), 4),
    "fewer than dimensions": (Gaussian(batch=3), 4),
    "one input": (Gaussian(batch=1), 4),
}


@pytest.fixture(scope="module", params=CASES, ids=str)
def case(request: pytest.FixtureRequest) -> tuple[Gaussian, np.ndarray]:
    """Inputs, and many of their second moments times the batch, (steps, runs, inputs, inputs)."""
    inputs, size = CASES[request.param]
    made = factors(inputs, size)
    return inputs, inputs.batch * np.einsum("sikr,sjkr->srij", made, made)


def test_mean(case: tuple[Gaussian, np.ndarray]) -> None:
    inputs, moments = case
    size = moments.shape[-1]
    flat = moments.reshape(-1, size, size)
    deviation = np.sqrt(inputs.batch * (np.eye(size) + 1))
    assert np.all(np.abs(flat.mean(axis=0) - inputs.batch * np.eye(size)) < MANY * deviation / np.sqrt(len(flat)))


def test_covariance(case: tuple[Gaussian, np.ndarray]) -> None:
    # Cov(S_ij, S_kl) = batch (δ_ik δ_jl + δ_il δ_jk) for S of Wishart(I, batch).
    inputs, moments = case
    size = moments.shape[-1]
    lower = np.tril_indices(size)
    entries = (moments - inputs.batch * np.eye(size))[..., lower[0], lower[1]].reshape(-1, len(lower[0]))
    products = entries[:, :, None] * entries[:, None, :]
    expected = np.diag(inputs.batch * (1.0 + (lower[0] == lower[1])))
    error = np.abs(products.mean(axis=0) - expected)
    assert np.all(error < MANY * products.std(axis=0) / np.sqrt(len(products)))


def test_law_of_the_diagonal(case: tuple[Gaussian, np.ndarray]) -> None:
    # Every diagonal entry is chi-squared with `batch` degrees of freedom.
    inputs, moments = case
    for i in range(moments.shape[-1]):
        sample = moments[..., i, i].ravel()
        assert scipy.stats.kstest(sample, scipy.stats.chi2(inputs.batch).cdf).pvalue > 1e-4


def test_law_of_the_determinant(case: tuple[Gaussian, np.ndarray]) -> None:
    # log det S is a sum of independent log chi-squared with batch, batch - 1, ... degrees: it feels every chi variate.
    inputs, moments = case
    size = moments.shape[-1]
    if inputs.batch < size:
        rank = np.linalg.matrix_rank(moments[0, :20], tol=1e-3)
        np.testing.assert_array_equal(rank, inputs.batch)
        return
    logarithm = np.linalg.slogdet(moments)[1].ravel()
    halves = (inputs.batch - np.arange(size)) / 2
    mean = np.sum(scipy.special.digamma(halves) + np.log(2))
    variance = np.sum(scipy.special.polygamma(1, halves))
    assert abs(logarithm.mean() - mean) < MANY * np.sqrt(variance / logarithm.size)
    squared = (logarithm - mean) ** 2
    assert abs(squared.mean() - variance) < MANY * squared.std() / np.sqrt(squared.size)


def test_steps_are_independent(case: tuple[Gaussian, np.ndarray]) -> None:
    _, moments = case
    lower = np.tril_indices(moments.shape[-1])
    entries = moments[..., lower[0], lower[1]]
    for values in (entries, np.abs(entries - entries.mean(axis=(0, 1)))):
        standard = (values - values.mean(axis=(0, 1))) / values.std(axis=(0, 1))
        for one in range(STEPS):
            for other in range(one):
                products = standard[one][:, :, None] * standard[other][:, None, :]
                error = np.abs(products.mean(axis=0))
                assert np.all(error < 5.5 * products.std(axis=0) / np.sqrt(RUNS))


def test_factor_is_a_triangle_or_the_batch() -> None:
    triangle = factors(Gaussian(batch=8), 4, steps=1, runs=2)[0]
    assert triangle.shape == (4, 4, 2)
    assert not np.any(triangle[np.triu_indices(4, 1)])
    assert factors(Gaussian(batch=8, drawn=True), 4, steps=1, runs=2).shape == (1, 4, 8, 2)
    assert factors(Gaussian(batch=3), 4, steps=1, runs=2).shape == (1, 4, 3, 2)


@pytest.mark.parametrize("degrees", [FEWEST_FITTED, FEWEST_FITTED + 1, 100, 200, 1000, 100_000])
def test_chi_polynomial_is_the_quantile_map(degrees: int) -> None:
    z = np.linspace(-6, 6, 1001)
    exact = np.where(
        z < 0,
        scipy.stats.chi.ppf(scipy.special.ndtr(z), degrees),
        scipy.stats.chi.isf(scipy.special.ndtr(-z), degrees),
    )
    # Single precision is all that is used of it.
    np.testing.assert_allclose(chi_fit(degrees)(z), exact, rtol=float(np.finfo(np.float32).eps))


def test_population_shows_all_of_a_map() -> None:
    inputs = Population()
    evidence = inputs.factor(inputs.draw(jnp.zeros((2, 1), jnp.uint32), jnp.uint32(0), 4, None), jnp.int32(0))
    assert evidence is None
    block, gate = jnp.ones((2, 4, 1)), jnp.ones(1)
    network = GatedLinear(paths=1, inputs=4, outputs=2)
    (error,) = network.error(Rows(((block,),), ((gate,),)), (3 * block,), evidence)
    np.testing.assert_array_equal(error, -2 * block)


@pytest.mark.parametrize(
    ("vectors", "moment"), [("identity", np.eye(4) / 4), ("ones", np.ones((4, 4)))], ids=["identity", "ones"]
)
def test_fixed_inputs_are_the_same_at_every_step(vectors: str, moment: np.ndarray) -> None:
    made = factors(Fixed(vectors=vectors), 4, steps=3, runs=2)
    np.testing.assert_allclose(np.einsum("sicr,sjcr->srij", made, made), np.broadcast_to(moment, (3, 2, 4, 4)))


def test_what_fixed_inputs_do_not_show_is_not_learned() -> None:
    experiment = Experiment(
        network=GatedLinear(paths=1, inputs=4, outputs=2),
        initial=Initial(gates=1.0),
        teachers=Teachers(tasks=1, scale="unit"),
        inputs=Fixed(vectors="ones"),
        objective=Objective(norm=0.0, nonnegativity=0.0),
        timescales=Timescales(weights=0.1, gates=0.1),
        dt=0.01,
        steps=1000,
    )
    run = simulate(experiment, Save(("effective_map", "teachers", "weights", "batch_loss"), 1000))
    first, last = run.isel(step=0), run.isel(step=-1)
    assert float(last.batch_loss) < 1e-10
    # Along the ones the map is the teacher's; across it the weights are only scaled by what the gate has done.
    error = (last.effective_map - last.teachers[0]).values
    np.testing.assert_allclose(error.sum(axis=1), 0.0, atol=1e-5)
    across = np.eye(4) - 1 / 4
    np.testing.assert_allclose(last.weights[0].values @ across, first.weights[0].values @ across, atol=1e-6)


@pytest.mark.parametrize("size", [3, 70], ids=["outer products", "contraction"])
def test_gradient_through_a_factor(size: int) -> None:
    # L = ½ ‖E F‖² has the gradient E F Fᵀ.
    error = jax.random.normal(jax.random.key(0), (2, size, 3))
    factor = jax.random.normal(jax.random.key(1), (size, 5, 3))
    gradient = jax.jit(jax.grad(lambda error: 0.5 * jnp.sum(product(error, factor) ** 2)))(error)
    expected = np.einsum("oir,icr,jcr->ojr", *(np.asarray(each, np.float64) for each in (error, factor, factor)))
    np.testing.assert_allclose(gradient, expected, rtol=2e-4, atol=2e-4)
