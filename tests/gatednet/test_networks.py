"""A network that only answers for a batch of inputs, against the same one as a linear map: no fast path is assumed."""

import jax.numpy as jnp
import numpy as np
import pytest

from gatednet import (
    CrossEntropy,
    Experiment,
    Features,
    Fixed,
    GatedLinear,
    Gaussian,
    Group,
    Network,
    Permutations,
    Save,
    SettingError,
    examples_of,
    simulate,
    with_values,
)
from gatednet.settings import Whole, field
from tests.gatednet.tools import SMALL


class Answering(Network):
    """The gated linear network of two paths, by its outputs alone."""

    inputs: int = field(4, Whole(1), "dimension of the inputs")
    outputs: int = field(2, Whole(1), "dimension of the outputs")

    @property
    def groups(self) -> dict[str, Group]:
        return GatedLinear(2, self.inputs, self.outputs).groups

    def respond(self, rows, inputs):
        ((weights,),), ((gates,),) = rows["weights"], rows["gates"]
        return jnp.einsum("pr,poir,ibr->obr", gates, weights, inputs)


NOISY = with_values(SMALL, {"inputs": Gaussian(batch=3, drawn=True), "initial.weight_scale": 0.5})
SEEDS = (0, 7)


def both(experiment: Experiment, save: Save, **options):
    """The runs of both networks."""
    inputs, outputs = experiment.network.inputs, experiment.network.outputs
    pair = (experiment, with_values(experiment, {"network": Answering(inputs, outputs)}))
    return (simulate(each, save, SEEDS, precision="float64", **options) for each in pair)


@pytest.mark.parametrize("inputs", [Gaussian(batch=3, drawn=True), Fixed()], ids=["drawn", "fixed"])
def test_errors_of_outputs_are_those_of_the_map(inputs) -> None:
    linear, answering = both(with_values(NOISY, {"inputs": inputs}), Save(("batch_loss", "loss_every_step"), 10))
    for name in ("batch_loss", "loss_every_step"):
        # Drawn inputs have single precision, and are scaled in it.
        np.testing.assert_allclose(answering[name], linear[name], rtol=1e-5 if inputs != Fixed() else 1e-11)
    # It has no expected loss in closed form, and reports that of the batch that comes next.
    np.testing.assert_array_equal(answering["batch_loss"], simulate(
        with_values(NOISY, {"inputs": inputs, "network": Answering()}), Save(("loss",), 10), SEEDS, precision="float64"
    ).loss)  # fmt: skip


def test_outputs_for_examples_are_those_of_the_map() -> None:
    random = np.random.default_rng(0)
    inputs, labels = random.normal(size=(20, 4)), random.integers(0, 3, 20)
    experiment = with_values(
        NOISY,
        {
            "network": GatedLinear(2, 4, 3),
            "inputs": Features(width=4, batch=5),
            "teachers": Permutations(("identity", (1, 2, 0))),
            "objective": CrossEntropy(),
        },
    )
    examples = examples_of(inputs, labels, inputs, labels, 3)
    save = Save(("loss", "batch_loss", "accuracy", "task_accuracy"), 10)
    linear, answering = both(experiment, save, examples=examples)
    for name in save.observables:
        np.testing.assert_allclose(answering[name], linear[name], rtol=1e-9, atol=1e-12)


def test_what_it_does_not_say_is_refused_in_one_line() -> None:
    with pytest.raises(
        SettingError, match=r"^network Answering is not linear and needs the inputs themselves, and Pop"
    ):
        with_values(SMALL, {"network": Answering()})
    for name, message in (
        ("alignment", "has no paths"),
        ("units", "is not one of two layers"),
        ("effective_map", "no linear map"),
    ):
        with pytest.raises(SettingError, match=message):
            simulate(with_values(NOISY, {"network": Answering()}), Save((name,), 40))
