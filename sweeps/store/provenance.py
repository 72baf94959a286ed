"""Where the numbers of a store come from: versions, machine, command; and what of them the last bits depend on."""

from __future__ import annotations

import datetime
import importlib.metadata
import os
import platform
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any

import jax
import numpy as np

import gatednet
from gatednet.kernels.kernel import Kernel, named

# What the bits of a run depend on beside its plan: entries of `versions`.
BITS = (
    "gatednet", "jax", "jaxlib", "numpy", "python",
    "machine", "device", "processor", "instructions", "runtime", "flags", "kernel",
)  # fmt: skip
_CPUINFO = Path("/proc/cpuinfo")
# What computes where a session does not say it.
XLA = "xla"
# Extensions for arithmetic on vectors, by which XLA compiles differently.
_VECTORS = re.compile(r"sse\S*|ssse\S*|avx\S*|fma\S*|f16c|amx\S*|asimd\S*|sve\S*|fp|fphp")
# Flags of XLA that say where files go or how many devices there are.
_NO_BITS = re.compile(r"--(xla_dump|xla_force_host_platform_device_count|xla_gpu_cuda_data_dir|tpu_log)\S*")


def provenance(
    devices: Sequence[jax.Device], workers: Iterable[Mapping[str, Any]] = (), kernel: Kernel = XLA
) -> dict[str, Any]:
    """What is known of this process and its devices, without any path of this machine.

    `kernel` computes there. `workers` are the `versions` of other processes that compute in the place of this one.
    """
    there = list({repr(sorted(each.items())): dict(each) for each in workers}.values())
    return {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "command": _command(sys.argv),
        "revision": _revision(),
        "platform": platform.platform(),
        **versions(devices, kernel),
        "devices": len(devices),
        **({"workers": there} if there else {}),
    }


def versions(devices: Sequence[jax.Device], kernel: Kernel = XLA) -> dict[str, str]:
    """What the last bits of runs by a kernel on these devices depend on, `BITS`, each as text; empty ones are left out.

    The model of a processor is one of them: products of matrices are cut by the size of its caches.
    """
    found = {
        "gatednet": gatednet.__version__,
        "jax": jax.__version__,
        "jaxlib": importlib.metadata.version("jaxlib"),
        "numpy": np.__version__,
        "python": platform.python_version(),
        "machine": platform.machine(),
        "device": devices[0].device_kind,
        "flags": _flags(os.environ.get("XLA_FLAGS", "")),
        "kernel": named(kernel, devices[0].platform),
    }
    # For an accelerator its runtime compiles, so that the processor beside it does not matter.
    found |= _processor() if devices[0].platform == "cpu" else {"runtime": devices[0].client.platform_version}
    return {name: value for name, value in found.items() if value}


def computing(workers: Iterable[Mapping[str, Any]], kernel: Kernel) -> list[dict[str, Any]]:
    """The `versions` of workers that compute with a kernel, where each names the best one that it has."""
    return [{**each, **({"kernel": XLA} if kernel == XLA else {})} for each in workers]


def differing(session: Mapping[str, Any], here: Sequence[Mapping[str, str]]) -> list[str]:
    """How what an earlier session computed with differs from what computes here, in words.

    An entry that one of the two lacks, as sessions of earlier versions of this package do, is no difference.
    """
    workers = session.get("workers")
    there = workers if isinstance(workers, list) else [session]
    found: dict[str, None] = {}
    for one in there:
        for other in here:
            found |= dict.fromkeys(_differing(one if isinstance(one, Mapping) else {}, other))
    return list(found)


def _differing(there: Mapping[str, Any], here: Mapping[str, str]) -> list[str]:
    found = []
    for name in BITS:
        told = name in there and name in here
        # Sessions of earlier versions had none.
        if name == "kernel":
            told, there = name in here, {name: XLA, **there}
        # Sessions that record the machine record flags as well, so that none means none were set.
        if name == "flags" and "machine" in there:
            told = True
        one, other = _cut(name, there.get(name, "none")), _cut(name, here.get(name, "none"))
        if not told or one == other:
            continue
        if name == "instructions":
            if not any(each.startswith("processor") for each in found):
                more, less = (
                    " ".join(sorted(set(a.split()) - set(b.split()))) for a, b in ((one, other), (other, one))
                )
                found.append(f"instructions {more or 'none'} only there and {less or 'none'} only here")
        else:
            found.append(f"{name} {one} there and {other} here")
    return found


def _cut(name: str, value: Any) -> str:
    """Of Python the minor version: what comes after it mends mistakes."""
    text = str(value)
    return ".".join(text.split(".")[:2]) if name == "python" else text


def _processor() -> dict[str, str]:
    """The model of the processor and its extensions for vectors, where the system tells."""
    try:
        lines = _CPUINFO.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return {"processor": platform.processor()}
    # Of the first core.
    table: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        table.setdefault(name.strip(), value.strip())
    extensions = table.get("flags", table.get("Features", "")).split()
    part = " ".join(table[name] for name in ("CPU implementer", "CPU part", "CPU variant") if name in table)
    return {
        "processor": table.get("model name") or part,
        "instructions": " ".join(sorted(each for each in extensions if _VECTORS.fullmatch(each))),
    }


def _flags(text: str) -> str:
    """Flags of XLA, but those that cannot change a bit, without paths."""
    return " ".join(sorted(_without_path(each) for each in text.split() if not _NO_BITS.fullmatch(each)))


def _command(arguments: Sequence[str]) -> list[str]:
    """A command line in which every path is the name of its last part."""
    return [_without_path(each) for each in arguments]


def _without_path(argument: str) -> str:
    """An argument in which every path, by itself or after a "=", a ":" or a comma, is the name of its last part.

    An address keeps its scheme: of "tcp://node:8786" nothing is a path of this machine.
    """
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", argument) and not argument.lower().startswith("file:"):
        return argument
    return "".join(
        _name(each) if "/" in each or "\\" in each or each.startswith("~") else each
        for each in re.split(r"([=:,;\s'\"()\[\]{}])", argument)
    )


def _name(path: str) -> str:
    return PurePath(path.replace("\\", "/").rstrip("/")).name


def _revision() -> str | None:
    """The git revision that the package is run from, None where it is installed without one."""
    folder = Path(gatednet.__file__).parent
    try:
        answer = subprocess.run(
            ["git", "-C", str(folder), "describe", "--always", "--abbrev=40", "--dirty", "--exclude=*"],
            capture_output=True, text=True, timeout=10, check=True,
        )  # fmt: skip
        tracked = subprocess.run(
            ["git", "-C", str(folder), "ls-files", "--error-unmatch", "__init__.py"],
            capture_output=True, timeout=10, check=False,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.strip() if tracked.returncode == 0 else None
