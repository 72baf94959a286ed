"""A network that is neither linear nor feed-forward: it settles, and then it is read out."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from gatednet import Group, Network, Rows
from gatednet.settings import Whole, field


class Recurrent(Network):
    """h(t + 1) = tanh(U x + W h(t)) from h(0) = 0, for some updates, and then y = V h."""

    inputs: int = field(20, Whole(1), "dimension of the inputs")
    units: int = field(20, Whole(1), "number of recurrent units")
    outputs: int = field(10, Whole(1), "dimension of the outputs")
    updates: int = field(3, Whole(1), "number of updates before the units are read out")

    @property
    def groups(self) -> dict[str, Group]:
        return {
            "input": Group((self.units, self.inputs), "weights", self.inputs),
            "recurrent": Group((self.units, self.units), "weights", self.units),
            "readout": Group((self.outputs, self.units), "gates", self.units),
        }

    def respond(self, rows: Rows, inputs: Float[Array, "inputs batch runs"]) -> Float[Array, "outputs batch runs"]:
        ((first,),), ((recurrent,),), ((readout,),) = rows.values
        drive = jnp.einsum("hir,ibr->hbr", first, inputs)

        def update(hidden: Array, _: None) -> tuple[Array, None]:
            return jnp.tanh(drive + jnp.einsum("hkr,kbr->hbr", recurrent, hidden)), None

        hidden, _ = jax.lax.scan(update, jnp.zeros_like(drive), None, self.updates)
        return jnp.einsum("ohr,hbr->obr", readout, hidden)
