"""Sweeps of labelled experiments by command: where images are looked for, and what is said where they are damaged."""

import gzip
import re

import numpy as np
import pytest

from gatednet.sweeps.images.datasets import FILES, TEST, TEST_LABELS, TRAIN, TRAIN_LABELS
from tests.cli import tools
from tests.cli.tools import contents, refusal, together
from tests.sweeps.tools import IDX_VALUES as VALUES
from tests.sweeps.tools import idx

SPEC = """\
base = "fig2-flexible"
save = ["loss", "accuracy"]
every = 20
[set]
"network.inputs" = 64
"curriculum.block_length" = 0.01
steps = 40
[set.inputs]
kind = "Features"
images = "mnist"
batch = 10
[set.objective]
kind = "CrossEntropy"
[set.teachers]
kind = "Permutations"
[axes]
noise = { path = "inputs.label_noise", values = [0.0, 0.5] }
seed = 2
"""
TOO_MANY = np.append(VALUES[TRAIN_LABELS][:-1], np.uint8(10))


def files(**changed):
    """The four files of a data set by their names, some of them with other content, or left out for None."""
    made = {f"{name}.gz": gzip.compress(idx(VALUES[name]), mtime=0) for name in FILES}
    for name, content in changed.items():
        if content is None:
            del made[name]
        else:
            made[name] = content
    return made


CASES = {
    "a file that is cut short": (
        files(**{f"{TRAIN}.gz": files()[f"{TRAIN}.gz"][:-100]}),
        rf"images/{TRAIN}\.gz .*",
    ),
    "a file of something else": (
        files(**{f"{TEST}.gz": gzip.compress(b"no images", mtime=0)}),
        rf"images/{TEST}\.gz .*",
    ),
    "a label too many": (
        files(**{f"{TRAIN_LABELS}.gz": gzip.compress(idx(TOO_MANY), mtime=0)}),
        rf"images/{TRAIN_LABELS}\.gz has the label 10, allowed are 0 to 9",
    ),
    "a file that is missing": (files(**{f"{TEST_LABELS}.gz": None}), rf"images lacks {TEST_LABELS}, allowed is all of"),
}


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """What a sweep of mnist is answered in each case, and what was in its folder before and after."""
    folders = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GATEDNET_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.delenv("GATEDNET_DATA", raising=False)
        for case, (images, _) in CASES.items():
            folder = folders[case] = tmp_path_factory.mktemp("case")
            (folder / "mine.toml").write_text(SPEC)
            (folder / "images").mkdir()
            for name, content in images.items():
                (folder / "images" / name).write_bytes(content)
        before = [contents(folder) for folder in folders.values()]
        command = ("sweep", "mine.toml", "--data", "images")
        found = together([(folder, command) for folder in folders.values()])
    return dict(zip(CASES, zip(found, before, map(contents, folders.values()), strict=True), strict=True))


@pytest.mark.parametrize("case", CASES)
def test_damaged_images_are_refused_in_one_line_and_nothing_is_written(case, answers):
    answer, before, after = answers[case]
    assert re.match(CASES[case][1], refusal(answer)), answer.err
    assert after == before


def test_a_dry_run_needs_no_images(tmp_path, monkeypatch):
    monkeypatch.setenv("GATEDNET_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("GATEDNET_DATA", raising=False)
    (tmp_path / "mine.toml").write_text(SPEC)
    answer = tools.gatednet("sweep", "mine.toml", "--dry-run", folder=tmp_path)
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.startswith("runs/mine: 4 runs (2 noise × 2 seed) of 40 steps, 1 compiles, ")
    assert list(contents(tmp_path)) == ["mine.toml"]


def test_digits_are_swept_and_told_of(tmp_path, monkeypatch):
    monkeypatch.setenv("GATEDNET_CACHE", str(tmp_path / "cache"))
    (tmp_path / "mine.toml").write_text(SPEC.replace("mnist", "digits"))
    commands = (("sweep", "mine.toml"), ("sweep", "mine.toml"), ("verify", "runs/mine"))
    answer, again, verified = together([(tmp_path, command) for command in commands])
    assert (answer.code, answer.out) == (0, "runs/mine: done, 4 runs\n"), answer
    assert "features of digits" in answer.err
    assert again.out == "runs/mine: was finished already, 4 runs\n"
    assert verified.code == 0
