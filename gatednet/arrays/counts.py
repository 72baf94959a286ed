"""Divisions of counts: steps into blocks, blocks into rounds, steps into draws."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jax import Array


def quotient(count: Any, size: Any) -> Array:
    """How often a size, from 1 on, goes into a count, from 0 on: whole numbers of shapes that broadcast.

    NumPy's division also handles negative numbers, which takes XLA three times as long to compile.
    """
    return jax.lax.div(*_alike(count, size))


def remainder(count: Any, size: Any) -> Array:
    """What `quotient` leaves."""
    return jax.lax.rem(*_alike(count, size))


def _alike(*given: Any) -> list[Array]:
    dtype = jnp.result_type(*given)
    return jnp.broadcast_arrays(*(jnp.asarray(each, dtype) for each in given))
