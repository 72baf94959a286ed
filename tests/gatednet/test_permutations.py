"""Tasks that permute labels: their tables, what can be right without knowing the task, and what is refused."""

import itertools

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatednet import (
    CrossEntropy,
    Experiment,
    Features,
    GatedLinear,
    Permutations,
    SettingError,
    ceiling,
    from_toml,
    paths,
    to_toml,
    with_values,
)
from gatednet.teachers.permutations import NAMED

SMALL = GatedLinear(inputs=5, outputs=3)


def labelled(**parts: object) -> Experiment:
    """An experiment of ten classes."""
    return Experiment(
        **{
            "network": GatedLinear(inputs=64, outputs=10),
            "inputs": Features(),
            "objective": CrossEntropy(),
            "teachers": Permutations(),
            **parts,
        }
    )


def test_names_stand_for_their_tables() -> None:
    tables = Permutations(("identity", "parity", "upper_lower", "warm_cool")).tables(10)
    assert tables[0] == tuple(range(10))
    # Even digits come first, in their order, then odd ones.
    assert [tables[1].index(new) for new in range(10)] == [0, 2, 4, 6, 8, 1, 3, 5, 7, 9]
    assert tables[2] == (0, 5, 1, 6, 2, 7, 3, 8, 4, 9)
    assert tables[3] == (0, 1, 6, 3, 7, 2, 5, 4, 8, 9)
    assert all(sorted(table) == list(range(10)) for table in NAMED.values())


def test_a_teacher_has_a_one_at_the_new_class_of_each_old_one() -> None:
    teachers = Permutations(((1, 2, 0), "identity", (0, 2, 1)))
    maps = np.asarray(teachers.draw(jax.random.key(0), SMALL))
    assert maps.shape == (3, 3, 3)
    for task, table in enumerate([(1, 2, 0), (0, 1, 2), (0, 2, 1)]):
        for old, new in enumerate(table):
            np.testing.assert_array_equal(maps[task] @ np.eye(3)[old], np.eye(3)[new])
    np.testing.assert_array_equal(maps, teachers.draw(jax.random.key(1), SMALL))
    assert (teachers.number, teachers.labelled, teachers.shared) == (3, True, True)


@pytest.mark.parametrize(
    ("tasks", "share"),
    [
        (("identity", "parity"), 0.60),
        (("identity", "upper_lower"), 0.60),
        (("identity", "warm_cool"), 0.75),
        (("identity",), 1.0),
        (("warm_cool",), 1.0),
        (("identity", "identity"), 1.0),
    ],
)
def test_ceiling_of_named_tasks(tasks: tuple[str, ...], share: float) -> None:
    assert ceiling(Permutations(tasks), 10) == pytest.approx(share, abs=1e-15)


@given(st.integers(1, 4).flatmap(lambda n: st.lists(st.permutations(range(n)).map(tuple), min_size=1, max_size=4)))
def test_ceiling_is_the_best_of_all_guesses(tasks: list[tuple[int, ...]]) -> None:
    classes = len(tasks[0])
    best = max(
        np.mean([[guess[label] == task[label] for label in range(classes)] for task in tasks])
        for guess in itertools.product(range(classes), repeat=classes)
    )
    assert ceiling(Permutations(tuple(tasks)), classes) == pytest.approx(best, abs=1e-12)


NAMES = "'identity', 'parity', 'upper_lower', 'warm_cool'"
ALLOWED = f"allowed is a list of permutations, each {NAMES} or a list of whole numbers"


@pytest.mark.usefixtures("unchecked_annotations")
@pytest.mark.parametrize(
    ("tasks", "text"),
    [
        (
            ("identity", (0, 1, 1)),
            "Permutations.tasks.1 is (0, 1, 1), allowed is a permutation of 0 to 2, the outputs of the network",
        ),
        (
            ((0, 1), "identity"),
            "Permutations.tasks.0 is (0, 1), allowed is a permutation of 0 to 2, the outputs of the network",
        ),
        (
            ((1, 2, 3),),
            "Permutations.tasks.0 is (1, 2, 3), allowed is a permutation of 0 to 2, the outputs of the network",
        ),
        (
            ("parity",),
            "Permutations.tasks.0 is 'parity', allowed is a permutation of 0 to 2, the outputs of the network",
        ),
        ((), "Permutations.tasks is empty, allowed are one or more permutations"),
        (("party",), f"Permutations.tasks is ('party',), {ALLOWED}"),
        (("identity", 3), f"Permutations.tasks is ('identity', 3), {ALLOWED}"),
        (((0, 1, True),), f"Permutations.tasks is ((0, 1, True),), {ALLOWED}"),
        (((0, 1, 2.0),), f"Permutations.tasks is ((0, 1, 2.0),), {ALLOWED}"),
        ("identity", f"Permutations.tasks is 'identity', {ALLOWED}"),
    ],
    ids=str,
)
def test_refusal(tasks: object, text: str) -> None:
    with pytest.raises(SettingError) as refusal:
        labelled(network=SMALL, inputs=Features(width=5), teachers=Permutations(tasks))
    assert str(refusal.value) == text


def test_tasks_of_a_curriculum_are_among_the_permutations() -> None:
    with pytest.raises(SettingError, match=r"^Blocked\.order names task 2, allowed are 0 to 1$"):
        with_values(labelled(), {"curriculum.order": (0, 2)})


def test_round_trip_of_names_and_lists() -> None:
    experiment = labelled(teachers=Permutations(("warm_cool", [9, 8, 7, 6, 5, 4, 3, 2, 1, 0], "identity")))
    again = from_toml(to_toml(experiment))
    assert again == experiment
    assert hash(again) == hash(experiment)
    assert again.teachers.tasks == ("warm_cool", (9, 8, 7, 6, 5, 4, 3, 2, 1, 0), "identity")
    text = 'inputs.kind = "Features"\nobjective.kind = "CrossEntropy"\nnetwork.inputs = 64\n[teachers]\n'
    assert from_toml(text + 'kind = "Permutations"\ntasks = ["identity", "parity"]') == labelled()


def test_a_task_is_changed_by_its_path() -> None:
    changed = with_values(labelled(), {"teachers.tasks.1": "warm_cool"})
    assert changed.teachers.tasks == ("identity", "warm_cool")
    assert paths(changed)["teachers.tasks.1"] == "warm_cool"
    listed = with_values(labelled(), {"teachers.tasks.0": list(range(9, -1, -1))})
    assert listed.teachers.tasks == (tuple(range(9, -1, -1)), "parity")
    with pytest.raises(SettingError, match=r"^Permutations\.tasks is \('identity', 'warmcool'\), allowed is a list"):
        with_values(labelled(), {"teachers.tasks.1": "warmcool"})
