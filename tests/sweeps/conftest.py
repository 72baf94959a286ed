"""Fixtures of the tests of sweeps."""

import os

import pytest

from gatednet.sweeps.images.datasets import Images, images_of
from gatednet.sweeps.planning.plan import Plan
from gatednet.sweeps.store.template import empty_arrays
from gatednet.sweeps.text import to_text
from tests.sweeps.tools import Numbered


@pytest.fixture
def numbered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs give their own numbers instead of being simulated: what is tested is the store."""
    monkeypatch.setattr("gatednet.sweeps.execution.run.Executors", Numbered)


@pytest.fixture(scope="session")
def digits() -> Images:
    """Images that are always there."""
    return images_of("digits")


_kept: dict[str, dict[str, bytes]] = {}


@pytest.fixture
def quick_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing here need be on a real disk, and empty arrays are the same for every store of a plan."""

    def empty(plan: Plan) -> dict[str, bytes]:
        text = f"{plan.chunk_shape} {to_text(plan.sweep)}"
        if text not in _kept:
            _kept[text] = empty_arrays(plan)
        return _kept[text]

    monkeypatch.setattr("gatednet.sweeps.store.creation.empty_arrays", empty)
    monkeypatch.setattr("gatednet.sweeps.store.provenance._revision", lambda: None)
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
