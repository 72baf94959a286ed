"""What compiles a loop over steps on this machine."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from typing import Any, TypeVar

from gatednet.kernels.kernel import Kernel, KernelWarning
from gatednet.kernels.moves import UnsupportedError
from gatednet.kernels.program import advanced_by
from gatednet.refusal import SettingError

Carried = TypeVar("Carried")


def advanced(
    kernel: Kernel, function: Callable[..., Carried], carried: Carried, *given: Any, often_zero: Sequence[Any] = ()
) -> Carried:
    """`function(carried, *given)`, a loop over steps that returns what it carries, compiled as `kernel` says.

    `often_zero` are those of the given arrays that are strengths of 0 in most runs: kernels do without them there. On
    platforms that do not have the kernel XLA compiles it, whatever `kernel` says.

    **Warns** `KernelWarning` where "auto" finds something in the function that kernels do not have.

    **Raises** `SettingError` where another kernel does.
    """
    if kernel == "xla":
        return function(carried, *given)
    try:
        if kernel == "pallas":
            from gatednet.kernels.pallas import call
        else:
            from gatednet.kernels.vector import call
        return advanced_by(call, function, carried, *given, often_zero=often_zero)
    except UnsupportedError as error:
        if kernel != "auto":
            raise SettingError(f"kernel is {kernel!r}, allowed here are 'auto' and 'xla': it has no {error}") from error
        _warn(f"XLA computes, which takes longer than a kernel: kernels have no {error}")
    return function(carried, *given)


def here(kernel: Kernel) -> Kernel:
    """The kernel on this machine: "xla" in the place of "auto" where it has no other.

    **Warns** `KernelWarning` where the processor could have more.

    **Raises** `SettingError` with the reason where "vector" is not to be had.
    """
    if kernel in ("xla", "pallas"):
        return kernel
    why, cure = _missing()
    if not why:
        return kernel
    if kernel == "vector":
        raise SettingError(f"kernel is 'vector', allowed here are 'auto' and 'xla': {why}{cure}")
    _warn(f"on processors XLA computes, which takes longer than a kernel: {why}{cure}")
    return "xla"


@functools.cache
def _missing() -> tuple[str, str]:
    """Why processors have no kernel here, and what would change that; nothing where they have."""
    cure = "; pip install 'gatednet[fast]'"
    if find_spec("llvmlite") is None:
        return "llvmlite is not installed", cure
    try:
        from gatednet.kernels.handler import KNOWN, version
        from gatednet.kernels.vector import try_out

        if version() != KNOWN:
            found, known = (".".join(map(str, each)) for each in (version(), KNOWN))
            return f"jaxlib has version {found} of the interface to functions of others, known is {known}", ""
        try_out()
    except Exception as error:
        # Another LLVM than the known ones fails in ways of its own.
        return f"llvmlite does not compile a kernel: {type(error).__name__}: {str(error).partition(chr(10))[0]}", cure
    return "", ""


@functools.cache
def _warn(text: str) -> None:
    warnings.warn(text, KernelWarning, stacklevel=4)
