"""The simulator that anyone would write first: inputs drawn, the loss written with einsum, autodiff, optax, vmap.

It shares nothing with gatednet but the model. Its runs differ in the penalty on the norm, the gates' time constant, the
block length and the seed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import optax
from jax import Array

PATHS, TASKS, OUTPUTS, INPUTS, BATCH = 2, 2, 10, 20, 200
WEIGHT_TIME, STEP, NONNEGATIVITY = 1.3, 1e-3, 0.0909


def simulator(steps: int) -> Callable[..., Any]:
    """A function of norm penalty, gates' time constant, steps in a block and seed, (runs,) each, to final states."""

    def one_run(norm: Array, gate_time: Array, block_steps: Array, seed: Array) -> Any:
        teacher_key, weight_key, data_key = jax.random.split(jax.random.key(seed), 3)
        rotation = jax.random.orthogonal(teacher_key, INPUTS)
        teachers = rotation[: TASKS * OUTPUTS].reshape(TASKS, OUTPUTS, INPUTS) / jnp.sqrt(INPUTS)
        parameters = {
            "weights": 0.01 / jnp.sqrt(INPUTS) * jax.random.normal(weight_key, (PATHS, OUTPUTS, INPUTS)),
            "gates": jnp.full(PATHS, 0.5),
        }
        optimiser = optax.multi_transform(
            {"weights": optax.sgd(STEP / WEIGHT_TIME), "gates": optax.sgd(STEP / gate_time)},
            {"weights": "weights", "gates": "gates"},
        )

        def loss(parameters: Any, inputs: Array, teacher: Array) -> Array:
            outputs = jnp.einsum("p,poi,bi->bo", parameters["gates"], parameters["weights"], inputs)
            task = 0.5 * jnp.mean(jnp.sum((outputs - inputs @ teacher.T) ** 2, axis=1))
            size = jnp.sum(jnp.abs(parameters["gates"]))
            negative = jnp.sum(jnp.maximum(0.0, -parameters["gates"]))
            return task + norm * 0.5 * (size - 1.0) ** 2 + NONNEGATIVITY * negative

        def step(carry: Any, index: Array) -> tuple[Any, None]:
            parameters, memory = carry
            inputs = jax.random.normal(jax.random.fold_in(data_key, index), (BATCH, INPUTS))
            gradient = jax.grad(loss)(parameters, inputs, teachers[(index // block_steps) % TASKS])
            change, memory = optimiser.update(gradient, memory, parameters)
            return (optax.apply_updates(parameters, change), memory), None

        (parameters, _), _ = jax.lax.scan(step, (parameters, optimiser.init(parameters)), jnp.arange(steps))
        return parameters

    return jax.vmap(one_run)
