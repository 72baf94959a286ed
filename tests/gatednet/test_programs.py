"""The two programs of a recipe: what draws its starts is shared, and what goes wrong in either is told."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gatednet import (
    Initial,
    InitialState,
    Objective,
    Save,
    State,
    Teachers,
    TeacherSet,
    draw,
    pack,
    recipe,
    simulate,
    trace,
    with_values,
)
from gatednet.engine import programs
from gatednet.engine.kept import Kept
from tests.gatednet.tools import SMALL


@pytest.fixture
def drawings(monkeypatch):
    """The programs that draw, of this test alone."""
    fresh = Kept(9)
    monkeypatch.setattr(programs, "_drawings", fresh)
    monkeypatch.setattr(programs, "_programs", Kept(9))
    return fresh


def test_experiments_with_the_same_start_share_the_program_that_draws(drawings):
    others = (
        {"steps": 20},
        {"objective": Objective(norm=0.1, norm_order=1)},
        {"initial.weight_scale": 0.3},
    )
    for changes in ({}, *others):
        simulate(with_values(SMALL, changes), ("loss",), every=20)
    assert len(drawings) == 1
    for changes in ({"initial": Initial(shared=True)}, {"teachers": Teachers(tasks=1)}, {"network.paths": 3}):
        simulate(with_values(SMALL, changes), ("loss",), every=20)
    assert len(drawings) == 4
    simulate(SMALL, ("loss",), every=20, precision="float64")
    assert len(drawings) == 5


def test_runs_on_one_core_and_on_all_share_the_program_that_draws(drawings):
    traced = trace(SMALL, {}, 1, np.float32)
    made = recipe(SMALL, Save(("loss",), 20), traced)
    batch = pack(SMALL, {}, np.zeros(1, int), np.zeros(1, int), made.width).batch
    one, many = (programs.compiled_for(made, [batch], in_parts)[0] for in_parts in (True, False))
    assert len(drawings) == 1
    np.testing.assert_array_equal(one(batch)["loss"], many(batch)["loss"])


def test_a_start_that_is_asked_for_is_drawn_by_the_program_of_simulations(drawings):
    simulate(SMALL, ("loss",), every=20, reduced=False)
    np.testing.assert_array_equal(
        draw(SMALL, seed=3).state.weights,
        simulate(SMALL, ("weights",), 3, every=SMALL.steps, reduced=False).weights.isel(step=0),
    )
    assert len(drawings) == 1


class Broken(Initial):
    """A start that cannot be traced."""

    def draw(self, key, network, teachers):
        raise RuntimeError("no start today")


@pytest.mark.usefixtures("drawings")
def test_a_start_that_cannot_be_traced_is_told_each_time():
    for _ in range(2):
        with pytest.raises(RuntimeError, match="no start today"):
            simulate(with_values(SMALL, {"initial": Broken()}), ("loss",), every=20)


def test_a_compilation_that_failed_is_told_and_tried_again(drawings, monkeypatch):
    real = programs._compiling

    def failing(*_):
        def fail():
            raise MemoryError("no room")

        return fail

    monkeypatch.setattr(programs, "_compiling", failing)
    with pytest.raises(MemoryError, match="no room"):
        simulate(SMALL, ("loss",), every=20)
    assert len(drawings) == 0
    monkeypatch.setattr(programs, "_compiling", real)
    assert np.isfinite(simulate(SMALL, ("loss",), every=20).loss).all()


class Ones(InitialState):
    """A start without any number."""

    def check(self, network):
        del network

    def draw(self, key, network, teachers):
        return State(**{name: jnp.ones(group.shape) for name, group in network.groups.items()})


class FirstInputs(TeacherSet):
    """Teachers without any number: each output is one of the first inputs."""

    @property
    def number(self):
        return 1

    def check(self, network):
        del network

    def draw(self, key, network):
        return jnp.eye(network.outputs, network.inputs)[None]


@pytest.mark.usefixtures("drawings")
def test_precisions_are_told_apart_where_a_start_has_no_numbers():
    experiment = with_values(SMALL, {"initial": Ones(), "teachers": FirstInputs()})
    for precision in ("float32", "float64", "float32"):
        assert simulate(experiment, ("loss",), every=20, precision=precision).loss.dtype == precision
    assert draw(experiment).teachers.dtype == jnp.float32
    with jax.enable_x64(True):
        assert draw(experiment).teachers.dtype == jnp.float64
