"""Small experiments about labels, what they are shown, and a plain simulator of them in NumPy."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np

from gatednet import (
    Blocked,
    CrossEntropy,
    Examples,
    Experiment,
    Features,
    GatedLinear,
    Imbalanced,
    Initial,
    Permutations,
    Timescales,
    draw,
    examples_of,
    with_values,
)
from tests.gatednet import oracle

CLASSES, WIDTH, BATCH, STEPS, BLOCK_STEPS = 3, 5, 4, 50, 12
TABLES = ((0, 1, 2), (1, 2, 0))


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
    return np.stack([np.asarray(each.inputs[0], float).reshape(-1, WIDTH) for each in seen]), np.stack(
        [np.asarray(each.labels[0]) for each in seen]
    )


def outputs_of(weights: np.ndarray, gates: np.ndarray, inputs: np.ndarray) -> np.ndarray:
    """Gates (paths,) or (paths, outputs); returns (batch, outputs)."""
    return sum(gate * (inputs @ path.T) for gate, path in zip(gates, weights, strict=True))


def entropy_and_slope(outputs: np.ndarray, classes: np.ndarray) -> tuple[float, np.ndarray]:
    """The mean of - log softmax at the target classes, and its slope by the outputs, (batch, outputs)."""
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
