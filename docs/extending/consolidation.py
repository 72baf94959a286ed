"""A rule: Euler's, with weights that are held where they were at the last switch, by how much they mattered."""

from collections.abc import Mapping

import jax
import jax.numpy as jnp

from gatednet import BlockClock, Gradient, Rows, Rule
from gatednet.rules.base import Rates, descended
from gatednet.settings import Number, field


class Consolidation(Rule):
    """Online elastic weight consolidation (Kirkpatrick et al., PNAS 2017; Schwarz et al., ICML 2018).

    At every switch the anchor θ* becomes the present parameters. The importance Ω is a running mean of squared
    gradients, over the time `memory`, as it was at that switch. To the gradient of the loss comes strength Ω (θ - θ*).
    """

    strength: float = field(1.0, Number(0.0), "strength of the pull to the anchor")
    memory: float = field(0.01, Number(0.0, 1.0), "weight of the present step in the running mean")

    @property
    def isotropic(self) -> bool:
        return False  # squares of single entries depend on the coordinates

    def start(self, rows: Rows, rates: Rates) -> Mapping[str, Rows]:
        nothing = jax.tree.map(jnp.zeros_like, rows)
        return {"anchor": rows, "importance": nothing, "squares": nothing}

    def update(self, rows, gradient: Gradient, memory, rates: Rates, clock: BlockClock):
        def at_switch(new: Rows, old: Rows) -> Rows:
            return jax.tree.map(lambda new, old: jnp.where(clock.switched, new, old), new, old)

        anchor = at_switch(rows, memory["anchor"])
        importance = at_switch(memory["squares"], memory["importance"])
        slope = jax.tree.map(
            lambda slope, weight, value, held: slope + self.strength * weight * (value - held),
            gradient.here, importance, rows, anchor,
        )  # fmt: skip
        squares = jax.tree.map(
            lambda mean, slope: mean + self.memory * (slope**2 - mean), memory["squares"], gradient.here
        )
        return descended(rows, slope, rates), {"anchor": anchor, "importance": importance, "squares": squares}
