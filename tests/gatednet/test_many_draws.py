"""Draws by kernels and by XLA: random numbers are the same, however many there are and however keys are mapped over."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gatednet import (
    Experiment,
    GatedLinear,
    IndependentTeachers,
    Save,
    SpectralTeachers,
    Teachers,
    TeacherSet,
    with_values,
)
from gatednet.engine.draws import Drawing, Draws, draws_of
from gatednet.engine.programs import drawn
from gatednet.experiment import static_half, trace
from gatednet.kernels.parts import parts_by
from gatednet.random.threefry import normal
from gatednet.settings import Whole, field
from gatednet.simulation import precision_of
from tests.gatednet.tools import SMALL, run_many

pytestmark = pytest.mark.optimized
NUMBER = 80


class TaskByTask(TeacherSet):
    """A user's teachers, each from a key of its own, all mapped over at once: as many as half a vector has runs."""

    tasks: int = field(8, Whole(1), "number of teachers")

    @property
    def number(self) -> int:
        return self.tasks

    def check(self, network):
        pass

    def draw(self, key, network):
        return jax.vmap(lambda key: normal(key, (network.outputs, network.inputs)))(jax.random.split(key, self.tasks))


class Shifted(TaskByTask):
    """A user's teachers that add something to variates."""

    def draw(self, key, network):
        return 0.5 + normal(key, (self.tasks, network.outputs, network.inputs))


def draws_from(teachers: TeacherSet, precision: str) -> tuple[Experiment, Draws]:
    tried = Experiment(network=GatedLinear(paths=2, inputs=20, outputs=3), teachers=teachers)
    seeds = np.arange(NUMBER)
    traced = trace(tried, {}, NUMBER, precision)
    return static_half(tried), draws_of(traced.values, seeds, np.zeros_like(seeds), seeds, NUMBER)


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize(
    "teachers", [IndependentTeachers(), TaskByTask(), Shifted()], ids=lambda each: type(each).__name__
)
def test_variates_by_kernels_have_the_bits_of_those_by_xla(teachers, precision):
    for one, other in zip(*starts_by_both(teachers, precision), strict=True):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("teachers", [Teachers(), SpectralTeachers()], ids=lambda each: type(each).__name__)
def test_rotations_by_kernels_are_those_by_xla_up_to_rounding(teachers, precision):
    found, expected = starts_by_both(teachers, precision)
    for one, other in zip(found, expected, strict=True):
        assert one.dtype == other.dtype
        # Of some of these squares of variates the condition number is a thousand.
        np.testing.assert_allclose(one, other, atol={"float32": 1e-4, "float64": 1e-13}[precision])


def starts_by_both(teachers, precision):
    static, draws = draws_from(teachers, precision)
    with precision_of(precision):
        return [jax.tree.leaves(drawn(Drawing.of(static, False, kernel=kernel), draws)) for kernel in ("vector", "xla")]


@pytest.mark.parametrize("teachers", [Teachers(), Teachers(rank=1), SpectralTeachers(), TaskByTask()])
def test_a_seed_has_one_start_among_few_and_many(teachers):
    save = Save(("gates", "teachers", "loss"), 40)
    tried = with_values(SMALL, {"teachers": teachers})
    many = run_many(tried, save, seeds=np.arange(NUMBER))
    few = run_many(tried, save, seeds=np.arange(3))
    for name, values in few.items():
        np.testing.assert_array_equal(values, many[name][:3])


@pytest.mark.parametrize("number", [1, 3, 8, 16])
def test_variates_do_not_depend_on_how_keys_are_mapped_over(number):
    keys = jax.random.split(jax.random.key(3), number * 2).reshape(number, 2)
    alone = jax.jit(lambda key: normal(key, (4, 5)))
    expected = np.array([[alone(key) for key in pair] for pair in keys])
    mapped = jax.vmap(jax.vmap(alone))
    np.testing.assert_array_equal(jax.jit(mapped)(keys), expected)
    np.testing.assert_array_equal(jax.jit(lambda keys: jax.lax.map(mapped, keys[None])[0])(keys), expected)
    with parts_by("vector"):
        of_many = jax.jit(mapped)
        assert "gatednet_" in of_many.lower(keys).as_text()
        np.testing.assert_array_equal(of_many(keys), expected)
    one = jax.jit(jax.vmap(lambda scale: scale * alone(keys[0, 0])))(jnp.arange(3.0))
    np.testing.assert_array_equal(one[1], expected[0, 0])
