"""What becomes of an error: one line where the machine or an input can cause it, a traceback where it is a bug."""

import errno
import os

import pytest

from gatednet import SettingError
from gatednet.figures.cli import app
from gatednet.figures.cli.outcome import FAILED, REFUSED, FailureError, begun
from gatednet.sweeps.execution.cluster import ClusterError
from tests.cli.tools import python


def raising(error):
    def command(*_, **__):
        raise error

    return command


FULL = os.strerror(errno.ENOSPC)


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (SettingError("dt is 0,\nallowed is more"), REFUSED, "dt is 0, allowed is more"),
        (FailureError("it broke"), FAILED, "it broke"),
        (ClusterError("the scheduler was lost"), FAILED, "the scheduler was lost"),
        (OSError(errno.ENOSPC, FULL), FAILED, FULL),
        (OSError(errno.ENOSPC, FULL, "runs/a\nb"), FAILED, f"runs/a b: {FULL}"),
        (OSError(errno.EIO, "Input/output error", b"runs/\xff"), FAILED, "runs/\\udcff: Input/output error"),
        (OSError("the end of the tape"), FAILED, "the end of the tape"),
        (PermissionError(errno.EACCES, os.strerror(errno.EACCES), "runs"), FAILED, "runs: Permission denied"),
        (ConnectionResetError(), FAILED, "ConnectionResetError"),
        (MemoryError(), FAILED, "not enough memory"),
        (MemoryError("Unable to allocate 7 TiB"), FAILED, "not enough memory: Unable to allocate 7 TiB"),
        (RecursionError("maximum recursion depth exceeded"), FAILED, "the input is nested too deeply"),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"), FAILED, "text that cannot be read or writ"),
        (RuntimeError("RESOURCE_EXHAUSTED: Out of memory"), FAILED, "not enough memory on the device: Out of memory"),
        (RuntimeError("can't start new thread"), FAILED, "the system allows no more threads"),
        (KeyboardInterrupt(), 130, "interrupted; the same command again continues it"),
    ],
    ids=repr,
)
def test_what_comes_from_outside_is_one_line(error, code, said, monkeypatch, capsys):
    monkeypatch.setattr(app, "app", raising(error))
    assert app.code_of(["sweep"]) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"gatednet: {said}")
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    "error", [ValueError("a"), TypeError("b"), KeyError("c"), AssertionError(), RuntimeError("d"), ZeroDivisionError()]
)
def test_a_bug_shows_where_it_is(error, monkeypatch):
    monkeypatch.setattr(app, "app", raising(error))
    with pytest.raises(type(error)):
        app.code_of(["sweep"])


def test_a_refusal_is_a_failure_once_something_is_written():
    with pytest.raises(SettingError, match="refused"), begun(written=False):
        raise SettingError("refused")
    with pytest.raises(FailureError, match="refused"), begun():
        raise SettingError("refused")
    with pytest.raises(ValueError, match="a bug"), begun():
        raise ValueError("a bug")


def test_completion_is_not_offered(monkeypatch, capsys):
    monkeypatch.setenv("_GATEDNET_COMPLETE", "bash_source")
    assert app.code_of(["--version"]) == 0
    assert capsys.readouterr().out.startswith("gatednet ")


def test_an_interruption_can_be_told_from_the_first_moment_on(tmp_path):
    late = ("typer", "rich", "jax")
    script = f"import sys, gatednet.figures.cli.main; print([name for name in {late} if name in sys.modules])"
    assert python("-c", script, folder=tmp_path) == (0, "[]\n", "")
