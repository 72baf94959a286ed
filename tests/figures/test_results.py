"""The stored results of a full reproduction, of which the documentation's gallery and table of claims are made."""

import json
from pathlib import Path

import numpy as np
import pytest

from gatednet.figures.registry import FIGURES
from gatednet.figures.toolkit.archive import open_data

RESULTS = Path(__file__).parents[2] / "docs" / "results"
# All results together, in MB.
LARGEST = 6.0
CLAIMS = json.loads((RESULTS / "claims.json").read_text(encoding="utf-8"))


def test_there_are_results_of_every_figure_and_of_no_other():
    assert {path.name.partition(".")[0] for path in RESULTS.glob("*.zarr.zip")} == set(FIGURES)
    assert {claim["figure"] for claim in CLAIMS} == set(FIGURES)


@pytest.mark.parametrize("name", FIGURES)
def test_claims_are_those_of_the_stored_data(name):
    stored = [claim for claim in CLAIMS if claim["figure"] == name]
    measured = [claim.record(name) for claim in FIGURES[name].claims(open_data(RESULTS / f"{name}.zarr.zip"))]
    for claim in measured:
        # Sums are rounded differently by different processors.
        for number in ("measured", "standard_error"):
            claim[number] = close_to(claim[number])
        claim["expected"] = [close_to(edge) for edge in claim["expected"]]
    assert stored == measured


def test_claims_are_measured_in_double_precision():
    """In single precision logarithms and sums differ between processors, by more than the comparison above allows."""
    given = open_data(RESULTS / "fig7.zarr.zip")
    assert given.accuracy.dtype == given.steps_to_recover.dtype == np.float32
    exact = FIGURES["fig7"].load().claims(given.astype(np.float64))
    assert FIGURES["fig7"].claims(given) == exact
    assert FIGURES["fig7"].load().claims(given) != exact


def close_to(number):
    """What equals a number but for rounding, and None for None."""
    return None if number is None else pytest.approx(number, rel=1e-9, abs=1e-12)


def test_results_are_small():
    """Every `make results` adds to the history what it changes here."""
    sizes = {path.name: path.stat().st_size / 1e6 for path in RESULTS.iterdir() if path.suffix in (".zip", ".json")}
    largest = sorted(sizes, key=sizes.__getitem__, reverse=True)[:5]
    told = ", ".join(f"{name} {sizes[name]:.2f}" for name in largest)
    assert sum(sizes.values()) <= LARGEST, f"docs/results has {sum(sizes.values()):.1f} MB; the largest are {told}"


def test_every_verdict_is_the_known_one():
    assert [claim for claim in CLAIMS if claim["verdict"] != claim["known_verdict"]] == []
