"""Values as plain Python: what NumPy, JAX and others wrap a number in is taken off it."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Set
from typing import Any

import numpy as np
from jax.core import Tracer

_PLAIN = (bool, int, float, str)
# The most entries that a list may have: what goes on for ever is found out, and not waited for.
MOST_ENTRIES = 10**7


def python_scalar(value: Any) -> Any:
    """A number, truth value or string as one of Python itself, from an array without dimensions too.

    Anything else is returned as it is: a part of a setting, an array of several numbers, a value that JAX traces.
    """
    if type(value) in _PLAIN or value is None:
        return value
    if isinstance(value, Tracer | np.ma.MaskedArray):
        return value
    if hasattr(value, "__array__") and getattr(value, "ndim", None) == 0:
        try:
            item = np.asarray(value).item()
        except Exception:  # any error of a deleted array, or of one of keys
            return value
        # Numbers with more digits than Python's stay what they were.
        value = float(item) if isinstance(item, np.floating) else item
    # A subclass, such as a member of an enumeration; a truth value has none.
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return int(value)
    return float(value) if isinstance(value, float) else value


def python_list(values: Any) -> Any:
    """Anything that has an order and can be gone through, as a list; everything else, strings included, as it is.

    So is what has more than `MOST_ENTRIES` entries.
    """
    if isinstance(values, list):
        return values
    if isinstance(values, str | bytes | bytearray | Mapping | Set | Tracer | np.ma.MaskedArray):
        return values
    if hasattr(values, "__array__") and hasattr(values, "ndim"):
        try:
            return np.asarray(values).tolist() if values.ndim and values.size <= MOST_ENTRIES else values
        except Exception:  # see `python_scalar`
            return values
    if not isinstance(values, Iterable):
        return values
    taken = list(itertools.islice(values, MOST_ENTRIES + 1))
    return values if len(taken) > MOST_ENTRIES else taken
