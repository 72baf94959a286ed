"""`gatednet simulate`, `figure` and `reproduce`: pictures, captions, data and claims."""

import json
import re

import pytest

from gatednet.figures.toolkit.archive import open_data
from tests.cli.tools import copy_of, python, together

FILES = ("fig4.md", "fig4.pdf", "fig4.png", "fig4.svg", "fig4.zarr.zip")
STARTS = {"pdf": b"%PDF", "png": b"\x89PNG", "svg": b"<?xml"}
STORES = ["fig4-blocks", "fig4-cycle", "fig4-regimes", "fig4-symmetric"]
# The same command in a program for which the paper's claims are known to fail.
SURPRISED = """
import dataclasses, sys
from gatednet.figures import fig04_geometry
from gatednet.figures.cli.main import main

claims = fig04_geometry.claims
fig04_geometry.claims = lambda data: [dataclasses.replace(each, known_verdict="fails") for each in claims(data)]
main(sys.argv[1:])
"""


def names(folder):
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


def named(folder):
    """The name of the only result in a folder."""
    (path,) = folder.glob("*.md")
    return path.stem


def test_reproduce_runs_draws_and_checks(reproduced):
    folder, answer = reproduced
    assert answer.code == 0, answer
    assert names(folder) == ["pictures", "runs"]
    assert names(folder / "runs") == STORES
    assert names(folder / "pictures") == ["claims.json", *FILES]
    for suffix, start in STARTS.items():
        assert (folder / "pictures" / f"fig4.{suffix}").read_bytes().startswith(start)
    assert open_data(folder / "pictures" / "fig4.zarr.zip").attrs["settings"]
    assert answer.err.splitlines()[0] == "fig4-symmetric: 0 of 5 runs"
    assert answer.err.splitlines()[-1].startswith("fig4-cycle: 1 of 1 runs")


def test_claims_are_in_a_file_a_table_and_the_caption(reproduced):
    folder, answer = reproduced
    claims = json.loads((folder / "pictures" / "claims.json").read_text())
    caption = (folder / "pictures" / "fig4.md").read_text()
    assert len(claims) >= 5
    fields = {
        "figure",
        "sentence",
        "origin",
        "expected",
        "measured",
        "standard_error",
        "runs",
        "verdict",
        "known_verdict",
    }
    for claim in claims:
        assert claim.keys() >= fields
        assert claim["figure"] == "fig4"
        assert claim["verdict"] == claim["known_verdict"]
        low, high = claim["expected"]
        inside = (low is None or low <= claim["measured"]) and (high is None or claim["measured"] <= high)
        assert inside == (claim["verdict"] == "holds")
        assert claim["sentence"] in caption
        # The table breaks long sentences.
        assert claim["sentence"].split()[0] in answer.out
    assert len(re.findall(r"\bholds\b", answer.out)) >= sum(claim["verdict"] == "holds" for claim in claims)
    assert "pictures, captions, data and claims.json are in pictures" in answer.out


def test_a_verdict_that_is_not_the_known_one_fails_the_command(reproduced, tmp_path):
    folder = copy_of(reproduced[0], tmp_path / "copy")
    known = json.loads((folder / "pictures" / "claims.json").read_text())
    answer = python("-c", SURPRISED, "reproduce", "fig4", folder=folder)
    assert answer.code == 1, answer
    assert answer.err == ""
    news = [line for line in answer.out.splitlines() if line.startswith("a new verdict")]
    assert news == [
        f"a new verdict: {claim['verdict']}, known: fails: {claim['sentence']}"
        for claim in known
        if claim["verdict"] != "fails"
    ]
    written = json.loads((folder / "pictures" / "claims.json").read_text())
    assert [claim["verdict"] for claim in written] == [claim["verdict"] for claim in known]
    assert {claim["known_verdict"] for claim in written} == {"fails"}


@pytest.fixture(scope="module")
def told(reproduced, tmp_path_factory):
    """A folder with the stores of Figure 4, and what each of these commands answered in it."""
    folder = tmp_path_factory.mktemp("told")
    copy_of(reproduced[0] / "runs", folder / "runs")
    commands = {
        "figure": "figure fig4 --out drawn",
        "formats": "figure fig4 --out vectors --format svg,pdf",
        "again": "reproduce fig4 --format svg",
        "quick": "reproduce fig4 --quick --format svg",
        "simulate": "simulate fig2-flexible --set inputs={kind=\"Population\"} --set steps=200 --set "
        "curriculum.block_length=0.05 --seed 3 --save total_alignment --every 20 --out single --format png,svg",
        "saves": "simulate fig2-flexible --set steps=2002 --out saves --format svg",
        "diverging": "simulate fig4-symmetric --set timescales.weights=1e-12 --out diverging --format png",
    }  # fmt: skip
    calls = [(folder, command.split(" ")) for command in commands.values()]
    return folder, dict(zip(commands, together(calls), strict=True))


def test_figures_are_drawn_from_finished_stores(told, reproduced):
    folder, answers = told
    assert (answers["figure"].code, answers["figure"].err) == (0, "")
    assert names(folder / "drawn") == [*FILES]
    for name in FILES:
        assert (folder / "drawn" / name).read_bytes() == (reproduced[0] / "pictures" / name).read_bytes(), name
    *verdicts, last = answers["figure"].out.splitlines()
    assert all(re.match(r"fig4: (holds|fails|undecided): ", line) for line in verdicts)
    assert last == "drawn/fig4.pdf, drawn/fig4.png, drawn/fig4.svg"


def test_only_the_formats_that_are_asked_for_are_drawn(told):
    folder, answers = told
    assert answers["formats"].code == 0
    assert names(folder / "vectors") == ["fig4.md", "fig4.pdf", "fig4.svg", "fig4.zarr.zip"]


def test_what_is_finished_is_not_run_again(told):
    _, answers = told
    assert (answers["again"].code, answers["again"].err) == (0, "")


def test_quick_results_are_kept_apart(told):
    folder, answers = told
    assert answers["quick"].code == 0
    assert names(folder / "runs" / "quick") == STORES
    assert names(folder / "pictures" / "quick") == ["claims.json", "fig4.md", "fig4.svg", "fig4.zarr.zip"]
    # Figure 4 has no seeds that could be few.
    assert "quick" not in (folder / "pictures" / "quick" / "fig4.md").read_text()
    assert "quick" in answers["quick"].out


def test_simulate_goes_from_an_experiment_to_a_picture(told):
    folder, answers = told
    assert (answers["simulate"].code, answers["simulate"].err) == (0, "")
    name = named(folder / "single")
    assert re.fullmatch(r"fig2-flexible-[0-9a-f]{8}-seed3", name)
    written = [f"single/{name}.{suffix}" for suffix in ("md", "png", "svg", "zarr.zip")]
    assert sorted(answers["simulate"].out.splitlines()) == written
    assert [f"single/{name}" for name in names(folder / "single")] == written
    data = open_data(folder / "single" / f"{name}.zarr.zip")
    assert data.sizes["step"] == 11
    assert data.seed == 3
    assert {"loss", "gates", "alignment", "total_alignment"} <= set(data)
    assert 'kind = "Population"' in data.attrs["experiment"]


def test_a_caption_tells_what_was_simulated(told):
    folder, _ = told
    caption = (folder / "single" / f"{named(folder / 'single')}.md").read_text()
    assert caption.startswith("# fig2-flexible")
    assert "seed 3" in caption
    assert "200 steps" in caption


def test_saves_of_a_run_divide_it_and_are_not_more_than_a_thousand(told):
    folder, answers = told
    assert answers["saves"].code == 0
    # 2002 = 2 · 7 · 11 · 13, and every 2 steps would be 1001 times.
    name = named(folder / "saves")
    assert re.fullmatch(r"fig2-flexible-[0-9a-f]{8}", name)
    assert open_data(folder / "saves" / f"{name}.zarr.zip").sizes["step"] == 2002 // 7 + 1


def test_a_run_that_diverges_is_drawn_and_fails(told):
    folder, answers = told
    answer = answers["diverging"]
    assert (answer.code, answer.err) == (1, "")
    assert re.search(r"the run left the finite numbers after \d+ of 1000 steps$", answer.out.strip())
    data = open_data(folder / "diverging" / f"{named(folder / 'diverging')}.zarr.zip")
    assert data.result == 1
