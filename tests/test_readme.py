"""What README.md shows is run: its snippets in order, its sweep file, its tables."""

import os
import re
import subprocess
import sys
from pathlib import Path

import typer

from gatednet.figures.cli.app import app
from gatednet.sweeps import Store, load_spec

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """The blocks of code in a language."""
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_snippets_run_and_the_file_says_the_same_as_the_script(tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    for snippet in blocks("python"):
        command = [sys.executable, "-W", "error", "-c", snippet]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert done.stdout

    (text,) = blocks("toml")
    file = tmp_path / "alignment.toml"
    file.write_text(text, encoding="utf-8")
    assert load_spec(file) == Store.open(tmp_path / "runs" / "alignment").sweep


def test_every_command_is_named():
    named = re.findall(r"^    gatednet (\w+)", README, re.MULTILINE)
    assert named == list(typer.main.get_command(app).commands)


def test_links_lead_somewhere():
    for link in re.findall(r"\]\(([^)#]+)\)", README):
        assert link.startswith("https://") or (ROOT / link).exists(), link
