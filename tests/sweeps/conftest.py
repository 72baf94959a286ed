"""Fixtures of the tests of sweeps."""

import os

import pytest

from sweeps.chunks import Plan
from sweeps.template import empty_arrays
from tests.sweeps.tools import Numbered


@pytest.fixture
def numbered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs give their own numbers instead of being simulated: what is tested is the store."""
    monkeypatch.setattr("sweeps.run.Executors", Numbered)


_kept: dict[str, dict[str, bytes]] = {}


@pytest.fixture
def quick_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing here need be on a real disk, and empty arrays are the same for every store of a plan."""

    def empty(plan: Plan) -> dict[str, bytes]:
        text = f"{plan.chunk_shape} {plan.sweep.to_toml()}"
        if text not in _kept:
            _kept[text] = empty_arrays(plan)
        return _kept[text]

    monkeypatch.setattr("sweeps.creation.empty_arrays", empty)
    monkeypatch.setattr("sweeps.provenance._revision", lambda: None)
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
