"""Checks of annotations at every call, made once for each function, however often it is defined."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from beartype import beartype

_checks: dict[Any, Callable[..., Any]] = {}


def checked(function: Callable[..., Any]) -> Callable[..., Any]:
    """What `beartype` makes of a function that jaxtyping made of a signature: the same for the same annotations.

    A function within another one is defined whenever that is called, and its checks would be made again each time.
    """
    code = function.__code__
    counts = code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags
    defaults = len(function.__defaults__ or ()), tuple(function.__kwdefaults__ or ())
    annotations = tuple(function.__annotations__.items())
    key = function.__module__, function.__qualname__, counts, defaults, annotations
    try:
        known = _checks.get(key)
    except TypeError:  # an annotation that has no hash
        return beartype(function)
    if known is None:
        known = _checks[key] = beartype(function)
    return known
