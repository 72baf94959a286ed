"""The model as the paper writes it, in NumPy and double precision: slow, obvious, and independent of the package.

Inputs are drawn as they are, the loss is an average over them, and the gradients are written out by hand.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import scipy.optimize


@dataclasses.dataclass(frozen=True)
class Model:
    """The constants of a run; names as in the paper, `order` the tasks of the blocks."""

    tau_w: float
    tau_c: float
    dt: float
    block_steps: int
    order: tuple[int, ...]
    norm: float = 0.0
    norm_order: int = 1
    nonnegativity: float = 0.0
    weight_cost: float = 0.0
    averaged: bool = False


@dataclasses.dataclass(frozen=True)
class Run:
    """What a run went through: states before each step and after the last one, the loss of each step."""

    weights: np.ndarray
    gates: np.ndarray
    loss: np.ndarray

    def block_loss(self, block_steps: int) -> np.ndarray:
        """The mean loss of each whole block."""
        return self.loss.reshape(-1, block_steps).mean(axis=1)


def task_gradients(
    weights: np.ndarray, gates: np.ndarray, teacher: np.ndarray, inputs: np.ndarray
) -> tuple[float, np.ndarray, np.ndarray]:
    """½ Σ_i ⟨(y*_i - y_i)²⟩ over a batch (batch, d_in), and its gradients by the weights (P, d_out, d_in) and gates.

    The gates are (P,) or (P, d_out).
    """
    batch = len(inputs)
    target = inputs @ teacher.T
    path_outputs = [inputs @ path.T for path in weights]
    output = sum(gate * path for gate, path in zip(gates, path_outputs, strict=True))
    error = target - output
    loss = 0.5 * np.sum(error**2) / batch
    by_weights = np.stack([-(error * gate).T @ inputs / batch for gate in gates])
    by_neuron_gates = np.stack([-np.sum(error * path, axis=0) / batch for path in path_outputs])
    return loss, by_weights, by_neuron_gates if gates.ndim == 2 else by_neuron_gates.sum(axis=1)


def population_gradients(
    weights: np.ndarray, gates: np.ndarray, teacher: np.ndarray
) -> tuple[float, np.ndarray, np.ndarray]:
    """The same, averaged over all standard normal inputs: ⟨x xᵀ⟩ is the identity."""
    error = teacher - sum(gate[..., None] * path for gate, path in zip(gates, weights, strict=True))
    by_weights = np.stack([-gate[..., None] * error for gate in gates])
    by_neuron_gates = np.stack([-np.sum(error * path, axis=1) for path in weights])
    return 0.5 * np.sum(error**2), by_weights, by_neuron_gates if gates.ndim == 2 else by_neuron_gates.sum(axis=1)


def penalty_gradient(model: Model, gates: np.ndarray) -> np.ndarray:
    """The gradient of norm · ½ (‖c‖_k - 1)² + nonnegativity · Σ max(0, -c) by the gates."""
    if model.norm_order == 1:
        by_norm = (np.sum(np.abs(gates)) - 1) * np.sign(gates)
    else:
        length = np.sqrt(np.sum(gates**2))
        by_norm = (length - 1) * gates / length
    return model.norm * by_norm - model.nonnegativity * (gates < 0)


def proximal(model: Model, gates: np.ndarray) -> np.ndarray:
    """The minimiser of ½ ‖c - gates‖² + dt / tau_c · penalty over gates of fixed signs, by a general solver.

    Only for gates that keep their signs, which is checked.
    """
    rate, signs = model.dt / model.tau_c, np.sign(gates)
    assert model.norm_order == 1

    def stationary(c: np.ndarray) -> np.ndarray:
        return c - gates + rate * penalty_gradient(model, c)

    found = scipy.optimize.root(stationary, gates, tol=1e-13)
    assert np.all(np.abs(stationary(found.x)) < 1e-12)
    assert np.all(np.sign(found.x) == signs)
    return found.x


def simulate(
    model: Model,
    weights: np.ndarray,
    gates: np.ndarray,
    teachers: np.ndarray,
    steps: int,
    batch: int | None = None,
    random: np.random.Generator | None = None,
    implicit: bool = False,
) -> Run:
    """Explicit Euler of tau dθ/dt = -∂L/∂θ from a given state; `batch` inputs a step, or the population where None.

    With `implicit` the penalties are no part of that step and are taken implicitly after it.
    """
    all_weights, all_gates, losses = [weights], [gates], []
    scale = 1 / teachers.shape[1] if model.averaged else 1.0
    for step in range(steps):
        teacher = teachers[model.order[step // model.block_steps % len(model.order)]]
        if batch is None:
            loss, by_weights, by_gates = population_gradients(weights, gates, teacher)
        else:
            assert random is not None
            inputs = random.standard_normal((batch, teachers.shape[2]))
            loss, by_weights, by_gates = task_gradients(weights, gates, teacher, inputs)
        by_weights, by_gates = scale * by_weights, scale * by_gates
        if not implicit:
            by_weights = by_weights + model.weight_cost * weights
            by_gates = by_gates + penalty_gradient(model, gates)
        weights = weights - model.dt / model.tau_w * by_weights
        gates = gates - model.dt / model.tau_c * by_gates
        if implicit:
            weights = weights / (1 + model.dt / model.tau_w * model.weight_cost)
            gates = proximal(model, gates)
        all_weights.append(weights)
        all_gates.append(gates)
        losses.append(scale * loss)
    return Run(np.stack(all_weights), np.stack(all_gates), np.array(losses))
