"""Standard streams that are closed, full, read by nobody or of another encoding: one line, and no traceback."""

import re
import signal
import subprocess
import sys
import threading
import time

import pytest

from gatednet.figures.cli import main, streams
from tests.cli.tools import SPEC, TIMEOUT, Answer, environment, start
from tests.slow import but_slow

COMMAND = "-m gatednet"


def shell(line: str, folder, **variables: str) -> Answer:
    """What a line of a shell answers, where `gatednet` is the command."""
    line = re.sub(r"\bgatednet(?= )", f"{sys.executable} {COMMAND}", line)
    done = subprocess.run(
        ["bash", "-c", line], cwd=folder, env={**environment(), **variables}, capture_output=True, text=True,
        encoding="utf-8", timeout=TIMEOUT, check=False,
    )  # fmt: skip
    return Answer(done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("gatednet list > /dev/full", (1, "", "the standard output cannot be written: No space left on device")),
        ("gatednet --help > /dev/full", (1, "", "the standard output cannot be written: No space left on device")),
        ("gatednet list >&-", (1, "", "the standard output cannot be written: it is closed")),
        ("gatednet list 1</dev/null", (1, "", "the standard output cannot be written: Bad file descriptor")),
        ("gatednet list | true; exit ${PIPESTATUS[0]}", (1, "", None)),
        ("gatednet verify nowhere 2>&-", (2, "", None)),
        ("gatednet verify nowhere 2>/dev/full", (2, "", None)),
        ("gatednet list >/dev/null 2>&- <&-", (0, "", None)),
    ],
)
def test_streams_that_cannot_be_written(line, expected, tmp_path):
    code, out, said = expected
    answer = shell(line, tmp_path)
    assert answer == (code, out, "" if said is None else f"gatednet: {said}\n")


def test_a_pipe_that_is_closed_after_the_first_line_is_enough(tmp_path):
    answer = shell("PYTHONUNBUFFERED=1 gatednet list | head -1; exit ${PIPESTATUS[0]}", tmp_path)
    assert answer.out == "experiments\n"
    assert answer.err == ""
    assert answer.code in (0, 1)


def test_no_file_takes_the_place_of_a_stream_that_is_closed(tmp_path):
    # What C code prints to the standard error would otherwise end up in a file of a store.
    line = "import os; from gatednet.figures.cli import streams; streams.prepare(); print(os.open('new', os.O_CREAT))"
    for closed in ("2>&-", "0<&-"):
        answer = shell(f'{sys.executable} -c "{line}" {closed}', tmp_path)
        assert int(answer.out) > 2


ENCODINGS = ("ascii", "ascii:strict", "cp1252", "latin-1")


@pytest.mark.parametrize("encoding", but_slow(ENCODINGS, *ENCODINGS[1:]))
def test_text_is_written_in_any_encoding(encoding, tmp_path):
    (tmp_path / "mine.toml").write_text(SPEC)
    variables = {"PYTHONIOENCODING": encoding}
    line = "gatednet sweep mine.toml --dry-run; gatednet sweep $'m\\u03c4\\u00d7\\xff.toml'"
    done = subprocess.run(
        ["bash", "-c", line.replace("gatednet", f"{sys.executable} {COMMAND}")], cwd=tmp_path,
        env={**environment(), **variables}, capture_output=True, timeout=TIMEOUT, check=False,
    )  # fmt: skip
    name = encoding.partition(":")[0]
    out, err = done.stdout.decode(name), done.stderr.decode(name)
    assert f"4 runs (2 gates {'x' if name == 'ascii' else '×'} 2 seed)" in out
    assert err.startswith(f"gatednet: mtau{'x' if name == 'ascii' else '×'}\\udcff.toml cannot be read: ")


def test_a_list_and_help_are_readable_in_ascii(tmp_path):
    for command in ("list", "--help", "sweep --help"):
        answer = shell(f"gatednet {command}", tmp_path, PYTHONIOENCODING="ascii", TERM="dumb")
        assert (answer.code, answer.err) == (0, "")
        assert answer.out.isascii()
        assert "\\x" not in answer.out
        assert "\\u" not in answer.out


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("2 × 3 · 10⁻³¹", "2 x 3 | 10^-31"),
        ("τ = ½ ≥ ρ²", "tau = \\xbd >= rho^2"),
        ("é–ñ…", "e-n..."),
        ("名\udcff", "\\u540d\\udcff"),
    ],
)
def test_characters_that_an_encoding_lacks(text, plain):
    streams.codecs.register_error(streams.READABLE, streams._readable)
    assert text.encode("ascii", streams.READABLE).decode() == plain


# Python's own beginning is nobody's to change: the command begins where it says so.
READY = "import sys; from gatednet.figures.cli.main import main; print('ready', flush=True); main(sys.argv[1:])"
MOMENTS = [
    *((seconds, 1) for seconds in (0.01, 0.2, 0.5)),
    *((seconds, 3) for seconds in (0.1, 0.4)),
    *(pytest.param(0.04 * number, times, marks=pytest.mark.slow) for number in range(1, 40) for times in (1, 3)),
]


@pytest.mark.parametrize(("seconds", "times"), MOMENTS)
def test_an_interruption_is_one_line_at_any_moment(seconds, times, tmp_path):
    process = start("-c", READY, "verify", "nowhere", folder=tmp_path)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    time.sleep(seconds)
    for _ in range(times):
        process.send_signal(signal.SIGINT)
        time.sleep(0.001)
    out, err = process.communicate(timeout=TIMEOUT)
    assert out == ""
    assert (process.returncode, err) in [
        (130, "gatednet: interrupted\n"),
        (2, "gatednet: nowhere does not exist, allowed is the folder of a store\n"),
    ]


def test_an_interruption_amid_a_lock_comes_later(monkeypatch):
    """Raised there it would become an error about the lock; a thread begins and ends with such a place."""
    frames, again = [], []

    class Lock:
        def __enter__(self):
            return True

        def __exit__(self, *_):
            frames.append(sys._getframe().f_back)

        acquire = release = __enter__

    condition = threading.Condition(Lock())
    with condition:
        pass
    monkeypatch.setattr(signal, "setitimer", lambda *given: again.append(given))
    interrupt = main._interrupter([])
    interrupt(signal.SIGINT, frames[0])
    assert again == [(signal.ITIMER_REAL, main._AGAIN)]
    with pytest.raises(KeyboardInterrupt):
        interrupt(signal.SIGINT, sys._getframe())
    with pytest.raises(KeyboardInterrupt):
        interrupt(signal.SIGINT, None)
