"""One step of learning, a pure function of rows: usable in a loop, in a kernel and by a solver."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from gatednet.arrays.block_clock import BlockClock
from gatednet.arrays.rows import Blocks, Cut, Rows, add, split
from gatednet.arrays.state import State
from gatednet.experiment import Experiment
from gatednet.networks.base import Network
from gatednet.objectives.base import Active
from gatednet.refusal import SettingError
from gatednet.rules.base import Gradient, RuleState


class Dynamics(eqx.Module):
    """The law of motion of a lane of runs.

    `experiment` has arrays (runs,) for its floats and words; `network` is the one whose parameters move, which is
    that of the experiment or a reduced one.
    """

    experiment: Experiment
    network: Network
    rates: dict[str, Float[Array, " runs"]]
    """The step in units of the time constant of each group of parameters."""

    def __init__(self, experiment: Experiment, network: Network) -> None:
        self.experiment = experiment
        self.network = network
        # Divided once and not in the loop.
        self.rates = {
            name: jnp.asarray(experiment.dt / getattr(experiment.timescales, group.timescale))
            for name, group in network.groups.items()
        }

    @property
    def cut(self) -> Cut:
        """How parameters are cut into blocks."""
        return self.network.cut(self.experiment.inputs.exact)

    @property
    def whole(self) -> bool:
        """Whether maps are single blocks: where there are many entries, or where inputs mix their columns."""
        return self.cut is not Cut.ENTRIES

    def rows(self, parameters: State | Rows) -> Rows:
        """The parameters as blocks, from blocks or from a state."""
        return parameters if isinstance(parameters, Rows) else self.network.split(parameters, self.cut)

    def carried(self, parameters: State | Rows) -> State | Rows:
        """What goes from step to step: entries stacked into two arrays, larger blocks as they are.

        Each is the faster one of its kind: a loop over many small arrays is slow, and so is copying a large one.
        """
        return self.rows(parameters) if self.whole else self.state(parameters)

    def state(self, parameters: State | Rows) -> State:
        """The parameters as a state, from blocks or from a state."""
        return self.network.join(parameters) if isinstance(parameters, Rows) else parameters

    def target(self, teachers: Array, task_weights: Array) -> Array:
        """The target map: the weighted sum of the teachers, (outputs, inputs, runs).

        `teachers` is (tasks, outputs, inputs, runs), `task_weights` (tasks, runs), or (tasks, outputs, runs) where
        outputs differ.
        """
        weights = task_weights.astype(teachers.dtype)
        if weights.ndim == 3:
            weights = weights[:, :, None]
        if len(weights) != len(teachers):
            found, kind = f"weights of {len(weights)} tasks", type(self.experiment.curriculum).__name__
            raise SettingError(f"curriculum {kind}: task_weights gives {found}, allowed are those of {len(teachers)}")
        return add(
            weight * teacher for weight, teacher in zip(jnp.unstack(weights), jnp.unstack(teachers), strict=True)
        )

    def blocks(self, target: Array) -> Blocks:
        """A target map cut as parameters are."""
        return split(target, self.whole)

    def task_loss(self, rows: Rows, target: Blocks, evidence: Any) -> Array:
        """The reported loss of each run, (runs,)."""
        outputs = self.experiment.network.outputs
        return self.experiment.objective.task_loss(self.network, rows, target, evidence, outputs)

    def gradient(self, rows: Rows, target: Blocks, evidence: Any, penalised: Active = None) -> tuple[Rows, Array]:
        """The gradient of the loss by all parameters, and the reported loss of each run, (runs,).

        The loss is without the constraints that the rule takes implicitly. `penalised` says in which runs penalties are
        on; None: in all.
        """
        objective, every = self.experiment.objective.during(penalised)
        penalty_of = objective.explicit_penalty if self.experiment.rule.implicit else objective.penalty

        def loss(rows: Rows) -> tuple[Array, Array]:
            task_loss = self.task_loss(rows, target, evidence)
            penalty = penalty_of(self.network, rows)
            if every is not None:
                penalty = jnp.where(every, penalty, 0.0)
            # Runs do not interact, so the gradient of the sum holds the gradient of each.
            return jnp.sum(task_loss + penalty), task_loss

        return jax.grad(loss, has_aux=True)(rows)

    def step(
        self, rows: Rows, memory: RuleState, target: Blocks, evidence: Any, clock: BlockClock, penalised: Active = None
    ) -> tuple[Rows, RuleState, Array]:
        """The parameters one step later, the memory of the rule, and the reported loss before the step."""
        here, task_loss = self.gradient(rows, target, evidence, penalised)

        def at(rows: Rows, target: Blocks = target, evidence: Any = evidence) -> Rows:
            return self.gradient(rows, target, evidence, penalised)[0]

        rows, memory = self.experiment.rule.update(rows, Gradient(here, at), memory, self.rates, clock)
        if self.experiment.rule.implicit:
            objective, every = self.experiment.objective.during(penalised)
            rows = objective.proximal(self.network, rows, self.rates, every)
        return rows, memory, task_loss
