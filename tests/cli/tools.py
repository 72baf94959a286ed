"""The command line as a process: what it answers, and what it leaves in a folder."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
TIMEOUT = 300
# Seconds after which a process that was started is killed.
LONGEST = 900
# Both signals end in one place; what takes long is tried with the second one only where there is time.
SIGNALS = [pytest.param(signal.SIGINT, id="SIGINT"), pytest.param(signal.SIGTERM, id="SIGTERM", marks=pytest.mark.slow)]
# Four runs of 40 steps, of a network with 4 inputs.
SPEC = """\
base = "fig2-flexible"
save = ["loss", "weights"]
every = 20
[set]
"network.inputs" = 4
"network.outputs" = 2
"curriculum.block_length" = 0.01
"inputs.batch" = 5
steps = 40
[axes]
gates = { path = "timescales.gates", values = [0.02, 0.05] }
seed = 2
"""


class Answer(NamedTuple):
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str


def environment() -> dict[str, str]:
    """The environment of a process that finds the packages, installed or not.

    It has one device of JAX: other tests run on the other cores.
    """
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    return {**os.environ, "PYTHONPATH": path, "JAX_NUM_CPU_DEVICES": "1"}


def python(*arguments: str, folder: Path, text: str | None = None, **variables: str) -> Answer:
    """Run Python in a folder, with further variables of the environment."""
    done = subprocess.run(
        [sys.executable, *arguments], cwd=folder, env={**environment(), **variables}, input=text, capture_output=True,
        text=True, timeout=TIMEOUT, check=False,
    )  # fmt: skip
    return Answer(done.returncode, done.stdout, done.stderr)


def gatednet(*arguments: str, folder: Path, **variables: str) -> Answer:
    """Run a command in a folder, in a process of its own."""
    return python("-m", "gatednet", *arguments, folder=folder, **variables)


def together(calls: Sequence[tuple[Path, Sequence[str]]], **variables: str) -> list[Answer]:
    """Run commands, each in a folder, one after the other in one process: importing JAX for each takes minutes."""
    given = json.dumps([(str(folder), list(arguments)) for folder, arguments in calls])
    done = python("-m", "tests.cli.driver", folder=ROOT, text=given, **variables)
    assert done.code == 0, done.err
    return [Answer(*each) for each in json.loads(done.out)]


def start(*arguments: str, folder: Path) -> subprocess.Popen[str]:
    """Start Python so that it can be interrupted, also where a shell told these tests to ignore that.

    It is killed after a time that no test takes: whoever waits for a line of it is told that there is none.
    """
    with not_ignored(signal.SIGINT):
        process = subprocess.Popen(
            [sys.executable, *arguments], cwd=folder, env=environment(),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
    limit = threading.Timer(LONGEST, process.kill)
    limit.daemon = True
    limit.start()
    return process


def wait_for_a_chunk(folder: Path, process: subprocess.Popen[str]) -> None:
    """Wait until the first chunk of the store runs/mine is done, while the process works on others."""
    end = time.monotonic() + TIMEOUT
    while not list(folder.glob("runs/mine/done/[0-9]*.json")):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.01)


@contextlib.contextmanager
def not_ignored(number: signal.Signals) -> Iterator[None]:
    """Processes that start now inherit the default of a signal."""
    before = signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(number, before)


def refusal(answer: Answer) -> str:
    """The one line with which a command refused what it was given."""
    assert (answer.code, answer.out) == (2, ""), answer
    assert answer.err.count("\n") == 1, answer.err
    assert answer.err.startswith("gatednet: "), answer.err
    assert answer.err.endswith("\n"), answer.err
    return answer.err.removeprefix("gatednet: ").removesuffix("\n")


def contents(folder: Path) -> dict[str, bytes | None]:
    """Everything below a folder: the bytes of files, None for folders."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
    }


def state(folder: Path) -> dict[str, tuple[int, int, object]]:
    """Everything below a folder: kind and rights, time of the last change, and the bytes of files or the end of a link.

    Locks are left out: an empty file that means nothing may stay, and with it the time of its folder.
    """
    found = {}
    for path in sorted([folder, *folder.rglob("*")]):
        status = path.lstat()
        kind = stat.S_IFMT(status.st_mode)
        content = os.readlink(path) if path.is_symlink() else _start_of(path) if kind == stat.S_IFREG else None
        if not (path.name.endswith(".lock") and content == b""):
            changed = 0 if path.joinpath(".lock").exists() else status.st_mtime_ns
            found[path.relative_to(folder).as_posix()] = (status.st_mode, changed, content)
    return found


def _start_of(path: Path) -> bytes:
    """The content of a file; of one that is large without being on disk not all."""
    with path.open("rb") as file:
        return file.read(10**7)


def copy_of(folder: Path, to: Path) -> Path:
    """A copy of a folder to change."""
    shutil.copytree(folder, to, symlinks=True)
    return to


def flip(path: Path) -> None:
    """Change one bit in the middle of a file."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
