"""Fixtures of the tests of sweeps."""

import pytest

from tests.sweeps.tools import Numbered


@pytest.fixture
def numbered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs give their own numbers instead of being simulated: what is tested is the store."""
    monkeypatch.setattr("sweeps.run.Executors", Numbered)
