"""Every refusal comes before the first write: the disk is the same before and after, to the time of every file.

What is wrong with settings and names is in `test_bad_input`; here are paths, folders, stores, machines.
"""

import os
import re

import pytest

from gatednet.sweeps.catalog import sweeps_of
from gatednet.sweeps.store.store import Store
from tests.cli.tools import SPEC, copy_of, gatednet, python, refusal, state, together

LONG = "x" * 300


def furnished(folder, store):
    """A folder with files and folders of many kinds, and a finished store of mine.toml."""
    (folder / "mine.toml").write_text(SPEC)
    (folder / "...toml").write_text(SPEC)
    copy_of(store, folder / "runs" / "mine")
    (folder / "loop").symlink_to("loop")
    (folder / "loop.toml").symlink_to("loop.toml")
    (folder / "dangling").symlink_to("nothing")
    os.mkfifo(folder / "pipe.toml")
    (folder / "zero.toml").symlink_to("/dev/zero")
    (folder / "folder.toml").mkdir()
    (folder / "large.toml").touch()
    os.truncate(folder / "large.toml", 10**12)
    (folder / "latin.toml").write_bytes('base = "é"'.encode("latin-1"))
    (folder / "images").mkdir()
    (folder / "foreign" / "mine").mkdir(parents=True)
    (folder / "foreign" / "mine" / ".thesis").write_text("three years of work")
    (folder / "taken").mkdir()
    (folder / "taken" / "fig5-right-fine").write_text("a file")
    Store.create(folder / "unfinished" / "fig4-symmetric", sweeps_of("fig4")["fig4-symmetric"])
    (folder / "taken" / "fig4-symmetric").write_text("a file")
    return folder


CASES = {
    # files that are none, or would be read for ever
    "sweep pipe.toml": r"pipe\.toml cannot be read: no regular file",
    "sweep zero.toml": r"zero\.toml cannot be read: no regular file",
    "sweep /dev/zero": r"unknown sweep '/dev/zero'",
    "sweep folder.toml": r"folder\.toml cannot be read: Is a directory",
    "sweep large.toml": r"large\.toml cannot be read: more than 100,000,000 bytes",
    "sweep latin.toml": r"latin\.toml is no text in UTF-8: ",
    "sweep loop.toml": r"'loop\.toml' cannot be reached: Too many levels of symbolic links",
    "sweep ...toml": r"\.\.\.toml names no store",
    f"sweep {LONG}": r"unknown sweep 'x",
    f"sweep {LONG}.toml": r"'x+'\.\.\. cannot be reached: File name too long",
    "reproduce fig8 --file human=pipe.toml": r"pipe\.toml cannot be read: no regular file",
    "reproduce fig8 --file human=loop": r"'loop' cannot be reached",
    "figure fig8 --file human=images": r"images cannot be read: Is a directory",
    # folders that cannot be
    "sweep mine.toml --out=": r"Invalid value for '--out': it is '', allowed is a path",
    "sweep mine.toml --out a\0b": r"Invalid value for '--out': it is 'a\\x00b', allowed is a path",
    "sweep mine.toml --out loop": r"'loop' cannot be reached: Too many levels of symbolic links",
    "sweep mine.toml --out dangling": r"'dangling' is a symbolic link to what is not there",
    "sweep mine.toml --out dangling/x": r"dangling/x cannot be written: .*dangling: not a folder",
    f"sweep mine.toml --out {LONG}": r"'x+'\.\.\. cannot be reached: File name too long",
    "sweep mine.toml --data=": r"Invalid value for '--data'",
    "sweep mine.toml --data loop": r"'loop' cannot be reached",
    "simulate fig4-symmetric --out=": r"Invalid value for '--out': it is '', allowed is a path",
    "simulate fig4-symmetric --out loop": r"'loop' cannot be reached",
    "figure fig4 --runs=": r"Invalid value for '--runs': it is '', allowed is a path",
    f"figure fig4 --out {LONG}": r"'x+'\.\.\. cannot be reached: File name too long",
    "reproduce fig4 --runs loop": r"'loop' cannot be reached",
    "reproduce fig4 --out dangling": r"'dangling' is a symbolic link to what is not there",
    "verify loop": r"'loop' cannot be reached",
    "verify": r"Missing argument 'STORE'",
    "verify mine.toml": r"mine\.toml is no store of gatednet, and is left as it is",
    "verify pipe.toml": r"pipe\.toml is no store of gatednet",
    f"verify {LONG}": r"'x+'\.\.\. cannot be reached: File name too long",
    # stores, with a restart and without; of several the last is refused before the first is begun
    "sweep mine.toml --out foreign": r"foreign/mine is no store of gatednet, and is left as it is",
    "sweep mine.toml --out foreign --restart": r"foreign/mine is no store of gatednet, and is left as it is",
    "sweep mine.toml --seeds 1": r"runs/mine is the store of another plan",
    "sweep mine.toml --restart --seeds 0": r"axis 'seed' has 0 seeds",
    "sweep mine.toml --restart --data nowhere": r"--data is 'nowhere'",
    "sweep mine.toml --restart --cluster nowhere": r"the address of the cluster is 'nowhere'",
    "sweep mine.toml --restart --cluster tcp://127.0.0.1:9": r"no scheduler answers at 'tcp://127\.0\.0\.1:9'",
    "sweep mine.toml --cluster tls://127.0.0.1:9": r"no scheduler answers at 'tls://127\.0\.0\.1:9', with the certif",
    "sweep fig5 --out taken --restart": r"taken/fig5-right-fine is no store of gatednet",
    "sweep fig5 --out taken": r"taken/fig5-right-fine is no store of gatednet",
    "reproduce fig2 fig4 --runs taken": r"taken/fig4-symmetric is no store of gatednet",
    "reproduce fig4 --runs foreign --format pgn": r"unknown format 'pgn'",
    "figure fig4 --runs unfinished": r"unfinished/fig4-symmetric is not finished",
    "verify foreign/mine": r"foreign/mine is no store of gatednet",
}  # fmt: skip


@pytest.fixture(scope="module")
def furniture(swept, tmp_path_factory):
    return furnished(tmp_path_factory.mktemp("furnished"), swept[0] / "runs" / "mine")


@pytest.fixture(scope="module")
def answers(furniture):
    """What each case was answered, and whether everything was as before."""
    before = state(furniture)
    answered = together([(furniture, [*command.split()]) for command in CASES])
    return dict(zip(CASES, answered, strict=True)), before, state(furniture)


@pytest.mark.parametrize("command", CASES, ids=lambda command: command.replace(LONG, "long").replace("\0", "NUL"))
def test_one_line(command, answers):
    assert re.search(CASES[command], refusal(answers[0][command])), answers[0][command].err


def test_nothing_changed(answers):
    _, before, after = answers
    assert after == before


# All commands that compute start JAX in one place, so that one variable is tried with each of them.
COMPUTING = ("sweep mine.toml", "sweep mine.toml --dry-run", "simulate fig4-symmetric", "reproduce fig4")


@pytest.mark.parametrize(
    ("variables", "message", "commands"),
    [
        (
            {"JAX_PLATFORMS": "nonsense"},
            r"JAX (finds no devices|cannot be started): .* backend 'nonsense'",
            COMPUTING,
        ),
        ({"PJRT_NPROC": "abc"}, r"PJRT_NPROC is 'abc', allowed is a whole number from 1 to 1000000", COMPUTING[:1]),
        (
            {"JAX_NUM_CPU_DEVICES": "0"},
            r"JAX_NUM_CPU_DEVICES is '0', allowed is a whole number from 1 to 1024",
            COMPUTING[:1],
        ),
        (
            {"XLA_FLAGS": "--nonsense"},
            r"XLA_FLAGS is '--nonsense': XLA does not start with it: Unknown flag",
            COMPUTING[:1],
        ),
    ],
    ids=["platform", "processors", "devices", "flags"],
)
def test_a_machine_that_cannot_compute_is_told_before_anything_is_written(variables, message, commands, tmp_path):
    (tmp_path / "mine.toml").write_text(SPEC)
    before = state(tmp_path)
    for answer in together([(tmp_path, command.split()) for command in commands], **variables):
        assert re.match(message, refusal(answer)), answer
    assert state(tmp_path) == before


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"JAX_NUM_CPU_DEVICES": "abc"}, r'JAX cannot be started: Invalid value "abc" for JAX flag'),
        ({"JAX_ENABLE_X64": "maybe"}, r"JAX cannot be started: invalid truth value 'maybe'"),
    ],
    ids=str,
)
def test_a_variable_that_jax_cannot_read_is_told(variables, message, tmp_path):
    assert re.match(message, refusal(gatednet("verify", "nowhere", folder=tmp_path, **variables)))


def test_a_working_directory_that_is_gone_is_told(tmp_path):
    (tmp_path / "gone").mkdir()
    # As a shell's may be.
    script = "import os, sys; os.rmdir(os.getcwd()); from gatednet.figures.cli.main import main; main(sys.argv[1:])"
    answer = python("-c", script, "sweep", "fig5-left", folder=tmp_path / "gone")
    assert refusal(answer) == "Invalid value for '--out': 'runs' is a path from a working directory that is gone"
