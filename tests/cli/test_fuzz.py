"""Random command lines: never a traceback, never a hang, one line for a refusal, and the disk as it was."""

import os
import random

import pytest

from tests.cli.tools import SPEC, copy_of, state, together

# Texts of all kinds for names, values and paths.
TEXTS = (
    "", " ", ".", "./x/..", "-", "-1", "0", "1", "2.5", "1e400", "nan", "inf", "true", "=", "a=", "=b", "a=b=c",
    "×τ名", "\udcff", "\n", "a\nb", "\x1b[31m", "\0", "a\0b", "%s", "{}", "$HOME", "~", "*", "[", "'", '"', "\\",
    "x" * 300, "x/" * 3000, "9" * 30, "all", "mine", "mine.toml", "runs", "runs/mine", "foreign", "pipe.toml", "loop",
    "dangling", "dangling/x", "images", "nowhere", "nowhere.toml", "empty.toml", "/dev/null", "/dev/zero", "/proc",
    "/proc/self/mem", "fig4", "fig22", "fig2-flexible", "fig4-symmetric", "loss", "timescales.gates=0.1",
    "g=timescales.gates=0.1,0.2", "gates=timescales.gates=geomspace(0.01,1,3)", "seed=seed=1,2", "human=mine.toml",
    "human=pipe.toml", "tcp://", "tls://127.0.0.1:9", "127.0.0.1:9", "pdf,png", "pgn", "--", "--help", "--no-such",
    "-h",
)  # fmt: skip
OPTIONS = {
    "list": (),
    "verify": (),
    "sweep": ("--out", "--axis", "--seeds", "--dry-run", "--restart", "--cluster", "--data"),
    "simulate": ("--set", "--seed", "--save", "--every", "--out", "--format", "--data"),
    "figure": ("--runs", "--out", "--format", "--file"),
    "reproduce": ("--runs", "--out", "--format", "--file", "--data", "--quick"),
}
FLAGS = ("--dry-run", "--restart", "--quick")
# What a command that would otherwise take long is refused for, whatever else it has.
REFUSED = {"simulate": ("--every", "0"), "reproduce": ("--runs", "mine.toml/x"), "figure": ("--runs", "nowhere")}
NAMES = {
    "verify": "runs/mine",
    "sweep": "mine.toml",
    "simulate": "fig4-symmetric",
    "figure": "fig4",
    "reproduce": "fig4",
}


def command(draw: random.Random) -> list[str]:
    """A command line, more or less as it could be meant."""
    kind = draw.choice(list(OPTIONS))
    parts = [draw.choice(TEXTS)] if draw.random() < 0.3 or kind not in NAMES else [NAMES[kind]]
    for _ in range(draw.randrange(4)):
        option = draw.choice(OPTIONS[kind] or TEXTS)
        parts += [option] if option in FLAGS else [option, draw.choice(TEXTS)]
    if draw.random() < 0.1:
        parts.insert(draw.randrange(len(parts) + 1), draw.choice(TEXTS))
    parts += REFUSED.get(kind, ())
    # A sweep of the catalog is not run here.
    if kind == "sweep" and "mine.toml" not in parts:
        parts.append("--dry-run")
    if draw.random() < 0.03:
        kind = draw.choice(TEXTS)
    return [kind, *parts]


def furnished(folder, swept):
    """A folder that the texts speak of."""
    folder.mkdir()
    (folder / "mine.toml").write_text(SPEC)
    (folder / "empty.toml").touch()
    copy_of(swept / "runs", folder / "runs")
    (folder / "loop").symlink_to("loop")
    (folder / "dangling").symlink_to("nothing")
    os.mkfifo(folder / "pipe.toml")
    (folder / "images").mkdir()
    (folder / "foreign" / "mine").mkdir(parents=True)
    (folder / "foreign" / "mine" / "thesis.txt").write_text("three years of work")
    return folder


@pytest.mark.parametrize(
    ("seed", "count"), [(0, 60), *(pytest.param(seed, 200, marks=pytest.mark.slow) for seed in range(1, 21))]
)
def test_random_commands(seed, count, swept, tmp_path):
    draw = random.Random(seed)
    commands = [command(draw) for _ in range(count)]
    folders = [furnished(tmp_path / str(number), swept[0]) for number in range(count)]
    before = [state(folder) for folder in folders]
    answers = together(list(zip(folders, commands, strict=True)))
    codes = set()
    for line, folder, was, answer in zip(commands, folders, before, answers, strict=True):
        said = (line, answer)
        codes.add(answer.code)
        assert "Traceback" not in answer.err, said
        assert answer.code in (0, 1, 2), said
        if answer.code == 2:
            assert answer.out == "", said
            assert answer.err.startswith("gatednet: "), said
            assert answer.err.count("\n") == 1, said
            assert state(folder) == was, said
        assert (folder / "foreign" / "mine" / "thesis.txt").exists(), said
    assert {0, 2} <= codes
