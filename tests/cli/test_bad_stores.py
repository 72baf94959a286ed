"""Stores that are not ours, another plan's, unfinished or damaged are refused in one line, and stay as they are."""

import dataclasses
import re
import shutil

import filelock
import pytest

from gatednet.sweeps.axes import Axis
from gatednet.sweeps.catalog import sweeps_of
from gatednet.sweeps.files import read_record, write_record
from gatednet.sweeps.spec import with_axis
from gatednet.sweeps.store.store import Store
from tests.cli.tools import contents, copy_of, flip, gatednet, python, refusal, together


def chunk_of(store):
    """The file of the chunk of one observable."""
    (path,) = (path for path in (store / "arrays.zarr" / "loss" / "c").rglob("*") if path.is_file())
    return path


def record_of(store):
    """The file that marks the only chunk as done."""
    (path,) = (path for path in (store / "done").iterdir() if not path.name.startswith("_"))
    return path


def replace_by_other_files(store):
    shutil.rmtree(store)
    store.mkdir()
    (store / "thesis.txt").write_text("three years of work")


def with_other_versions(store):
    """What another version of JAX began and did not finish."""
    path = store / "provenance.json"
    sessions = read_record(path)["sessions"]
    write_record(path, {"sessions": [{**sessions[0], "jax": "0.0.1"}]})
    (store / "done" / "_store.json").unlink()
    chunk_of(store).unlink()


CHUNK = r"runs/mine is damaged in chunk \d\S*: "
MEND = r"; run the sweep again to mend it$"
# What is done to the finished store, the command, and what it must say.
CASES = {
    "not ours, sweep": (replace_by_other_files, "sweep mine.toml", r"runs/mine is no store of gatednet"),
    "not ours, restart": (replace_by_other_files, "sweep mine.toml --restart", r"runs/mine is no store of gatednet"),
    "not ours, verify": (replace_by_other_files, "verify runs/mine", r"runs/mine is no store of gatednet"),
    "another plan's values": (
        lambda store: None,
        "sweep mine.toml --axis gates=timescales.gates=0.02,0.06",
        r"runs/mine is the store of another plan: axes\.gates\.values is \[0\.02, 0\.05\] there and "
        r"\[0\.02, 0\.06\] here; allowed are its own plan and another folder",
    ),
    "another plan's axes": (
        lambda store: None,
        "sweep mine.toml --axis norm=objective.norm=0,1",
        r"another plan: axes are gates, seed there and gates, norm, seed here",
    ),
    "chunk": (lambda store: flip(chunk_of(store)), "verify runs/mine", CHUNK + r".*loss/c\S* does not agree.*" + MEND),
    "lost chunk": (lambda store: chunk_of(store).unlink(), "verify runs/mine", CHUNK + r".*loss/c\S* is mis.*" + MEND),
    "record": (lambda store: flip(record_of(store)), "verify runs/mine", CHUNK + r"done/\S+ does not agree.*" + MEND),
    "lost record": (lambda store: record_of(store).unlink(), "verify runs/mine", CHUNK + r"done/\S+ is missing"),
    "plan": (lambda store: flip(store / "plan.toml"), "verify runs/mine", r"runs/mine is damaged: plan\.toml does not"),
    "plan, sweep": (lambda store: flip(store / "plan.toml"), "sweep mine.toml", r"damaged: plan\.toml .*restart"),
    "metadata": (
        lambda store: flip(store / "arrays.zarr" / "loss" / "zarr.json"),
        "verify runs/mine",
        r"runs/mine is damaged: arrays\.zarr/loss/zarr\.json does not agree with its digest",
    ),
    "metadata, sweep": (
        lambda store: flip(store / "arrays.zarr" / "zarr.json"),
        "sweep mine.toml",
        r"runs/mine is damaged: arrays\.zarr/zarr\.json does not agree with its digest",
    ),
    "metadata, figure of a page": (
        lambda store: flip(store / "arrays.zarr" / "gates" / "zarr.json"),
        "explore --store runs/mine",
        r"runs/mine is damaged: arrays\.zarr/gates/zarr\.json does not agree with its digest",
    ),
    "a file of the user, restart": (
        lambda store: (store / "notes.txt").write_text("precious"),
        "sweep mine.toml --restart",
        r"runs/mine holds 'notes\.txt', which is no part of a store, and is left as it is; move that elsewhere first",
    ),
    "other versions": (
        with_other_versions,
        "sweep mine.toml",
        r"runs/mine was begun with jax 0\.0\.1 there and \S+ here, so that last bits may differ; allowed are",
    ),
    "digests": (lambda store: flip(store / "done" / "_store.json"), "verify runs/mine", r"damaged: done/_store\.json"),
    "template": (lambda store: flip(store / "done" / "_template.json"), "verify runs/mine", r"done/_template\.json"),
    "provenance": (lambda store: flip(store / "provenance.json"), "verify runs/mine", r"provenance\.json does not"),
}  # fmt: skip


@pytest.fixture(scope="module")
def answers(swept, tmp_path_factory):
    """What each case was answered, and what was in its folder before and after."""
    folders = []
    for change, _, _ in CASES.values():
        folders.append(copy_of(swept[0], tmp_path_factory.mktemp("case") / "copy"))
        change(folders[-1] / "runs" / "mine")
    before = [contents(folder) for folder in folders]
    calls = [(folder, command.split()) for folder, (_, command, _) in zip(folders, CASES.values(), strict=True)]
    found = together(calls)
    return dict(zip(CASES, zip(found, before, map(contents, folders), strict=True), strict=True))


@pytest.mark.parametrize("name", CASES)
def test_one_clear_line_and_nothing_changed(name, answers):
    answer, before, after = answers[name]
    assert re.search(CASES[name][2], refusal(answer)), answer.err
    # A lock that was taken may stay: an empty file that means nothing.
    assert {path: content for path, content in after.items() if not path.endswith(".lock")} == {
        path: content for path, content in before.items() if not path.endswith(".lock")
    }


# A command whose disk is full from the first chunk on.
FULL = """
import errno
import sys
import gatednet.sweeps.store.store
from gatednet.figures.cli.main import main

def full(*_):
    raise OSError(errno.ENOSPC, "No space left on device")

gatednet.sweeps.store.store.put = full
main(sys.argv[1:])
"""


SWEEP, VERIFY = ("sweep", "mine.toml"), ("verify", "runs/mine")


@pytest.fixture(scope="module")
def continued(swept, tmp_path_factory):
    """Stores with which a sweep goes on, what it and others answered there, and what a full disk was answered before.

    All in one process, after the one with the full disk.
    """
    folders = {name: tmp_path_factory.mktemp("continued") / "copy" for name in ("damaged", "other versions", "full")}
    for name, change in (("damaged", lambda store: flip(chunk_of(store))), ("other versions", with_other_versions)):
        change(copy_of(swept[0], folders[name]) / "runs" / "mine")
    folders["full"].mkdir()
    (folders["full"] / "mine.toml").write_bytes((swept[0] / "mine.toml").read_bytes())
    full = python("-c", FULL, *SWEEP, folder=folders["full"])
    commands = {
        "damaged": (SWEEP, VERIFY, SWEEP),
        "other versions": ((*SWEEP, "--mix-versions"),),
        "full": (SWEEP, VERIFY),
    }
    calls = [(name, command) for name, each in commands.items() for command in each]
    answered = together([(folders[name], command) for name, command in calls])
    answers = {
        name: [answer for (of, _), answer in zip(calls, answered, strict=True) if of == name] for name in commands
    }
    return folders, {**answers, "full": [full, *answers["full"]]}


def test_damage_is_mended_as_the_message_says(continued, swept):
    folders, answers = continued
    mended, found, again = answers["damaged"]
    assert mended[:2] == (
        0, "runs/mine: done, 4 runs\nruns/mine: damaged chunks were computed again: 0.0\n",
    )  # fmt: skip
    assert found.code == 0
    assert again[:2] == (0, "runs/mine: was finished already, 4 runs\n")
    whole = contents(swept[0] / "runs" / "mine" / "arrays.zarr")
    assert contents(folders["damaged"] / "runs" / "mine" / "arrays.zarr") == whole


def test_other_versions_go_on_when_told_to(continued):
    (answer,) = continued[1]["other versions"]
    assert answer[:2] == (0, "runs/mine: done, 4 runs\nruns/mine: damaged chunks were computed again: 0.0\n")


def test_a_full_disk_is_no_refusal(continued):
    answer, done, found = continued[1]["full"]
    assert (answer.code, answer.out) == (1, "")
    *progress, last = answer.err.splitlines()
    assert all(line.startswith("mine: ") for line in progress)
    assert last == ("gatednet: runs/mine cannot be written: No space left on device; the same sweep again continues it")
    assert done[:2] == (0, "runs/mine: done, 4 runs\n")
    assert found.code == 0


def test_one_process_at_a_time_writes(swept, tmp_path):
    folder = copy_of(swept[0], tmp_path / "copy")
    store = folder / "runs" / "mine"
    record_of(store).unlink()
    with filelock.FileLock(store / ".lock"):
        answer = gatednet("sweep", "mine.toml", folder=folder)
    assert refusal(answer) == "runs/mine is being written by another process, allowed is one at a time"


@pytest.fixture(scope="module")
def figures(reproduced, tmp_path_factory):
    """What `gatednet figure fig4` answers to stores that it cannot use, and what it wrote."""
    sweep = sweeps_of("fig4")["fig4-symmetric"]
    folders = {name: tmp_path_factory.mktemp("figure") for name in ("unfinished", "other", "longer", "damaged")}
    Store.create(folders["unfinished"] / "runs" / "fig4-symmetric", sweep)
    Store.create(
        folders["other"] / "runs" / "fig4-symmetric", with_axis(sweep, Axis("tau", "timescales.gates", (0.1,)))
    )
    steps = dataclasses.replace(sweep.experiment, steps=2000)
    Store.create(folders["longer"] / "runs" / "fig4-symmetric", dataclasses.replace(sweep, experiment=steps))
    copy_of(reproduced[0] / "runs", folders["damaged"] / "runs")
    flip(chunk_of(folders["damaged"] / "runs" / "fig4-symmetric"))
    answers = together([(folder, ["figure", "fig4"]) for folder in folders.values()])
    return dict(zip(folders, zip(folders.values(), answers, strict=True), strict=True))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("unfinished", r"runs/fig4-symmetric is not finished: 0 of 1 chunks are done, run its sweep again to go on"),
        ("other", r"runs/fig4-symmetric is the store of another plan: axes are tau there and gate_timescale here"),
        ("longer", r"runs/fig4-symmetric is the store of another plan: experiment\.steps is 2000 there and 1000 here"),
        (
            "damaged",
            r"runs/fig4-symmetric is damaged in chunk \d\S*: arrays\.zarr/loss/c\S* does not agree with its digest",
        ),
    ],
)
def test_figures_are_drawn_from_whole_and_finished_stores_of_their_own_plans(name, message, figures):
    folder, answer = figures[name]
    assert re.search(message, refusal(answer)), answer.err
    assert [path.name for path in folder.iterdir()] == ["runs"]
