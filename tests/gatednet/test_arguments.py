"""Everything that a user can hand over becomes plain Python, by one conversion, or is refused in one line."""

import dataclasses
import enum
import fractions
import tomllib
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import tomli_w
import xarray
from hypothesis import given, settings
from hypothesis import strategies as st

from gatednet import (
    ChosenTeachers,
    Experiment,
    Gaussian,
    Optax,
    Options,
    Permutations,
    Phase,
    Phases,
    Population,
    Save,
    SettingError,
    SpectralTeachers,
    Task,
    Timescales,
    examples_of,
    from_toml,
    paths,
    simulate,
    to_toml,
    with_values,
)
from gatednet.curricula.targets import Target
from gatednet.experiment import PARTS
from gatednet.settings import Nested, Setting
from gatednet.sweeps import Axis, Sweep, run_sweep
from gatednet.sweeps.planning.plan import plan_of
from gatednet.toml import kinds, plain, structure
from tests.gatednet.test_toml import any_experiment
from tests.gatednet.tools import SMALL

pytestmark = pytest.mark.usefixtures("unchecked_annotations")


class Whole(enum.IntEnum):
    TWO = 2


class Named(str):
    """A string of another type."""


def float_of(value: float) -> list[Callable[[float], Any]]:
    """What may stand for a float, without loss."""
    with np.errstate(over="ignore"):
        single = float(np.float32(value)) == value
    return [np.float64, np.array, np.longdouble, xarray.DataArray] + [np.float32] * single


def disguises(value: Any) -> list[Callable[[Any], Any]]:
    """What may stand for a plain value: functions that make it."""
    if isinstance(value, bool):
        return [np.bool_, np.array, jnp.asarray]
    if isinstance(value, int):
        return [np.int64, np.array, np.uint64, *([jnp.int32, np.int32] if value < 2**31 else [])]
    if isinstance(value, float):
        return float_of(value)
    return [np.str_, Named, np.array]


@given(st.data())
@settings(max_examples=8)
def test_whatever_stands_for_a_value_gives_the_same_experiment(data: st.DataObject) -> None:
    experiment = any_experiment(data)
    disguised = {}
    for path, leaf in paths(experiment).items():
        made = disguises(leaf)
        disguised[path] = made[data.draw(st.integers(0, len(made) - 1))](leaf)
    again = with_values(experiment, disguised)
    assert again == experiment
    assert {path: type(leaf) for path, leaf in paths(again).items()} == {
        path: type(leaf) for path, leaf in paths(experiment).items()
    }
    assert from_toml(to_toml(again)) == experiment


def test_numbers_of_axes_and_of_examples_are_converted() -> None:
    known = Axis("a", "dt", (0.5, 0.25), labels=(1, 2))
    for values, labels in (
        ([jnp.float32(0.5), np.array(0.25)], [np.int8(1), jnp.int32(2)]),
        (jnp.array([0.5, 0.25]), np.array([1, 2])),
        ([jnp.bfloat16(0.5), fractions.Fraction(1, 4).__float__()], jnp.arange(1, 3)),
    ):
        assert Axis("a", "dt", values, labels) == known
    assert Axis.linspace("a", "dt", jnp.float32(0.5), np.array(1), jnp.int32(3)).values == (0.5, 0.75, 1.0)
    assert Axis.seeds(np.array(3)) == Axis.seeds(jnp.int32(3)) == Axis.seeds(jnp.arange(3)) == Axis.seeds(3)
    assert plan_of(Sweep(SMALL, (Axis.seeds(4),), Save(("loss",), 20)), jnp.int32(2)).chunk_shape == (2,)
    examples = examples_of(np.ones((2, 3)), [0, 1], jnp.ones((2, 3)), [1, 0], jnp.int32(2))
    assert (examples.classes, type(examples.classes)) == (2, int)


def test_any_real_number_may_stand_for_a_float() -> None:
    half = Timescales(weights=fractions.Fraction(1, 2), gates=np.float16(0.5))
    assert half == Timescales(weights=0.5, gates=0.5)
    assert type(half.weights) is type(half.gates) is float


def listed(value: Any) -> Any:
    """Nested tuples as lists of JAX scalars."""
    return [listed(each) for each in value] if isinstance(value, tuple) else jnp.asarray(value)


@pytest.mark.parametrize("made", [list, np.array, jnp.asarray, iter, listed, lambda maps: (each for each in maps)])
def test_lists_may_be_arrays_and_generators(made: Callable[[Any], Any]) -> None:
    # All of them exact in single precision, which is that of JAX.
    maps = (((1.0, 0.5), (-0.0, 2.0)), ((0.25, 1.0), (3.0, 4.0)))
    teachers = ChosenTeachers(maps=made(maps))
    assert teachers == ChosenTeachers(maps=maps)
    assert all(type(leaf) is float for leaf in jax.tree.leaves(teachers.maps))
    assert hash(teachers) == hash(ChosenTeachers(maps=maps))


def test_parts_options_and_permutations_are_converted_too() -> None:
    assert Phases(phases=(each for each in [Phase([Task(np.int8(1))], jnp.int32(3)), Phase(iter([Task()]))])) == Phases(
        phases=(Phase((Task(1),), 3), Phase((Task(0),), 0))
    )
    options = Optax(
        "sgd", "adam", {"momentum": np.float32(0.5), "nesterov": np.bool_(True)}, Options(b1=jnp.float32(0.5))
    )
    assert options == Optax("sgd", "adam", Options(momentum=0.5, nesterov=True), Options(b1=0.5))
    assert [type(each) for each in options.weights_options.values()] == [float, bool]
    assert Permutations([np.str_("parity"), np.arange(10)]) == Permutations(("parity", tuple(range(10))))


def test_saves_and_arguments_of_a_simulation_are_converted() -> None:
    saves = [
        Save(["loss"], np.int64(20)),
        Save(np.array(["loss"]), jnp.int32(20)),
        Save(iter([np.str_("loss")]), Whole.TWO * 10),
    ]
    assert set(saves) == {Save(("loss",), 20)}
    assert all(type(each.every) is int and type(each.observables) is tuple for each in saves)
    known = simulate(SMALL, saves[0], 3, reduced=False)
    for given_as in (
        {"seeds": np.uint64(3), "reduced": np.bool_(False)},
        {"seeds": jnp.int32(3), "reduced": False, "lane": jnp.int32(32), "precision": np.str_("float32")},
        {"seeds": np.array(3), "reduced": jnp.asarray(False), "lane": np.int8(32)},
    ):
        assert simulate(SMALL, saves[1], **given_as).identical(known), given_as
    for names, every in ((("loss",), 20), (["loss"], np.array(20)), (np.array(["loss"]), jnp.int32(20))):
        assert simulate(SMALL, names, 3, every=every, reduced=False).identical(known)
    several = simulate(SMALL, saves[0], [3, 4], reduced=False)
    for seeds in (
        range(3, 5),
        np.array([3, 4], np.uint8),
        jnp.array([3, 4]),
        iter([3, np.int64(4)]),
        (Whole.TWO + 1, 4),
    ):
        assert simulate(SMALL, saves[0], seeds, reduced=False).identical(several)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"seeds": 2.5}, "seeds are 2.5, allowed are whole numbers from 0 to 4294967295"),
        ({"seeds": "3"}, "seeds are '3', allowed are whole numbers from 0 to 4294967295"),
        ({"seeds": True}, "seed is True, allowed are whole numbers from 0 to 4294967295"),
        ({"seeds": [1, True]}, "seed is True, allowed are whole numbers from 0 to 4294967295"),
        ({"seeds": [np.float64(1.0)]}, "seed is np.float64(1.0), allowed are whole numbers from 0 to 4294967295"),
        ({"seeds": np.array([-1])}, "seed is -1, allowed are whole numbers from 0 to 4294967295"),
        ({"seeds": range(2**32 + 1)}, "seed is 4294967296, allowed are whole numbers from 0 to 4294967295"),
        ({"seeds": {1, 2}}, "seeds are {1, 2}, allowed are whole numbers from 0 to 4294967295"),
        ({"lane": 0.5}, "lane is 0.5, allowed is a whole number, at least 1"),
        ({"lane": True}, "lane is True, allowed is a whole number, at least 1"),
        ({"reduced": 1}, "reduced is 1, allowed is one of False, True"),
        ({"reduced": "yes"}, "reduced is 'yes', allowed is one of False, True"),
        ({"precision": np.float32}, "precision is <class 'numpy.float32'>, allowed is one of 'float32', 'float64'"),
        ({"examples": 3}, "examples is 3, allowed is an instance of Examples"),
        ({"save": "loss"}, "save is 'loss', allowed are an instance of Save and a list of names of observables"),
        ({"save": 3, "every": 1}, "save is 3, allowed are an instance of Save and a list of names of observables"),
        (
            {"save": ("loss",)},
            "every is missing, allowed beside names of observables is a number of steps between saves",
        ),
        ({"save": ("los",), "every": 1}, "unknown observable 'los': did you mean 'loss'?"),
        ({"save": ("loss",), "every": 0}, "every is 0, allowed is a whole number, at least 1"),
        ({"every": 5}, "every is 5 beside a Save, which has its own, allowed is one of the two"),
        ({"experiment": "fig2"}, "experiment is 'fig2', allowed is an instance of Experiment"),
    ],
)
def test_refused_arguments_of_a_simulation(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingError) as refusal:
        simulate(**{"experiment": SMALL, "save": Save(("loss",), 20), **arguments})
    assert str(refusal.value) == message


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Save("loss", 1), "save is 'loss', allowed is lists nested 1 deep, each entry the name of an"),
        (lambda: Save(["loss"], 2**30 + 1), "every is 1073741825, allowed is a whole number, at least 1 and at most"),
        (lambda: Save(["loss"], 10**5000), "every is a whole number of about 5,001 digits, allowed is a whole number"),
        (lambda: Save([["loss"]], 1), "save is (['loss'],), allowed is"),
        (lambda: Experiment(steps=2**31), "Experiment.steps is 2147483648, allowed is a whole number, at least 1 and "
         "at most 1073741824: steps are counted in 32 bits"),
        (lambda: Gaussian(batch=2**31), "Gaussian.batch is 2147483648, allowed is a whole number, at least 1 and at "
         "most 2147483647: sizes are counted in 32 bits"),
        (lambda: Timescales(weights=10**400), "Timescales.weights is a whole number of about 401 digits, allowed is"),
        (lambda: Timescales(weights=np.ma.masked), "Timescales.weights is masked, allowed is a finite number above 0"),
        (lambda: Timescales(weights="é\n" * 500), "Timescales.weights is 'é\\n"),
        (lambda: Optax(weights_options=3), "Optax.weights_options is 3, allowed is a table of values by their names"),
        (lambda: Optax(weights_options=Options(momentum=None)), "Optax.weights_options.momentum is None, allowed is a "
         "single value"),
        (lambda: with_values(SMALL, [("dt", 1.0)]), "values is [('dt', 1.0)], allowed is an instance of Mapping"),
        (lambda: with_values(SMALL, {3: 1.0}), "path is 3, allowed is a dotted path"),
    ],
)  # fmt: skip
def test_refused_arguments(build: Callable[[], object], message: str) -> None:
    with pytest.raises(SettingError) as refusal:
        build()
    assert str(refusal.value).startswith(message)
    assert len(str(refusal.value)) < 400


TRACED = (
    " is traced by JAX, allowed are plain values; the function that jax.jit, jax.vmap, jax.grad and jax.jvp can "
    "transform is gatednet.final"
)


@pytest.mark.parametrize(
    ("build", "name"),
    [
        (lambda x: Timescales(weights=x), "Timescales.weights"),
        (lambda x: SpectralTeachers(values=[1.0, x]), "SpectralTeachers.values"),
        (lambda x: Optax(weights_options=Options(momentum=x)), "Optax.weights_options.momentum"),
        (lambda x: with_values(SMALL, {"dt": x}), "Experiment.dt"),
        (lambda x: simulate(SMALL, Save(("loss",), 20), lane=x), "lane"),
        (lambda x: simulate(SMALL, Save(("loss",), 20), [0, x]), "seed"),
        (lambda x: simulate(SMALL, ("loss",), every=x), "every"),
        (lambda x: simulate(SMALL, x, every=20), "save"),
        (lambda x: simulate(x, ("loss",), every=20), "experiment"),
        (lambda x: with_values(SMALL, x), "values"),
        (lambda x: ChosenTeachers(maps=jnp.ones((1, 2, 2)) * x), "ChosenTeachers.maps"),
        (lambda x: examples_of(jnp.ones((2, 3)) * x, [0, 0], np.ones((2, 3)), [0, 0], 1), "train"),
        (lambda x: Axis("a", "dt", [1.0, x]), "axis 'a': value"),
        (lambda x: Axis("a", "dt", jnp.stack([x, x])), "axis 'a': value"),
        (lambda x: Axis("a", ("dt", "steps"), [(1.0, 1)], labels=[x]), "axis 'a': label"),
        (lambda x: Axis.linspace("a", "dt", 1.0, x, 3), "axis 'a': linspace"),
        (Axis.seeds, "axis 'seed': value"),
        (lambda x: run_sweep(Sweep(SMALL, (Axis.seeds(2),), Save(("loss",), 20)), "never", chunk_runs=x), "chunk_runs"),
    ],
)
def test_values_that_jax_traces_are_refused_in_one_sentence(build: Callable[[Any], object], name: str) -> None:
    for transformed in (jax.jit(build), jax.grad(build)):
        with pytest.raises(SettingError) as refusal:
            transformed(1.0)
        assert str(refusal.value) == name + TRACED


KINDS = sorted(
    {kind for part in (*PARTS.values(), Phase, Target) for kind in kinds(part).values()} | {Experiment},
    key=lambda kind: kind.__name__,
)
ODD = st.one_of(
    st.sampled_from(
        [None, True, np.bool_(False), 0, -1, 2**31, 2**53 + 1, 2**64, 10**400, 10**5000, -0.0, 5e-324, 1e308,
         float("inf"), float("nan"), np.float32(0.1), np.float16("inf"), np.longdouble(1) / 3, 1j,
         np.datetime64("now"), "", "\0", "\ud800", "sum", np.str_("mean"), b"sum", [], (), {}, {1}, {1: 2, "a": 3},
         [[]], [[[1.0]]], [1, [2]], np.zeros((2, 2)), np.zeros(()), jnp.zeros(()), jnp.arange(3), np.array(["a"]),
         np.array([object()]), jax.random.key(0), range(3), range(10**12), object(), int, Population(), Task(),
         [Task()], [Population()], np.ma.masked, Options(a=1)]
    ),
    st.integers(), st.floats(), st.text(), st.lists(st.floats()), st.lists(st.integers()), st.binary(),
)  # fmt: skip


def stored_and_read(setting: Setting) -> Any:
    """A setting as it comes back from a file."""
    return structure(type(setting), tomllib.loads(tomli_w.dumps(plain(setting))))


def check_accepted_or_refused(kind: type[Setting], name: str, value: Any) -> None:
    try:
        made = kind(**{name: value})
    except SettingError as error:
        refusal = str(error)
    else:
        refusal = ""
    assert refusal.isprintable(), ascii(refusal)
    assert len(refusal) <= 2000
    if refusal:
        return
    again = stored_and_read(made)
    assert again == made
    assert hash(again) == hash(made)
    assert [(type(leaf), repr(leaf)) for leaf in jax.tree.leaves(again)] == [
        (type(leaf), repr(leaf)) for leaf in jax.tree.leaves(made)
    ]


@given(st.data())
@settings(max_examples=300)
def test_what_a_field_accepts_can_be_stored_and_everything_else_is_refused_in_one_line(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(KINDS))
    names = [each.name for each in dataclasses.fields(kind)]
    if names:
        check_accepted_or_refused(kind, data.draw(st.sampled_from(names)), data.draw(ODD))


@pytest.mark.slow
@given(st.data())
@settings(max_examples=20_000)
def test_what_a_field_accepts_can_be_stored_at_length(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from([each for each in KINDS if dataclasses.fields(each)]))
    check_accepted_or_refused(kind, data.draw(st.sampled_from(dataclasses.fields(kind))).name, data.draw(ODD))


def test_every_field_that_is_no_part_has_a_rule() -> None:
    for kind in KINDS:
        for each in dataclasses.fields(kind):
            assert "rule" in each.metadata or (kind is Experiment and each.name in PARTS), (kind, each.name)
            rule = each.metadata.get("rule")
            assert not isinstance(rule, Nested) or rule.depth > 0


def test_a_path_into_a_list_has_one_spelling() -> None:
    experiment = with_values(SMALL, {"curriculum.order": (0, 1)})
    for path in (
        "curriculum.order.00",
        "curriculum.order.²",
        "curriculum.order.\u0660",
        "curriculum.order." + "9" * 5000,
    ):
        with pytest.raises(SettingError, match=r"^unknown path 'curriculum\.order\."):
            with_values(experiment, {path: 1})
    assert paths(with_values(experiment, {"curriculum.order.0": 1}))["curriculum.order.0"] == 1
