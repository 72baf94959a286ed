"""Tasks about labels: runs agree with a plain simulator in NumPy, and batches are what they are said to be."""

import dataclasses
import functools
import re
from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.stats
import xarray

import gatednet
from gatednet import (
    REGISTRY,
    Blocked,
    CrossEntropy,
    DeepLinear,
    Examples,
    Experiment,
    Features,
    GatedLinear,
    Gaussian,
    Imbalanced,
    Initial,
    InTeacherSpace,
    Objective,
    Permutations,
    Phase,
    Phases,
    RowsInTurn,
    Save,
    SettingError,
    Smooth,
    Timescales,
    draw,
    examples_of,
    simulate,
    with_values,
)
from gatednet.examples import told
from gatednet.simulation import precision_of
from tests.gatednet import oracle
from tests.gatednet.by_hand import BY_HAND, Record

CLASSES, WIDTH, BATCH, STEPS, BLOCK_STEPS = 3, 5, 4, 50, 12
TABLES = ((0, 1, 2), (1, 2, 0))
OF_LABELS = tuple(name for name, each in REGISTRY.items() if each.of == "labels")
OF_ALL = tuple(name for name, each in REGISTRY.items() if each.of == "all")


def some_examples(train: int, test: int, classes: int = CLASSES, width: int = WIDTH, seed: int = 0) -> Examples:
    """Examples around a centre for each class; classes are not equally frequent."""
    random = np.random.default_rng(seed)
    centres = 1.5 * random.normal(size=(classes, width))
    labels = [random.integers(0, classes, number) ** 2 // max(classes - 1, 1) for number in (train, test)]
    inputs = [centres[each] + 0.7 * random.normal(size=(len(each), width)) for each in labels]
    return examples_of(inputs[0], labels[0], inputs[1], labels[1], classes)


# Five batches of four, and three examples that are left out of every epoch.
EXAMPLES = some_examples(23, 17)
SMALL = Experiment(
    network=GatedLinear(paths=2, inputs=WIDTH, outputs=CLASSES),
    initial=Initial(weight_scale=1.0),
    teachers=Permutations(("identity", TABLES[1])),
    curriculum=Blocked(block_length=0.12),
    inputs=Features(width=WIDTH, batch=BATCH, label_noise=0.2),
    objective=CrossEntropy(norm=0.5, nonnegativity=0.3),
    timescales=Timescales(weights=0.03, gates=0.02),
    dt=0.01,
    steps=STEPS,
)
CASES: dict[str, dict[str, object]] = {
    "sum": {},
    "mean": {"objective.reduction": "mean", "timescales.weights": 0.01},
    "neuron gates, norm of order 2, a cost": {
        "network.gates": "neuron",
        "objective.norm_order": 2,
        "objective.weight_cost": 0.2,
        "network.paths": 3,
    },
    "negative gates": {"initial.gates": -0.3},
    "imbalanced": {"inputs": Imbalanced(width=WIDTH, batch=BATCH, ratio=5.0)},
}


def shown(inputs: Features, examples: Examples, steps: int, keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which examples runs are shown, and as what, (steps, runs, batch) each; `keys` are (2, runs)."""
    group = inputs.steps_per_draw(inputs.width)

    @jax.jit
    def drawn(number: jax.Array) -> tuple[jax.Array, jax.Array]:
        made = inputs.draw(jnp.asarray(keys), number, inputs.width, examples)
        return made.places, made.labels

    parts = [drawn(jnp.uint32(number)) for number in range(-(-steps // group))]
    places, labels = (np.concatenate([np.asarray(part[which]) for part in parts])[:steps] for which in (0, 1))
    return places, labels


def keys_of(seeds: int, first: int = 0) -> np.ndarray:
    """The words of the data keys of seeds, (2, seeds)."""
    return np.stack([np.asarray(draw(SMALL, seed).key) for seed in range(first, first + seeds)], axis=1)


def batches(experiment: Experiment, examples: Examples, seed: int, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """What a run sees at each step, by the functions that the lane calls: (steps, batch, inputs) and (steps, batch)."""
    inputs = experiment.inputs
    group, key = inputs.steps_per_draw(WIDTH), draw(experiment, seed).key[:, None]
    seen = []
    for step in range(steps):
        if step % group == 0:
            drawn = inputs.draw(key, jnp.uint32(step // group), WIDTH, examples)
        seen.append(inputs.factor(drawn, jnp.int32(step % group)))
    return np.stack([np.asarray(each.inputs[0], float) for each in seen]), np.stack(
        [np.asarray(each.labels[0]) for each in seen]
    )


# The plain simulator.


def outputs_of(weights: np.ndarray, gates: np.ndarray, inputs: np.ndarray) -> np.ndarray:
    """Gates (paths,) or (paths, outputs); returns (batch, outputs)."""
    return sum(gate * (inputs @ path.T) for gate, path in zip(gates, weights, strict=True))


def entropy_and_slope(outputs: np.ndarray, classes: np.ndarray) -> tuple[float, np.ndarray]:
    """The mean of - log softmax at the classes that are asked for, and its slope by the outputs, (batch, outputs)."""
    likelihood = np.exp(outputs) / np.exp(outputs).sum(axis=1, keepdims=True)
    rows = np.arange(len(classes))
    slope = likelihood.copy()
    slope[rows, classes] -= 1
    return -np.mean(np.log(likelihood[rows, classes])), slope / len(classes)


def share_right(outputs: np.ndarray, classes: np.ndarray) -> float:
    return float(np.mean(outputs.argmax(axis=1) == classes))


@dataclasses.dataclass(frozen=True)
class ByHand:
    """A run of the plain simulator: states (steps + 1, ...), loss and accuracy on the batch of each step (steps,)."""

    weights: np.ndarray
    gates: np.ndarray
    loss: np.ndarray
    accuracy: np.ndarray


TASKS = np.arange(STEPS) // BLOCK_STEPS % 2
SCALE = {"sum": 1.0, "mean": 1.0 / CLASSES}


def by_hand(experiment: Experiment, weights: np.ndarray, gates: np.ndarray, seed: int) -> ByHand:
    """Explicit Euler of tau dθ/dt = -∂L/∂θ on the batches of a seed."""
    objective, times = experiment.objective, experiment.timescales
    model = oracle.Model(
        tau_w=times.weights,
        tau_c=times.gates,
        dt=experiment.dt,
        block_steps=BLOCK_STEPS,
        order=(0, 1),
        norm=objective.norm,
        norm_order=objective.norm_order,
        nonnegativity=objective.nonnegativity,
    )
    inputs, labels = batches(experiment, EXAMPLES, seed, experiment.steps)
    scale = SCALE[objective.reduction]
    states, seen = [(weights, gates)], []
    for step in range(experiment.steps):
        asked = np.array(TABLES[TASKS[step]])[labels[step]]
        outputs = outputs_of(weights, gates, inputs[step])
        loss, slope = entropy_and_slope(outputs, asked)
        by_map = scale * slope.T @ inputs[step]
        by_weights = np.stack([gate[..., None] * by_map for gate in gates]) + objective.weight_cost * weights
        by_gates = np.sum(weights * by_map, axis=2)
        if gates.ndim == 1:
            by_gates = by_gates.sum(axis=1)
        by_gates = by_gates + oracle.penalty_gradient(model, gates)
        weights = weights - model.dt / model.tau_w * by_weights
        gates = gates - model.dt / model.tau_c * by_gates
        states.append((weights, gates))
        seen.append((scale * loss, share_right(outputs, asked)))
    losses, accuracies = np.array(seen).T
    return ByHand(*(np.stack(each) for each in zip(*states, strict=True)), losses, accuracies)


def experiment_of(case: str) -> Experiment:
    """The experiment of a case."""
    return with_values(SMALL, CASES[case])


@functools.cache
def saved(case: str, seed: int = 1) -> xarray.Dataset:
    """One run with everything that can be saved of it."""
    return simulate(experiment_of(case), Save((*OF_ALL, *OF_LABELS), 1), seed, precision="float64", examples=EXAMPLES)


@functools.cache
def simulated(case: str, seed: int = 1) -> ByHand:
    """The same by hand, from the same start."""
    run, experiment = saved(case, seed), experiment_of(case)
    gates = "gates" if experiment.network.gates == "path" else "neuron_gates"
    return by_hand(experiment, run.weights.values[0], run[gates].values[0], seed)


@pytest.mark.parametrize("case", CASES)
def test_runs_agree_with_the_plain_simulator_step_by_step(case: str) -> None:
    run, expected = saved(case), simulated(case)
    gates = "gates" if experiment_of(case).network.gates == "path" else "neuron_gates"
    np.testing.assert_allclose(run.weights, expected.weights, rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(run[gates], expected.gates, rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(run.loss_every_step, expected.loss, rtol=1e-10, atol=1e-10)
    # The run has gone somewhere, and a switch has been felt.
    assert expected.loss[:BLOCK_STEPS][-3:].mean() < 0.8 * expected.loss[0]
    assert expected.loss[BLOCK_STEPS] > 2 * expected.loss[BLOCK_STEPS - 1]


def test_what_the_reduction_does_is_felt() -> None:
    other = by_hand(experiment_of("mean"), saved("sum").weights.values[0], saved("sum").gates.values[0], 1)
    assert np.max(np.abs(saved("sum").weights.values - other.weights)) > 1e-2


@functools.cache
def on_tests(case: str) -> tuple[np.ndarray, np.ndarray]:
    """Loss and accuracy on all test examples under each task, (steps + 1, tasks) each."""
    expected, scale = simulated(case), SCALE[experiment_of(case).objective.reduction]
    inputs, labels = EXAMPLES.test.astype(float), EXAMPLES.test_labels
    outputs = [outputs_of(*state, inputs) for state in zip(expected.weights, expected.gates, strict=True)]
    asked = [np.array(table)[labels] for table in TABLES]
    losses = [[scale * entropy_and_slope(each, classes)[0] for classes in asked] for each in outputs]
    return np.array(losses), np.array([[share_right(each, classes) for classes in asked] for each in outputs])


# The end is seen with the task of the last step.
AT_SAVES = (np.arange(STEPS + 1), np.append(TASKS, TASKS[-1]))


def recovered(case: str) -> np.ndarray:
    """Steps until the accuracy on the batch is .85 or more, block by block."""
    found = []
    for first in range(0, STEPS, BLOCK_STEPS):
        block = simulated(case).accuracy[first : first + BLOCK_STEPS]
        reached = np.flatnonzero(block >= 0.85)
        never = BLOCK_STEPS if len(block) == BLOCK_STEPS else np.nan
        found.append(reached[0] if len(reached) else never)
    return np.array(found, float)


LABELS_BY_HAND: dict[str, Callable[[str], np.ndarray]] = {
    "accuracy": lambda case: on_tests(case)[1][AT_SAVES],
    "task_accuracy": lambda case: on_tests(case)[1],
    "steps_to_recover": recovered,
    "block_accuracy": lambda case: np.array(
        [simulated(case).accuracy[first : first + BLOCK_STEPS].mean() for first in range(0, STEPS, BLOCK_STEPS)]
    ),
}


def test_every_observable_of_labels_is_done_by_hand() -> None:
    assert set(LABELS_BY_HAND) == set(OF_LABELS)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("name", OF_LABELS)
def test_value_is_that_by_hand(name: str, case: str) -> None:
    expected = LABELS_BY_HAND[name](case)
    assert saved(case)[name].dims == REGISTRY[name].all_dims
    np.testing.assert_allclose(saved(case)[name], expected, rtol=1e-12, atol=1e-12)


def test_a_block_without_recovery_counts_with_its_length() -> None:
    frozen = with_values(SMALL, {"timescales.weights": 1e6, "timescales.gates": 1e6})
    run = simulate(frozen, Save(("steps_to_recover",), 1), 1, examples=EXAMPLES)
    assert (run.steps_to_recover.values[: STEPS // BLOCK_STEPS] == BLOCK_STEPS).all()


def test_the_values_are_not_trivial() -> None:
    steps = np.concatenate([saved(case).steps_to_recover.values for case in CASES])
    assert np.any((steps > 0) & (steps < BLOCK_STEPS))
    assert np.any(np.isnan(steps))
    accuracy = saved("sum").task_accuracy.values
    assert np.any((accuracy[:, 0] > 0.8) & (accuracy[:, 1] < 0.2))
    assert np.any((accuracy[:, 1] > 0.8) & (accuracy[:, 0] < 0.2))


@pytest.mark.parametrize("case", CASES)
def test_loss_is_that_on_all_test_examples(case: str) -> None:
    np.testing.assert_allclose(saved(case).loss, on_tests(case)[0][AT_SAVES], rtol=1e-10)


# All but the loss itself are made of parameters and of losses on batches.
@pytest.mark.parametrize("name", sorted({*OF_ALL} - {"loss", "teachers"}))
def test_what_is_of_all_tasks_has_the_value_by_hand(name: str) -> None:
    run, experiment = saved("sum"), SMALL
    record = Record(
        weights=run.weights.values,
        gates=run.neuron_gates.values,
        teachers=np.full((2, CLASSES, WIDTH), np.nan),
        batch_loss=run.loss_every_step.values,
        tasks=TASKS,
        block_steps=BLOCK_STEPS,
        dt=experiment.dt,
        tau_w=experiment.timescales.weights,
        tau_c=experiment.timescales.gates,
        every=1,
    )
    expected = np.asarray(BY_HAND[name](record))
    values = run[name].values[: len(expected)] if run[name].ndim else run[name].values
    np.testing.assert_allclose(values, expected, rtol=1e-9, atol=1e-12)


def test_an_output_that_is_not_alone_the_largest_is_told_in_shares() -> None:
    outputs = jnp.asarray([[[3.0, 1.0, 2.0], [1.0, 1.0, 2.0], [0.0, 1.0, -2.0]]])
    thirds = np.array([[[1, 1 / 3, 0.5], [0, 1 / 3, 0.5], [0, 1 / 3, 0]]])
    np.testing.assert_allclose(told(outputs), thirds, rtol=1e-6)


@pytest.mark.parametrize(
    "curriculum",
    [
        Phases(block_length=0.12, phases=(Phase((RowsInTurn((0, 1)), RowsInTurn((1, 0)))),)),
        Smooth(block_length=0.12),
    ],
    ids=["rows of several tasks", "smooth"],
)
def test_accuracy_under_a_mixture_of_tasks_is_that_of_the_map_that_is_asked_for(
    curriculum: gatednet.Curriculum,
) -> None:
    experiment = with_values(SMALL, {"curriculum": curriculum})
    run = simulate(experiment, Save(("accuracy", "weights", "gates"), 1), 1, precision="float64", examples=EXAMPLES)
    with precision_of("float64"):
        schedule, maps = curriculum.schedule(experiment.dt), np.eye(CLASSES)[np.array(TABLES)].transpose(0, 2, 1)
        for step in (3, 20):
            weights = np.asarray(
                curriculum.task_weights(schedule, jnp.int32(step), jnp.asarray(keys_of(1, 1)), (2, CLASSES)), float
            )[..., 0]
            target = np.einsum("toc,to->oc", maps, np.broadcast_to(weights.reshape(2, -1), (2, CLASSES)))
            outputs = outputs_of(run.weights.values[step], run.gates.values[step], EXAMPLES.test.astype(float))
            expected = np.mean(target[outputs.argmax(axis=1), EXAMPLES.test_labels])
            # Smooth weights of whole steps come in single precision here.
            np.testing.assert_allclose(run.accuracy[step], expected, rtol=1e-6)


# Batches.


def test_every_example_is_shown_once_an_epoch() -> None:
    examples = some_examples(60, 5)
    places, _ = shown(Features(width=WIDTH, batch=12), examples, 15, keys_of(3))
    epochs = places.reshape(3, 5, 3, 12).transpose(0, 2, 1, 3).reshape(3, 3, 60)
    np.testing.assert_array_equal(np.sort(epochs, axis=-1), np.broadcast_to(np.arange(60), (3, 3, 60)))
    # In another order for every run and epoch.
    assert len(np.unique(epochs.reshape(9, 60), axis=0)) == 9


def test_a_rest_that_is_smaller_than_a_batch_is_left_out() -> None:
    places, _ = shown(SMALL.inputs, EXAMPLES, 200, keys_of(2))
    epochs = places.reshape(40, 5, 2, BATCH).transpose(0, 2, 1, 3).reshape(40, 2, 20)
    for epoch in epochs.reshape(80, 20):
        assert len(set(epoch)) == 20
    # Not the same ones every time.
    assert len(np.unique(epochs)) == 23


def test_a_batch_holds_what_its_places_say() -> None:
    places, labels = shown(SMALL.inputs, EXAMPLES, STEPS, keys_of(1, 4))
    inputs, told_labels = batches(SMALL, EXAMPLES, 4, STEPS)
    np.testing.assert_array_equal(inputs, EXAMPLES.train[places[:, 0]].astype(float))
    np.testing.assert_array_equal(told_labels, labels[:, 0])


@pytest.mark.parametrize("noise", [0.0, 0.3, 1.0])
def test_label_noise_changes_its_share_of_labels_for_good(noise: float) -> None:
    number, classes, runs = 4000, 7, 2
    examples = some_examples(number, 5, classes)
    inputs = Features(width=WIDTH, batch=1000, label_noise=noise)
    places, labels = shown(inputs, examples, 8, keys_of(runs))
    table = np.full((2, runs, number), -1)
    for epoch in range(2):
        for run in range(runs):
            steps = slice(4 * epoch, 4 * epoch + 4)
            table[epoch, run, places[steps, run].ravel()] = labels[steps, run].ravel()
    np.testing.assert_array_equal(table[0], table[1])
    changed = table[0] != examples.train_labels
    share = noise * (1 - 1 / classes)
    assert np.all(np.abs(changed.mean(axis=1) - share) <= 4 * np.sqrt(share * (1 - share) / number))
    if noise == 0.0:
        assert not np.any(changed)
        return
    assert np.any(changed[0] != changed[1])
    # Which labels are wrong does not hang together between runs.
    assert abs(np.mean(changed[0] & changed[1]) - share**2) < 4 * np.sqrt(share**2 / number)
    if noise == 1.0:
        # Instead of the true one comes any, the true one among them, whatever that is.
        for true in np.unique(examples.train_labels):
            counts = np.bincount(table[0][:, examples.train_labels == true].ravel(), minlength=classes)
            assert scipy.stats.chisquare(counts).pvalue > 1e-4


def test_more_label_noise_makes_more_of_the_same_labels_wrong() -> None:
    examples = some_examples(1000, 5)
    wrong = []
    for noise in (0.2, 0.5):
        places, labels = shown(Features(width=WIDTH, batch=1000, label_noise=noise), examples, 1, keys_of(1))
        wrong.append(labels != examples.train_labels[places])
    assert np.all(wrong[1][wrong[0]])
    assert np.sum(wrong[1]) > np.sum(wrong[0])


@pytest.mark.parametrize("ratio", [1.0, 10.0, 300.0])
def test_imbalanced_classes_fall_by_their_ratio(ratio: float) -> None:
    classes = 5
    examples = balanced(classes, 8)
    places, labels = shown(Imbalanced(width=WIDTH, batch=500, ratio=ratio), examples, 40, keys_of(2))
    np.testing.assert_array_equal(labels, examples.train_labels[places])
    frequency = ratio ** (-np.arange(classes) / (classes - 1))
    expected = labels.size * frequency / frequency.sum()
    counts = np.bincount(labels.ravel(), minlength=classes)
    assert scipy.stats.chisquare(counts, expected).pvalue > 1e-4
    # Within a class all examples are equally frequent.
    for each in range(2):
        assert scipy.stats.chisquare(np.bincount(places.ravel(), minlength=40)[8 * each : 8 * each + 8]).pvalue > 1e-4


def balanced(classes: int, each: int, without: tuple[int, ...] = ()) -> Examples:
    """So many examples of each class, but for some that have none."""
    labels = np.repeat([label for label in range(classes) if label not in without], each)
    return examples_of(
        np.random.default_rng(0).normal(size=(len(labels), WIDTH)), labels, np.zeros((1, WIDTH)), [0], classes
    )


@pytest.mark.parametrize("without", [(0,), (2,), (4,), (0, 1, 4)], ids=str)
def test_classes_without_examples_are_never_shown(without: tuple[int, ...]) -> None:
    examples = balanced(5, 6, without)
    places, labels = shown(Imbalanced(width=WIDTH, batch=500, ratio=10.0), examples, 20, keys_of(1))
    assert places.min() == 0
    assert places.max() == examples.sizes[0] - 1
    frequency = 10.0 ** (-np.arange(5) / 4)
    frequency[list(without)] = 0.0
    there = frequency > 0
    counts = np.bincount(labels.ravel(), minlength=5)
    assert not np.any(counts[~there])
    assert scipy.stats.chisquare(counts[there], labels.size * (frequency / frequency.sum())[there]).pvalue > 1e-4


def test_label_noise_of_imbalanced_classes() -> None:
    examples = balanced(5, 40)
    inputs = Imbalanced(width=WIDTH, batch=500, ratio=1.0, label_noise=0.5)
    places, labels = shown(inputs, examples, 40, keys_of(1))
    said: dict[int, set[int]] = {}
    for place, label in zip(places.ravel(), labels.ravel(), strict=True):
        said.setdefault(int(place), set()).add(int(label))
    assert all(len(each) == 1 for each in said.values())
    wrong = np.mean([said[place] != {examples.train_labels[place]} for place in said])
    assert abs(wrong - 0.4) < 4 * np.sqrt(0.24 / 200)


# Lanes.

SAVE = Save(("loss", "weights", "accuracy", "block_accuracy", "loss_every_step"), 10)


@pytest.mark.parametrize("kind", [Features, Imbalanced])
def test_a_seed_alone_is_the_same_as_among_others(kind: type[Features]) -> None:
    experiment = with_values(SMALL, {"inputs": kind(width=WIDTH, batch=BATCH, label_noise=0.2)})
    # More than a lane.
    together = simulate(experiment, SAVE, range(7), examples=EXAMPLES)
    for seed in (0, 6):
        alone = simulate(experiment, SAVE, seed, examples=EXAMPLES)
        for name in alone.data_vars:
            np.testing.assert_array_equal(together[name].sel(seed=seed), alone[name], err_msg=str(name))
    assert len(np.unique(together.loss[:, -1])) == 7


def test_noise_ratio_and_reduction_never_compile_again() -> None:
    traced = eqx.debug.assert_max_traces(gatednet.run_batch, max_traces=1)
    compiled = jax.jit(traced, static_argnums=0)
    experiment = with_values(SMALL, {"inputs": Imbalanced(width=WIDTH, batch=BATCH)})
    losses = []
    for changes, examples in (
        ({}, EXAMPLES),
        ({"inputs.label_noise": 0.4}, EXAMPLES),
        ({"inputs.ratio": 100.0}, EXAMPLES),
        ({"objective.reduction": "mean"}, EXAMPLES),
        ({"objective.norm": 0.1, "curriculum.block_length": 0.2}, EXAMPLES),
        ({}, some_examples(23, 17, seed=1)),
    ):
        changed = with_values(experiment, changes)
        packing = gatednet.pack(changed, {}, np.arange(2), np.zeros(2, int), 2, examples=examples)
        recipe = gatednet.recipe(changed, Save(("loss",), 25), packing.batch.traced)
        losses.append(float(compiled(recipe, packing.batch)["loss"][0, -1, 0]))
    assert eqx.debug.get_num_traces(traced) == 1
    assert len(set(losses)) == len(losses)


def test_runs_of_one_batch_have_their_own_noise_and_ratio() -> None:
    experiment = with_values(SMALL, {"inputs": Imbalanced(width=WIDTH, batch=BATCH)})
    values = {"inputs.label_noise": np.array([0.0, 0.5, 0.1]), "inputs.ratio": np.array([1.0, 20.0, 3.0])}
    packing = gatednet.pack(experiment, values, np.full(3, 2), np.zeros(3, int), 5, examples=EXAMPLES)
    recipe = gatednet.recipe(experiment, SAVE, packing.batch.traced)
    together = gatednet.unpack(gatednet.jitted(recipe)(packing.batch), packing.place)
    for run in range(3):
        alone = simulate(
            with_values(experiment, {path: each[run] for path, each in values.items()}), SAVE, 2, examples=EXAMPLES
        )
        for name in alone.data_vars:
            np.testing.assert_array_equal(together[name][run], alone[name], err_msg=str(name))


# Refusals.


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


def test_examples_are_sorted_by_class_and_keep_their_order_within() -> None:
    made = examples_of([[0], [1], [2], [3], [4]], [2, 0, 2, 0, 3], [[9], [8]], [1, 0], 5)
    assert made.train[:, 0].tolist() == [1, 3, 0, 2, 4]
    assert made.train_labels.tolist() == [0, 0, 2, 2, 3]
    assert made.starts.tolist() == [0, 2, 2, 4, 5, 5]
    assert (made.test[:, 0].tolist(), made.test_labels.tolist()) == ([9, 8], [1, 0])
    assert (made.inputs, made.classes, made.sizes) == (1, 5, (5, 2))
