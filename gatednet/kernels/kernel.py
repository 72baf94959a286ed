"""`Kernel`: what compiles the loop over steps, and how stores name it."""

from __future__ import annotations

import importlib.metadata

from gatednet.refusal import SettingError
from gatednet.settings import Choice

Kernel = str
"""One of `KERNELS`: "vector" for vector instructions of processors, "xla", or "auto" for the first where it can."""
KERNELS = ("auto", "xla", "vector")
KERNEL = Choice(KERNELS)
# The platform of JAX that has kernels.
PLATFORM = "cpu"
# The number of runs of a lane that a kernel advances is a multiple of this: of whole vectors.
WIDTH = 16


class KernelWarning(UserWarning):
    """XLA runs what a kernel would be faster for; the text says why."""


def check_platform(kernel: Kernel, platform: str) -> None:
    """Raise `SettingError` where "vector" is wanted of devices of a platform that has no such kernel."""
    if kernel == "vector" and platform != PLATFORM:
        raise SettingError(f"kernel is 'vector', allowed on a {platform} are 'auto' and 'xla'")


def named(kernel: Kernel, platform: str) -> str:
    """What compiles on devices of a platform, with the version on which last bits of runs depend."""
    if kernel == "xla" or platform != PLATFORM:
        return "xla"
    return f"vector by llvmlite {importlib.metadata.version('llvmlite')}"
