"""What does not go together with labels, and examples that are none, is refused in one line."""

import dataclasses
import re
from collections.abc import Callable

import numpy as np
import pytest

from gatednet import (
    DeepLinear,
    Experiment,
    Features,
    GatedLinear,
    Gaussian,
    Imbalanced,
    InTeacherSpace,
    Objective,
    Permutations,
    Save,
    SettingError,
    examples_of,
    simulate,
    with_values,
)
from tests.gatednet.labelled import (
    CLASSES,
    EXAMPLES,
    SMALL,
    STEPS,
    WIDTH,
    some_examples,
)


def with_parts(**parts: object) -> Experiment:
    return dataclasses.replace(SMALL, **parts)


ONE = Save(("loss",), STEPS)
TOGETHER = "do not go together, allowed are all with labels or all without"
REFUSALS = [
    (
        lambda: with_parts(inputs=Gaussian()),
        f"inputs Gaussian, objective CrossEntropy, teachers Permutations {TOGETHER}",
    ),
    (
        lambda: with_parts(objective=Objective()),
        f"inputs Features, objective Objective, teachers Permutations {TOGETHER}",
    ),
    (
        lambda: Experiment(teachers=Permutations(), network=GatedLinear(inputs=10)),
        f"inputs Gaussian, objective Objective, teachers Permutations {TOGETHER}",
    ),
    (
        lambda: Experiment(inputs=Imbalanced(), network=GatedLinear(inputs=64)),
        f"inputs Imbalanced, objective Objective, teachers Teachers {TOGETHER}",
    ),
    (
        lambda: with_parts(network=DeepLinear(inputs=WIDTH, outputs=CLASSES)),
        "DeepLinear has no paths, which tasks about labels need",
    ),
    (
        lambda: with_values(SMALL, {"inputs.width": 6}),
        "Features.width is 6 and network.inputs is 5, allowed is one number for both",
    ),
    (
        lambda: with_parts(inputs=Imbalanced(width=4)),
        "Imbalanced.width is 4 and network.inputs is 5, allowed is one number for both",
    ),
    (
        lambda: with_parts(initial=InTeacherSpace(mixture=((1.0, 0.0), (0.0, 1.0)))),
        "InTeacherSpace has combinations of maps, and the tasks of Permutations are about labels",
    ),
    (lambda: simulate(SMALL, ONE), "inputs Features need examples, and none are given"),
    (
        lambda: simulate(Experiment(steps=1), Save(("loss",), 1), examples=EXAMPLES),
        "inputs Gaussian take no examples, and some are given",
    ),
    (
        lambda: simulate(SMALL, ONE, examples=some_examples(23, 17, width=6)),
        "Features.width is 5, and the examples have 6 inputs",
    ),
    (
        lambda: simulate(with_values(SMALL, {"inputs.batch": 24}), ONE, examples=EXAMPLES),
        "Features.batch is 24, allowed are at most all examples, 23",
    ),
    (
        lambda: simulate(SMALL, ONE, examples=some_examples(23, 17, classes=4)),
        "network.outputs is 3, and the examples have 4 classes, allowed is one number for both",
    ),
    (
        lambda: simulate(SMALL, ONE, examples=some_examples(23, 17, classes=2)),
        "network.outputs is 3, and the examples have 2 classes, allowed is one number for both",
    ),
    (
        lambda: simulate(SMALL, ONE, reduced=True, examples=EXAMPLES),
        "cannot be reduced: inputs Features have another second moment than the identity",
    ),
    (
        lambda: simulate(SMALL, Save(("loss", "alignment"), STEPS), examples=EXAMPLES),
        "observable 'alignment' is of tasks that are maps, and those of Permutations are not",
    ),
    (
        lambda: simulate(Experiment(steps=1), Save(("accuracy",), 1)),
        "observable 'accuracy' is of tasks that are labels, and those of Teachers are not",
    ),
    (lambda: Features(batch=0), "Features.batch is 0, allowed is a whole number, at least 1"),
    (
        lambda: Features(label_noise=1.5),
        "Features.label_noise is 1.5, allowed is a finite number at least 0 and at most 1",
    ),
    (
        lambda: Features(images="cifar"),
        "Features.images is 'cifar', allowed is one of 'digits', 'mnist', 'fashion_mnist'",
    ),
    (lambda: Imbalanced(ratio=0.5), "Imbalanced.ratio is 0.5, allowed is a finite number at least 1"),
    (
        lambda: examples_of(np.zeros((3, 2)), [0, 1], np.zeros((1, 2)), [0], 2),
        "train has inputs of the shape (3, 2) and labels of the shape (2,), allowed are (number, inputs) and "
        "(number,), with one example or more",
    ),
    (
        lambda: examples_of(np.zeros((1, 2)), [0], np.zeros(2), [0, 1], 2),
        "test has inputs of the shape (2,) and labels of the shape (2,), allowed are (number, inputs) and "
        "(number,), with one example or more",
    ),
    (
        lambda: examples_of(np.zeros((0, 2)), np.zeros(0, int), np.zeros((1, 2)), [0], 2),
        "train has inputs of the shape (0, 2) and labels of the shape (0,), allowed are (number, inputs) and "
        "(number,), with one example or more",
    ),
    (
        lambda: examples_of([[0.0, np.inf]], [0], np.zeros((1, 2)), [0], 2),
        "train has inputs that are not finite",
    ),
    (
        lambda: examples_of([[0.0]], [0], [[np.nan]], [0], 2),
        "test has inputs that are not finite",
    ),
    (
        lambda: examples_of([[0.0]], [2], [[0.0]], [0], 2),
        "train has other labels than the whole numbers from 0 to 1",
    ),
    (
        lambda: examples_of([[0.0]], [0], [[0.0]], [-1], 2),
        "test has other labels than the whole numbers from 0 to 1",
    ),
    (
        lambda: examples_of([[0.0]], [0.0], [[0.0]], [0], 2),
        "train has other labels than the whole numbers from 0 to 1",
    ),
    (
        lambda: examples_of([[0.0]], [0], [[0.0, 1.0]], [0], 2),
        "train has 1 inputs and test 2, allowed is one number",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("build", "text"), REFUSALS, ids=[text for _, text in REFUSALS])
def test_refusal(build: Callable[[], object], text: str) -> None:
    with pytest.raises(SettingError, match=f"^{re.escape(text)}$"):
        build()
