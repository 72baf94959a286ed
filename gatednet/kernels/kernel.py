"""`Kernel`: what compiles the loop over steps, and how stores name it."""

from __future__ import annotations

import importlib.metadata

from gatednet.refusal import SettingError
from gatednet.settings import Choice

Kernel = str
"""One of `KERNELS`.

"vector" is for vector instructions of processors, "pallas" for GPUs (on processors it is interpreted, for tests), and
"auto" is "vector" where that is possible and "xla" elsewhere.
"""
KERNELS = ("auto", "xla", "vector", "pallas")
KERNEL = Choice(KERNELS)
# Platforms of JAX: processors, and GPUs that Triton compiles for, which devices call by another name than compilers.
PLATFORM, GPU, GPU_DEVICE = "cpu", "cuda", "gpu"
# The number of runs of a lane that a kernel advances is a multiple of this: of whole vectors. Parts of a program may
# have half as many.
WIDTH, HALF = 16, 8


class KernelWarning(UserWarning):
    """XLA runs what a kernel would be faster for; the text says why."""


def check_platform(kernel: Kernel, platform: str) -> None:
    """Raise `SettingError` where a kernel is wanted of devices of a platform that does not have it."""
    has = {"vector": (PLATFORM,), "pallas": (GPU_DEVICE, PLATFORM)}.get(kernel, (platform,))
    if platform not in has:
        raise SettingError(f"kernel is {kernel!r}, allowed on {platform} devices are 'auto' and 'xla'")


def named(kernel: Kernel, platform: str) -> str:
    """What compiles on devices of a platform, with the version on which last bits of runs depend."""
    if kernel == "pallas":
        return kernel
    if kernel == "xla" or platform != PLATFORM:
        return "xla"
    return f"vector by llvmlite {importlib.metadata.version('llvmlite')}"
