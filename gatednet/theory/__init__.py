"""Closed forms, one a file, each with its source."""

from gatednet.theory import (
    block_length,
    boundary,
    equivalent_model,
    gate_speed,
    marchenko_pastur,
    pathways,
    single_map,
    tangent_kernel,
    two_layers,
)
from gatednet.theory.symmetric import specialization_of_weights

__all__ = [
    "block_length",
    "boundary",
    "equivalent_model",
    "gate_speed",
    "marchenko_pastur",
    "pathways",
    "single_map",
    "specialization_of_weights",
    "tangent_kernel",
    "two_layers",
]
