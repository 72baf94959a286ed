"""Closed forms, one a file, each with its source."""

from gatednet.theory.symmetric import specialization_of_weights

__all__ = ["specialization_of_weights"]
