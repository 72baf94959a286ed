"""A network: the linear one of three layers."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from gatednet import Group, LinearNetwork, Rows
from gatednet.settings import Whole, field


class ThreeLayers(LinearNetwork):
    """y = W3 W2 W1 x. The first two layers have the time constant of weights, the third that of gates."""

    inputs: int = field(20, Whole(1), "dimension of the inputs")
    hidden: int = field(20, Whole(1), "number of units in both hidden layers")
    outputs: int = field(10, Whole(1), "dimension of the outputs")

    @property
    def groups(self) -> dict[str, Group]:
        return {
            "first": Group((self.hidden, self.inputs), "weights", self.inputs),
            "second": Group((self.hidden, self.hidden), "weights", self.hidden),
            "third": Group((self.outputs, self.hidden), "gates", self.hidden),
        }

    def effective_map(self, rows: Rows) -> tuple[Float[Array, "outputs inputs runs"]]:
        ((first,),), ((second,),), ((third,),) = rows.values
        return (jnp.einsum("okr,khr,hir->oir", third, second, first),)
