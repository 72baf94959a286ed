"""What a class does not declare of its own behaviour is not assumed, one test for each declaration."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gatednet import (
    Blocked,
    ChosenInitial,
    ChosenTeachers,
    CrossEntropy,
    Euler,
    Experiment,
    Features,
    Fixed,
    GatedLinear,
    GateNorm,
    Gaussian,
    Interleaved,
    Objective,
    Phase,
    Phases,
    Population,
    Proximal,
    Rule,
    Save,
    SettingError,
    SoftmaxCrossEntropy,
    SquaredError,
    Task,
    Teachers,
    WeightCost,
    obstacle,
    reduced_network,
    simulate,
    with_values,
)
from gatednet.arrays.rows import Cut, Rows
from gatednet.curricula.base import Schedule
from tests.gatednet import labelled
from tests.gatednet.tools import SMALL

# Wide enough that a reduction would pay.
WIDE = with_values(SMALL, {"network": GatedLinear(paths=2, inputs=6, outputs=2)})
SAVE = Save(("loss", "gates"), 20)


def changed(**parts: Any) -> Experiment:
    """The wide experiment with other parts."""
    return with_values(WIDE, parts)


class Absolute(Objective):
    """A sum of magnitudes of the weights, which says nothing of itself."""

    def penalty(self, network: Any, rows: Any) -> jax.Array:
        entries = [jnp.abs(block) for path in rows.weights for block in path]
        return super().penalty(network, rows) + 0.3 * sum(
            entry.sum(axis=tuple(range(entry.ndim - 1))) for entry in entries
        )


class Told(Absolute):
    """The same, which says what it is."""

    isotropic = True


class FourthPowerError(SquaredError):
    """The sum of fourth powers of errors."""

    def loss(self, network: Any, rows: Any, target: Any, evidence: Any) -> jax.Array:
        del evidence
        pairs = zip(network.effective_map(rows), target, strict=True)
        return sum(((one - other) ** 4).sum(axis=tuple(range(one.ndim - 1))) for one, other in pairs)


class Signs(Euler):
    """Steps by the sign of the gradient."""

    def update(self, rows: Any, gradient: Any, memory: Any, rates: Any, clock: Any) -> Any:
        signs = jax.tree.map(jnp.sign, gradient.here)
        return super().update(rows, gradient._replace(here=signs), memory, rates, clock)


class Flicker(Blocked):
    """Tasks that alternate step by step, and say nothing of when they change."""

    def task_weights(self, schedule: Any, step: Any, key: Any, shape: Any) -> jax.Array:
        del schedule
        return jnp.broadcast_to(jax.nn.one_hot(step % shape[0], shape[0])[:, None], (shape[0], key.shape[-1]))


class Stretched(Population):
    """Inputs of which one is larger."""

    def factor(self, drawn: Any, place: Any) -> jax.Array:
        del drawn, place
        return jnp.diag(jnp.arange(1.0, 7.0))[..., None]


class Squashed(GatedLinear):
    """A network with a map that is cut off, entry by entry."""

    def effective_map(self, rows: Any) -> Any:
        return tuple(jnp.clip(block, -0.1, 0.1) for block in super().effective_map(rows))


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ({"objective": Absolute()}, "objective Absolute does not declare isotropic, and Absolute has its own penalty"),
        (
            {"objective": Objective(task=FourthPowerError())},
            "task loss FourthPowerError does not declare isotropic, and FourthPowerError has its own loss",
        ),
        ({"rule": Signs()}, "rule Signs does not declare isotropic, and Signs has its own update"),
        (
            {"curriculum": Flicker(block_length=0.1)},
            "curriculum Flicker does not declare isotropic, and Flicker has its own task_weights",
        ),
        ({"inputs": Stretched()}, "inputs Stretched does not declare exact, and Stretched has its own factor"),
        (
            {"network": Squashed(paths=2, inputs=6, outputs=2)},
            "network Squashed does not declare frame, and Squashed has its own effective_map",
        ),
    ],
    ids=["objective", "task loss", "rule", "curriculum", "inputs", "network"],
)
def test_runs_are_not_reduced(parts: dict[str, Any], reason: str) -> None:
    experiment = changed(**parts)
    assert obstacle(experiment) == reason
    with pytest.raises(SettingError, match=rf"^cannot be reduced: {reason}$"):
        reduced_network(experiment)


def descent(experiment: Experiment, start: Any, by_weights: Any, cut: float = np.inf) -> float:
    """The loss at the end of a run in NumPy; `by_weights` is the slope of the weights, from that of the task."""
    weights, gates, objective = start.weights.values, start.gates.values, experiment.objective
    rates = [experiment.dt / each for each in (experiment.timescales.weights, experiment.timescales.gates)]
    block_steps = round(experiment.curriculum.block_length / experiment.dt)
    for step in range(experiment.steps + 1):
        teacher = start.teachers.values[min(step, experiment.steps - 1) // block_steps % 2]
        output = np.einsum("p,poi->oi", gates, weights)
        error = np.clip(output, -cut, cut) - teacher
        loss = 0.5 * np.sum(error**2)
        felt = np.where(np.abs(output) < cut, error, 0.0)
        by_gates = np.einsum("oi,poi->p", felt, weights)
        by_gates += objective.norm * (np.abs(gates).sum() - 1) * np.sign(gates) - objective.nonnegativity * (gates < 0)
        slope = by_weights(gates[:, None, None] * felt, weights)
        weights, gates = weights - rates[0] * slope, gates - rates[1] * by_gates
    return float(loss)


@pytest.mark.parametrize(
    ("parts", "by_weights", "options"),
    [
        ({"objective": Absolute()}, lambda slope, weights: slope + 0.3 * np.sign(weights), {}),
        ({"network": Squashed(paths=2, inputs=6, outputs=2)}, lambda slope, weights: slope, {"cut": 0.1}),
    ],
    ids=["magnitudes of weights", "a map that is cut off"],
)
def test_runs_are_those_of_the_full_network(parts: dict[str, Any], by_weights: Any, options: dict[str, float]) -> None:
    experiment = with_values(changed(**parts), {"initial.weight_scale": 0.3, "steps": 100})
    found = simulate(experiment, Save(("loss", "weights", "gates", "teachers"), 100), precision="float64")
    expected = descent(experiment, found.isel(step=0), by_weights, **options)
    assert float(found.loss[-1]) == pytest.approx(expected, rel=1e-9)
    told = {Absolute: Told}.get(type(experiment.objective))
    if told is not None:
        # What is claimed to be isotropic is reduced, and comes out otherwise.
        wrong = simulate(with_values(experiment, {"objective": told()}), Save(("loss",), 100), precision="float64")
        assert float(wrong.loss[-1]) != pytest.approx(expected, rel=1e-2)


def test_a_declaration_holds_for_the_class_that_makes_it_and_those_below() -> None:
    class Below(Told):
        """Overrides nothing."""

    class Again(Told):
        """Overrides the penalty once more."""

        def penalty(self, network: Any, rows: Any) -> jax.Array:
            return super().penalty(network, rows)

    assert Told().isotropic
    assert Below().isotropic
    assert not Again().isotropic
    assert not type("Twice", (Absolute,), {})().isotropic


def test_behaviour_that_is_mixed_in_is_seen() -> None:
    class Half:
        """No setting."""

        def update(self, rows: Any, gradient: Any, memory: Any, rates: Any, clock: Any) -> Any:
            halves = {name: rate / 2 for name, rate in rates.items()}
            return super().update(rows, gradient, memory, halves, clock)

    class Slower(Half, Euler):
        """A rule with behaviour from elsewhere."""

    assert not Slower().isotropic
    assert Slower().limits == {}
    assert Euler().isotropic


def test_a_rule_that_says_nothing_has_no_limits_and_takes_nothing_implicitly() -> None:
    class Own(Rule):
        """Only what a rule needs."""

        def start(self, rows: Any, rates: Any) -> None:
            del rows, rates

        def update(self, rows: Rows, gradient: Any, memory: Any, rates: Any, clock: Any) -> Any:
            del gradient, memory, rates, clock
            return rows, None

    class Damped(Proximal):
        """Overrides the step of a rule that is implicit."""

        def update(self, rows: Any, gradient: Any, memory: Any, rates: Any, clock: Any) -> Any:
            return super().update(rows, gradient, memory, rates, clock)

    assert obstacle(changed(rule=Own())) == "rule Own does not declare isotropic"
    assert (Own().limits, Own().implicit, Signs().limits) == ({}, False, {})
    assert Proximal().implicit
    assert not Damped().implicit
    # Then constraints are part of the gradient.
    runs = [simulate(changed(rule=rule), SAVE, reduced=False).gates for rule in (Damped(), Euler(), Proximal())]
    np.testing.assert_array_equal(runs[0], runs[1])
    assert not np.array_equal(runs[0], runs[2])


def test_targets_of_a_curriculum_that_says_nothing_may_change_at_every_step() -> None:
    class Apart(Interleaved):
        """The same targets, by a curriculum that takes every step on its own."""

        task_weights = Flicker.task_weights

    schedule, step = Schedule(jnp.array([10])), jnp.int32(3)
    assert Blocked().next_change(schedule, step) == 10
    assert Flicker().next_change(schedule, step) == 4
    save = Save(("loss_every_step",), 20)
    runs = [simulate(changed(curriculum=each(block_length=0.1)), save) for each in (Flicker, Apart, Blocked)]
    np.testing.assert_array_equal(runs[0].loss_every_step, runs[1].loss_every_step)
    assert not np.array_equal(runs[0].loss_every_step, runs[2].loss_every_step)


def test_blocks_of_own_lengths_may_end_at_every_step() -> None:
    class Longer(Blocked):
        """Blocks twice as long."""

        def block(self, schedule: Any, step: Any) -> jax.Array:
            return step // (2 * schedule.block_steps)

    assert Longer().next_change(Schedule(jnp.array([10])), jnp.int32(10)) == 11


def test_a_target_that_says_nothing_is_not_whole() -> None:
    class Halves(Task):
        """A teacher for one half of the outputs."""

        def weights(self, tasks: int, outputs: int) -> jax.Array:
            shown = np.arange(tasks)[:, None, None] == (np.arange(outputs) * tasks // outputs)[:, None]
            return jnp.asarray(shown, float)

    assert Task().whole
    assert not Halves().whole
    curriculum = Phases(block_length=0.1, phases=(Phase((Halves(), Task(1))),))
    assert obstacle(changed(curriculum=curriculum)) == (
        "curriculum Phases shows rows of several teachers, and the gates of the network are those of whole maps"
    )


def test_an_error_that_says_nothing_has_no_prefactor_and_no_labels() -> None:
    class Names(SoftmaxCrossEntropy):
        """An error about labels, without saying so."""

        def loss(self, network: Any, rows: Any, target: Any, evidence: Any) -> jax.Array:
            return super().loss(network, rows, target, evidence)

    assert (SquaredError().prefactor, FourthPowerError().prefactor) == (0.5, 1.0)
    assert SoftmaxCrossEntropy().labelled
    assert not Names().labelled
    # The loss of a map by hand: no ½ is left over from the squared error.
    experiment = changed(objective=Objective(task=FourthPowerError()))
    saved = simulate(experiment, Save(("loss", "effective_map", "teachers"), 20))
    error = saved.effective_map[0].values - saved.teachers[0, 0].values
    assert float(saved.loss[0]) == pytest.approx(np.sum(error**4), rel=1e-5)


def test_objectives_and_inputs_that_say_nothing_have_no_labels() -> None:
    class Softer(CrossEntropy):
        """Overrides the error."""

        def task_loss(self, network: Any, rows: Any, target: Any, factor: Any, outputs: int) -> jax.Array:
            return 0.5 * super().task_loss(network, rows, target, factor, outputs)

    class Turned(Features):
        """Overrides what a step sees."""

        def factor(self, drawn: Any, place: Any) -> Any:
            return super().factor(drawn, place)

    with pytest.raises(SettingError) as refusal:
        with_values(labelled.SMALL, {"objective": Softer()})
    assert str(refusal.value) == (
        "inputs Features, objective Softer, teachers Permutations do not go together, allowed are all with labels or "
        "all without; Softer does not declare labelled, and Softer has its own task_loss"
    )
    with pytest.raises(SettingError, match=r"Turned does not declare labelled, and Turned has its own factor$"):
        with_values(labelled.SMALL, {"inputs": Turned(width=labelled.WIDTH, batch=labelled.BATCH)})


def test_constraints_that_say_nothing_declare_nothing() -> None:
    class Doubled(GateNorm):
        """Overrides the penalty."""

        def penalty(self, network: Any, rows: Any) -> jax.Array:
            return 2.0 * super().penalty(network, rows)

    class Pulled(WeightCost):
        """Overrides the map alone."""

        def proximal_map(self) -> None:
            return None

    assert GateNorm().stiffness(WIDE.network)
    assert GateNorm().proximal_map() is not None
    assert (Doubled().isotropic, Doubled().stiffness(WIDE.network), Doubled().proximal_map()) == (False, (), None)
    assert not Pulled().isotropic


def test_objectives_that_say_nothing_are_not_stiff() -> None:
    assert Objective().stiffness(WIDE.network)
    assert Objective().knows_constraints
    assert (Absolute().stiffness(WIDE.network), Absolute().knows_constraints) == ((), False)


def test_a_network_that_says_nothing_is_cut_into_maps() -> None:
    size = {"paths": 2, "inputs": 6, "outputs": 2}
    assert GatedLinear(**size).cut(exact=True) is Cut.ENTRIES
    assert Squashed(**size).cut(exact=True) is Cut.MAPS
    assert (GatedLinear(**size).frame is None, Squashed(**size).frame) == (False, None)


def test_inputs_that_draw_for_themselves_have_to_say_for_how_many_steps() -> None:
    with pytest.raises(
        SettingError,
        match=r"^class Skewed overrides draw and does not declare steps_per_draw, and that of Gaussian speaks of "
        r"another draw: define steps_per_draw in Skewed$",
    ):

        class Skewed(Gaussian):
            """Has a draw of its own."""

            def draw(self, key: Any, group: Any, inputs: int, examples: Any) -> Any:
                return super().draw(key, group, inputs, examples)


def test_inputs_that_say_nothing_cost_like_those_that_are_drawn() -> None:
    assert Population().cost(6) == "population"
    assert Stretched().cost(6) == "drawn"
    assert Fixed().cost(6) == "population"


def test_starts_and_teachers_that_draw_for_themselves_are_not_shared() -> None:
    for kind, name in ((ChosenTeachers, "ChosenTeachers"), (ChosenInitial, "ChosenInitial")):
        with pytest.raises(
            SettingError,
            match=rf"^class Noisy overrides draw and does not declare shared, and that of {name} speaks of another "
            r"draw: define shared in Noisy$",
        ):
            type("Noisy", (kind,), {"draw": lambda self, key, *others: None})

    class Turned(Teachers):
        """Has a draw of its own, and whether seeds share what is drawn stays the user's choice."""

        def draw(self, key: Any, network: Any) -> jax.Array:
            return -super().draw(key, network)

    assert Turned(shared=True).shared
    assert (Teachers(correlation=0.3).overlap, Turned(correlation=0.3).overlap) == (0.3, None)


def test_words_of_a_kind_are_not_those_of_another() -> None:
    assert Population().summary() == "the population"
    assert Stretched().summary() == "Stretched"
    assert Gaussian(batch=3).summary() == "Gaussian batches of 3"
    assert Signs().summary() == "Signs"
    assert Absolute(norm=0.5).summary() == (
        "Absolute with reduction = sum, norm = 0.5, norm_order = 1, nonnegativity = 0.0909, weight_cost = 0, "
        "weight_norm = squared"
    )
    assert Flicker().summary() == "Flicker with block_length = 1, order = ()"
