"""Annotations of shapes are checked, and none is passed over because it cannot be read."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import pkgutil
import typing

import jax.numpy as jnp
import jaxtyping
import numpy as np
import pytest

import gatednet.observables
from gatednet import REGISTRY, Observable, Save, simulate
from gatednet.curricula.base import Schedule
from gatednet.dynamics.reduction import Basis
from gatednet.observables import BlockClock, Clock, Ending, History, Moment, Snapshot
from tests.gatednet.tools import SMALL

ARRAYS = {
    Snapshot: {"teachers", "task_weights", "loss", "step"},
    Basis: {"maps", "rows"},
    Moment: {"loss", "target"},
    History: {"states", "block_steps"},
    BlockClock: {"block", "step", "steps"},
    Schedule: {"block_steps", "release", "starts"},
    Clock: {"step"},
    Ending: {"begun", "taken"},
}
RUNS = np.array([3, 5])


def shapes_in(annotation: object) -> bool:
    """Whether an annotation holds the shape of an array."""
    if inspect.isclass(annotation) and issubclass(annotation, jaxtyping.AbstractArray):
        return True
    return any(map(shapes_in, typing.get_args(annotation)))


@pytest.mark.parametrize("kind", ARRAYS)
def test_arrays_have_shapes(kind: type) -> None:
    hints = typing.get_type_hints(kind, include_extras=True)
    assert {name for name, each in hints.items() if shapes_in(each)} == ARRAYS[kind]


MODULES = [
    *(each.name for each in pkgutil.walk_packages(gatednet.observables.__path__, "gatednet.observables.")),
    "gatednet.engine.lane",
    "gatednet.curricula.base",
]


@pytest.mark.parametrize("name", MODULES)
def test_annotations_can_be_read(name: str) -> None:
    """Jaxtyping checks nothing of an annotation that it cannot read, and does not say so."""
    module = importlib.import_module(name)
    found = [each for each in vars(module).values() if getattr(each, "__module__", None) == name]
    functions = [each for each in found if inspect.isfunction(each)]
    for kind in filter(inspect.isclass, found):
        typing.get_type_hints(kind, include_extras=True)
        members = [each.fget if isinstance(each, property) else each for each in vars(kind).values()]
        functions += [each for each in members if inspect.isfunction(each)]
    for each in functions:
        typing.get_type_hints(inspect.unwrap(each), include_extras=True)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: History(jnp.zeros((4, 3, 5)), RUNS, 1),
        lambda: History(jnp.zeros((4, 2)), RUNS, 1),
        lambda: BlockClock(jnp.zeros((4, 3), int), jnp.zeros((4, 2), int), RUNS),
        lambda: BlockClock(jnp.zeros(2, int), jnp.zeros(2), RUNS),
        lambda: Schedule(np.array([1.0, 2.0])),
        lambda: Schedule(RUNS, np.array(0.5)),
        lambda: Ending(jnp.asarray(RUNS), jnp.zeros(3, int)),
    ],
)
def test_wrong_shapes_are_refused(wrong) -> None:
    with pytest.raises(jaxtyping.TypeCheckError, match="Type-check error whilst checking the parameters"):
        wrong()


def test_right_shapes_are_not() -> None:
    History(jnp.zeros((4, 3, 2)), RUNS, 1)
    BlockClock(jnp.zeros((4, 2), int), jnp.zeros((4, 2), int), RUNS)
    Schedule(np.array(3, np.int32))
    Schedule(RUNS, np.array(4))
    Ending(jnp.asarray(RUNS), jnp.zeros(2, int))


@pytest.mark.parametrize(
    ("when", "changed"),
    [
        ("saves", lambda shown: {"loss": shown.teachers}),
        ("saves", lambda shown: {"teachers": shown.teachers[0]}),
        ("saves", lambda shown: {"task_weights": shown.task_weights[0]}),
        ("saves", lambda shown: {"basis": shown.teachers[0]}),
        ("saves", lambda shown: {"step": shown.loss}),
        ("saves", lambda shown: {"loss": shown.loss[:2]}),
        ("steps", lambda shown: {"loss": shown.loss[0]}),
        ("steps", lambda shown: {"loss": shown.loss > 0}),
        ("steps", lambda shown: {"target": shown.target[0]}),
    ],
)
def test_what_an_observable_is_shown_is_checked(monkeypatch, when, changed) -> None:
    def function(shown):
        return dataclasses.replace(shown, **changed(shown)).loss

    monkeypatch.setitem(REGISTRY, "of_another_shape", Observable("of_another_shape", "own", function, when=when))
    with pytest.raises(jaxtyping.TypeCheckError, match="Type-check error whilst checking the parameters"):
        simulate(SMALL, Save(("of_another_shape",), 40), range(3))


def test_properties_of_a_snapshot_are_checked(monkeypatch) -> None:
    def function(snapshot):
        return snapshot.lifted(snapshot.loss)

    monkeypatch.setitem(REGISTRY, "of_another_shape", Observable("of_another_shape", "own", function))
    with pytest.raises(jaxtyping.TypeCheckError, match="Type-check error whilst checking the parameters"):
        simulate(SMALL, Save(("of_another_shape",), 40), range(3))
