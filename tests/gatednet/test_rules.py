"""Learning rules against the same rules by hand."""

import jax
import numpy as np
import optax
import pytest

from gatednet import Objective, Optax, Options, Save, simulate, with_values
from tests.gatednet import oracle
from tests.gatednet.tools import SMALL, run_many

EXPERIMENT = with_values(
    SMALL,
    {"teachers.scale": "unit", "objective": Objective(norm=0.3, nonnegativity=0.0), "curriculum.block_length": 1.0},
)
SAVE = Save(("weights", "gates", "teachers"), 1)


def gradients(weights: np.ndarray, gates: np.ndarray, teacher: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The gradients of the whole loss, by hand."""
    model = oracle.Model(0.2, 0.05, 0.01, 100, (0,), norm=0.3)
    _, by_weights, by_gates = oracle.population_gradients(weights, gates, teacher)
    return by_weights, by_gates + oracle.penalty_gradient(model, gates)


def test_plain_descent_is_the_rule_of_euler() -> None:
    euler, descent = (
        simulate(with_values(EXPERIMENT, {"rule": rule}), SAVE, precision="float64")
        for rule in (EXPERIMENT.rule, Optax("sgd", "sgd"))
    )
    for name in ("weights", "gates"):
        np.testing.assert_allclose(descent[name], euler[name], rtol=1e-13)


RATES = {"timescales.weights": [0.2, 0.1, 0.4], "timescales.gates": [0.05, 0.2, 0.1]}
MOMENTUM = [0.0, 0.5, 0.9]
DECAY = [0.9, 0.8, 0.5]


def test_momentum_and_adam_by_hand_with_rates_and_options_of_each_run() -> None:
    rule = Optax("sgd", "adam", Options(momentum=0.9), Options(b1=0.9))
    values = {**RATES, "rule.weights_options.momentum": MOMENTUM, "rule.gates_options.b1": DECAY}
    saved = run_many(with_values(EXPERIMENT, {"rule": rule}), SAVE, values, seeds=(0, 1, 2), precision="float64")
    with jax.enable_x64(True):
        for run in range(3):
            weights, gates = saved["weights"][run, 0], saved["gates"][run, 0]
            speed = np.zeros_like(weights)
            adam = optax.adam(0.01 / RATES["timescales.gates"][run], b1=DECAY[run])
            memory = adam.init(gates)
            for step in range(EXPERIMENT.steps):
                by_weights, by_gates = gradients(weights, gates, saved["teachers"][run, 0, 0])
                speed = MOMENTUM[run] * speed + by_weights
                weights = weights - 0.01 / RATES["timescales.weights"][run] * speed
                change, memory = adam.update(by_gates, memory, gates)
                gates = gates + np.asarray(change)
                np.testing.assert_allclose(saved["weights"][run, step + 1], weights, rtol=1e-9, atol=1e-11)
                np.testing.assert_allclose(saved["gates"][run, step + 1], gates, rtol=1e-9, atol=1e-11)


def test_adam_on_weights_moves_each_at_most_by_its_rate() -> None:
    saved = simulate(with_values(EXPERIMENT, {"rule": Optax("adam", "sgd")}), SAVE)
    moves = np.abs(np.diff(saved.weights.values, axis=0))
    # The first step of Adam is the sign of the gradient.
    np.testing.assert_allclose(moves[0], 0.01 / 0.2, rtol=1e-3)


@pytest.mark.parametrize(("rule", "isotropic"), [(Optax("sgd", "adam"), True), (Optax("adam", "sgd"), False)])
def test_only_rules_linear_in_the_gradient_of_the_weights_are_isotropic(rule: Optax, isotropic: bool) -> None:
    assert rule.isotropic == isotropic


@pytest.mark.optimized
def test_rules_that_look_at_all_parameters_see_one_run_only() -> None:
    # A trust ratio is made of norms over all weights; those of another run must not enter.
    experiment = with_values(EXPERIMENT, {"rule": Optax("lars", "sgd")})
    together = run_many(experiment, SAVE, seeds=(0, 1))
    alone = run_many(experiment, SAVE, seeds=(1,))
    np.testing.assert_array_equal(together["weights"][1], alone["weights"][0])


def test_options_are_values() -> None:
    options = Options(b=1.0, a=2)
    assert options == Options({"a": 2, "b": 1.0})
    assert hash(options) == hash(Options(a=2, b=1.0))
    assert list(options) == ["a", "b"]
    assert repr(options) == "Options({'a': 2, 'b': 1.0})"
