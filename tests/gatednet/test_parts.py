"""Steps on drawn inputs, whose draws and products kernels compute, against the same steps by XLA alone."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gatednet import (
    DeepLinear,
    Experiment,
    GatedLinear,
    Gaussian,
    Optax,
    Proximal,
    Save,
    SettingError,
    Smooth,
    WeightCost,
    simulate,
    trace,
    with_values,
)
from gatednet.arrays import product as products
from gatednet.arrays.product import product
from gatednet.engine.batch import pack, recipe, run_batch
from gatednet.engine.compiler import compiler_options
from gatednet.kernels.parts import parts_by
from gatednet.random.threefry import folded_in, logarithm, normals
from gatednet.random.wishart import chi_of_few_degrees
from gatednet.shield import GENERATOR, shielded
from tests.gatednet.tools import SMALL, agree, both

pytestmark = pytest.mark.optimized

SAVED = ("loss", "gates", "weights")
EVERY = ("loss", "gates", "weights", "alignment", "loss_every_step", "block_loss", "time_to_criterion")
NOISY = with_values(SMALL, {"inputs": Gaussian(200), "steps": 100})
KEYS = np.random.default_rng(0).integers(0, 2**32, (2, 32), dtype=np.uint32)


def by(kernel, function, *given):
    """A function as a kernel computes its parts, compiled like everything that runs."""
    with parts_by(kernel):
        return np.asarray(jax.jit(function, compiler_options=compiler_options())(*given))


def test_figure_2_agrees():
    tried = Experiment(inputs=Gaussian(200), steps=100)
    agree(*both(tried, EVERY))


@pytest.mark.parametrize("batch", [4, 42, *(pytest.param(each, marks=pytest.mark.slow) for each in (20, 60))])
def test_few_degrees_of_freedom_agree(batch):
    agree(*both(with_values(NOISY, {"inputs": Gaussian(batch)}), SAVED))


@pytest.mark.parametrize(
    "changes",
    [
        {"network": GatedLinear(3, 5, 1, gates="neuron")},
        {"network": DeepLinear(5, 6, 2), "dt": 0.001},
        pytest.param({"inputs": Gaussian(2)}, marks=pytest.mark.slow),
        pytest.param({"inputs": Gaussian(70, drawn=True)}, marks=pytest.mark.slow),
    ],
    ids=["neuron gates", "two layers", "fewer inputs than dimensions", "drawn"],
)
def test_other_networks_and_draws_agree(changes):
    agree(*both(with_values(NOISY, changes), SAVED))


PARTS = {
    "adam": {"rule": Optax("adam", "adam")},
    "proximal": {"rule": Proximal()},
    "an end": {"objective.constraints": (WeightCost(0.1, until=0.2),)},
    "smooth": {"curriculum": Smooth(0.1, 0.05)},
}


@pytest.mark.slow
@pytest.mark.parametrize("name", PARTS)
def test_other_parts_agree(name):
    for network in (GatedLinear(2, 4, 2), GatedLinear(3, 4, 2, gates="neuron")):
        agree(*both(with_values(NOISY, {"network": network, **PARTS[name]}), EVERY), tolerance=1e-11)


@pytest.mark.slow
def test_single_precision_agrees_up_to_rounding():
    found, expected = both(NOISY, EVERY, precision="float32")
    assert found.loss.dtype == np.float32
    agree(found, expected, tolerance=2e-5)


def test_a_run_has_the_same_bits_at_any_place():
    save = Save(("gates", "loss_every_step"), 10)
    many = simulate(NOISY, save, range(40), kernel="vector")
    for seeds in ([39, 3, 21], range(7, 40)):
        few = simulate(NOISY, save, seeds, kernel="vector")
        for name in save.observables:
            np.testing.assert_array_equal(few[name], many[name].sel(seed=list(seeds)))


def test_kernels_are_called_where_they_are_wanted():
    save = Save(("loss",), 10)
    for kernel, called in (("auto", True), ("vector", True), ("xla", False)):
        with shielded(double=False):
            made = recipe(NOISY, save, trace(NOISY, {}, 1, np.float32), kernel=kernel)
            batch = pack(NOISY, {}, np.zeros(1, int), np.zeros(1, int), made.width).batch
            program = jax.jit(functools.partial(run_batch, made)).lower(batch).as_text()
        # The draws of four steps, the product, and the one with the transpose; keys, variates and rotation of a start.
        assert len({part.split("(")[0] for part in program.split("@gatednet_")[1:]}) == (6 if called else 0)


def test_the_kernel_for_gpus_is_refused():
    with pytest.raises(SettingError, match=r"^kernel is 'pallas', allowed here are .*: inputs are Gaussian, and not"):
        simulate(NOISY, ("loss",), every=10, kernel="pallas")


@pytest.mark.parametrize("kernel", ["vector", "xla"])
@pytest.mark.parametrize("number", [1, 8, 21])
def test_keys_are_folded_as_jax_does_by_every_compiler(kernel, number):
    columns = np.random.default_rng(number).integers(0, 2**32, (3, number), dtype=np.uint32)
    columns[:, 0] = 2**32 - 1

    def by_jax(seed, *numbers):
        return jax.random.key_data(functools.reduce(jax.random.fold_in, numbers, jax.random.key(seed, impl=GENERATOR)))

    np.testing.assert_array_equal(by(kernel, folded_in, *columns), jax.vmap(by_jax)(*columns))
    # One key after the other is mapped over, too.
    mapped = by(kernel, jax.vmap(lambda *each: folded_in(*(one[None] for one in each))[0]), *columns)
    np.testing.assert_array_equal(mapped, jax.vmap(by_jax)(*columns))


def test_random_numbers_have_the_same_bits_in_every_compiler():
    step = jnp.uint32(7)
    np.testing.assert_array_equal(*(by(kernel, lambda *each: normals(*each, (50, 41)), KEYS, step) for kernel in
                                    ("vector", "xla")))  # fmt: skip
    for batch in (20, 45, 58):
        few = [
            by(kernel, lambda *each, batch=batch: chi_of_few_degrees(*each, 20, batch), KEYS, step)
            for kernel in ("vector", "xla")
        ]
        np.testing.assert_array_equal(*few)


def test_the_logarithm_is_that_of_xla():
    rng = np.random.default_rng(0)
    words = np.concatenate([rng.integers(0, 2**32, 200_000, dtype=np.uint32), np.arange(999, dtype=np.uint32)])
    uniform = np.concatenate([(words.astype(np.float32) + np.float32(0.5)) * np.float32(2.0**-32), np.float32([1.0])])
    found, expected = by("xla", logarithm, uniform), by("xla", jnp.log, uniform)
    np.testing.assert_allclose(found, np.log(uniform.astype(float)), rtol=3e-7)
    if jax.__version__ == "0.10.2":
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("sizes", [(1, 1, 1), (2, 3, 2), (3, 5, 7), (1, 70, 4), (4, 9, 1)])
def test_products_of_all_sizes_agree(sizes):
    rows, terms, columns = sizes
    rng = np.random.default_rng(0)
    left, right = rng.normal(size=(rows, terms, 48)), rng.normal(size=(terms, columns, 48))
    with jax.enable_x64(True):
        found = by("vector", product, left, right)
        np.testing.assert_allclose(found, np.einsum("abr,bcr->acr", left, right), rtol=1e-12, atol=1e-12)
        turned = by("vector", products._product_of_rows, left, np.swapaxes(right, 0, 1))
        np.testing.assert_allclose(turned, found, rtol=1e-12, atol=1e-12)


def test_a_product_with_a_shared_matrix_is_left_to_xla():
    left, right = np.ones((2, 3, 32), np.float32), np.ones((3, 4, 1), np.float32)
    with parts_by("vector"):
        assert "gatednet_" not in jax.jit(products._product).lower(left, right).as_text()
        assert "gatednet_" in jax.jit(products._product).lower(left, np.repeat(right, 32, -1)).as_text()
        assert "gatednet_" not in jax.jit(products._product).lower(left[..., :9], right[..., :9]).as_text()
