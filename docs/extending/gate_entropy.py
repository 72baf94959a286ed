"""An observable: how evenly the gates are spread over the paths."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from gatednet.observables import Observable, Snapshot, register


def gate_entropy(snapshot: Snapshot) -> Float[Array, " runs"]:
    """The entropy of the shares |c^p| / Σ |c| of the paths, in nats."""
    sizes = jnp.abs(snapshot.state.gates)
    shares = sizes / sizes.sum(axis=0)
    return -jnp.sum(jnp.where(shares > 0, shares * jnp.log(shares), 0.0), axis=0)


register(Observable("gate_entropy", "entropy of the gates over paths", gate_entropy, units="nat"))
