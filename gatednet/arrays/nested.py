"""Arrays from nested tuples, as settings hold them."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jax import Array


def stacked(values: tuple) -> Array:
    """All numbers of nested tuples, as one flat array; the numbers may be traced."""
    return jnp.stack([jnp.asarray(leaf, float) for leaf in jax.tree.leaves(values)])


def shape_of(values: Any) -> tuple[int, ...] | None:
    """The shape of nested tuples, None where they are ragged."""
    if not isinstance(values, tuple):
        return ()
    shapes = {shape_of(value) for value in values}
    if len(shapes) != 1 or None in shapes:
        return None if values else (0,)
    (inner,) = shapes
    return None if inner is None else (len(values), *inner)
