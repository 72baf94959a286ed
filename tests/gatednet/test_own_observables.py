"""Observables of a user's own: replaced, taken away and brought back, and checked when a simulation is traced."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from gatednet import REGISTRY, DeepLinear, Observable, Save, SettingError, simulate, with_values
from gatednet.observables import (
    accuracy,
    alignment,
    cycles,
    folds,
    losses,
    parameters,
    register,
    spectra,
)
from gatednet.sweeps import Axis, Sweep, run_sweep
from tests.gatednet.tools import SMALL

pytestmark = pytest.mark.usefixtures("unchecked_annotations")

EXPERIMENT = with_values(SMALL, {"steps": 4})


@pytest.fixture(autouse=True)
def _registry() -> Iterator[None]:
    """The registry is afterwards what it was."""
    before = dict(REGISTRY)
    yield
    REGISTRY.clear()
    REGISTRY.update(before)


def constant(number: float, **further: Any) -> Observable:
    """An observable "mine" that is one number."""
    return Observable("mine", f"always {number}", lambda snapshot: jnp.full_like(snapshot.loss, number), **further)


def simulated(save: Save) -> float:
    """What "mine" is in all of a run."""
    (found,) = set(simulate(EXPERIMENT, save).mine.values.tolist())
    return found


def stored(sweep: Sweep, folder: Path) -> float:
    """What "mine" is in all runs of a sweep."""
    (found,) = set(np.unique(run_sweep(sweep, folder).dataset().mine.values).tolist())
    return found


def test_one_of_the_same_name_is_replaced_wherever_it_was_compiled(tmp_path: Path) -> None:
    one, two = constant(1.0), constant(2.0)
    register(one)
    save = Save(("mine",), 2)
    sweep = Sweep(EXPERIMENT, (Axis.seeds(2),), save)
    assert simulated(save) == 1
    assert stored(sweep, tmp_path / "one") == 1
    register(two)
    # A save and a sweep from before the replacement.
    assert simulated(save) == 2
    assert stored(sweep, tmp_path / "two") == 2
    register(one)
    assert simulated(save) == 1
    assert stored(sweep, tmp_path / "three") == 1


def test_it_may_leave_the_registry_and_come_back() -> None:
    register(constant(1.0))
    save = Save(("mine",), 2)
    assert simulated(save) == 1
    kept = REGISTRY.pop("mine")
    with pytest.raises(SettingError, match=r"^unknown observable 'mine': "):
        simulate(EXPERIMENT, save)
    with pytest.raises(SettingError, match=r"^unknown observable 'mine': "):
        Save(("mine",), 2)
    register(constant(3.0))
    assert simulated(save) == 3
    REGISTRY["mine"] = kept
    assert simulated(save) == 1


def test_a_sweep_takes_the_new_shape(tmp_path: Path) -> None:
    register(constant(1.0))
    sweep = Sweep(EXPERIMENT, (Axis.seeds(2),), Save(("mine",), 2))
    assert [each.sizes for each in sweep.variables if each.name == "mine"] == [(3,)]
    register(Observable("mine", "two numbers", lambda snapshot: snapshot.state.gates, dims=("path",)))
    assert run_sweep(sweep, tmp_path / "store").dataset().mine.dims == ("seed", "step", "path")


def test_saves_are_equal_by_their_names() -> None:
    register(constant(1.0))
    before = Save(("mine",), 2)
    register(constant(2.0))
    assert before == Save(("mine",), 2)
    assert hash(before) == hash(Save(("mine",), 2))
    for again in (copy.deepcopy(before), pickle.loads(pickle.dumps(before))):
        assert again == before
        assert again.chosen == (REGISTRY["mine"],)


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "one dimension too many": (
        {"function": lambda snapshot: snapshot.state.gates},
        "observable 'mine' returned the shape (2, 32), expected is (runs) = (32,)",
    ),
    "runs missing": (
        {"function": lambda snapshot: snapshot.loss.mean()},
        "observable 'mine' returned the shape (), expected is (runs) = (32,)",
    ),
    "runs first": (
        {"function": lambda snapshot: snapshot.state.gates.T, "dims": ("path",)},
        "observable 'mine' returned the shape (32, 2), expected is (path, runs) = (2, 32)",
    ),
    "another number of tasks": (
        {"function": lambda snapshot: jnp.ones((3, snapshot.loss.size)), "dims": ("task",)},
        "observable 'mine' returned the shape (3, 32), expected is (task, runs) = (2, 32)",
    ),
    "of units, inputs, outputs and modes": (
        {"function": lambda snapshot: snapshot.loss, "dims": ("unit", "input", "output", "mode")},
        "observable 'mine' returned the shape (32,), expected is (unit, input, output, mode, runs) = (4, 4, 2, 2, 32)",
    ),
    "a dimension of its own": (
        {"function": lambda snapshot: snapshot.loss, "dims": ("mine",)},
        "observable 'mine' returned the shape (32,), expected is (mine, runs) = (any, 32)",
    ),
    "nothing": (
        {"function": lambda snapshot: None},
        "observable 'mine' returned None, expected is an array of the shape (runs) = (32,)",
    ),
    "complex numbers": (
        {"function": lambda snapshot: snapshot.loss * 1j},
        "observable 'mine' returned the number type complex64, allowed are real numbers, signed whole numbers and "
        "truth values",
    ),
    "at the end": (
        {"function": lambda snapshot: snapshot.state.gates, "when": "end"},
        "observable 'mine' returned the shape (2, 32), expected is (runs) = (32,)",
    ),
    "of every step": (
        {"function": lambda moment: moment.loss[None], "when": "steps"},
        "observable 'mine' returned the shape (1, 32), expected is (runs) = (32,)",
    ),
    "of blocks": (
        {"function": lambda moment: moment.loss[None], "when": "blocks", "fold": folds.mean()},
        "observable 'mine' returned the shape (1, 32), expected is (runs) = (32,)",
    ),
    "a fold of several numbers": (
        {"function": lambda moment: moment.loss, "when": "blocks", "fold": folds.first_steps(3)},
        "observable 'mine' returned the shape (1, 3, 32), expected is (block, runs) = (1, 32)",
    ),
    "of all saves": (
        {"function": lambda history: history.states[0], "when": "history"},
        "observable 'mine' returned the shape (18, 32), expected is (step, runs) = (3, 32)",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_shape_is_refused_with_the_expected_one(case: str) -> None:
    given, message = WRONG[case]
    register(Observable(**{"name": "mine", "long_name": "mine", **given}))
    with pytest.raises(SettingError) as refusal:
        simulate(EXPERIMENT, Save(("mine",), 2), reduced=False, lane=32)
    assert str(refusal.value) == message


def test_a_wrong_shape_is_refused_before_a_store_is_made(tmp_path: Path) -> None:
    register(Observable("mine", "mine", lambda snapshot: snapshot.state.gates))
    with pytest.raises(
        SettingError, match=r"^observable 'mine' returned the shape \(2, \d+\), expected is \(runs\) = "
    ):
        run_sweep(Sweep(EXPERIMENT, (Axis.seeds(2),), Save(("mine",), 2)), tmp_path / "store")
    assert list(tmp_path.iterdir()) == []


def test_paths_are_those_that_a_network_shows() -> None:
    deep = with_values(EXPERIMENT, {"network": DeepLinear(inputs=4, hidden=3, outputs=2)})
    register(Observable("mine", "mine", lambda snapshot: snapshot.paths.weights[:, 0, 0], dims=("path",)))
    assert simulate(deep, Save(("mine",), 4)).mine.sizes == {"step": 2, "path": 2}


def test_truth_values_and_whole_numbers_are_allowed() -> None:
    register(
        Observable("mine", "mine", lambda snapshot: snapshot.loss > 0),
        Observable("other", "other", lambda snapshot: np.arange(snapshot.loss.size)),
    )
    run = simulate(EXPERIMENT, Save(("mine", "other"), 4))
    assert run.mine.values.tolist() == [1, 1]
    assert run.other.values.tolist() == [0, 0]


def test_a_dimension_has_one_size() -> None:
    register(
        Observable("mine", "mine", lambda snapshot: jnp.ones((3, snapshot.loss.size)), dims=("bin",)),
        Observable("other", "other", lambda snapshot: jnp.ones((5, snapshot.loss.size)), dims=("bin",)),
    )
    with pytest.raises(SettingError) as refusal:
        simulate(EXPERIMENT, Save(("mine", "other"), 4))
    assert str(refusal.value) == (
        "observable 'other' has the size 5 along 'bin' and 'mine' has 3, allowed is one size, or another name for the "
        "dimension"
    )


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: constant(1.0, dims=("task", "task")), "observable 'mine': dimension 'task' is named twice, allowed is "
         "another name"),
        (lambda: constant(1.0, dims=("step",)), "observable 'mine': dimension 'step' is a dimension of the "
         "simulation's own, allowed is another name"),
        (lambda: constant(1.0, dims="task"), "dims of observable 'mine' is 'task', allowed is lists nested 1 deep, "
         "each entry the name of a dimension"),
        (lambda: Observable(3, "three", len), "name of an observable is 3, allowed is a string"),
        (lambda: register(len), "observable is <built-in function len>, allowed is an instance of Observable"),
    ],
)  # fmt: skip
def test_what_an_observable_says_of_itself_is_checked(build: Callable[[], object], message: str) -> None:
    with pytest.raises(SettingError) as refusal:
        build()
    assert str(refusal.value) == message
    assert "mine" not in REGISTRY


def test_no_two_of_the_packages_own_have_one_name() -> None:
    families = (accuracy, alignment, cycles, losses, parameters, spectra)
    names = [each.name for family in families for each in family.OBSERVABLES]
    assert sorted(names) == sorted(REGISTRY)
