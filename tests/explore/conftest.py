"""Fixtures of the tests of the page."""

import pytest

from tests.explore.tools import Counted


@pytest.fixture
def numbered(monkeypatch):
    """Runs give their own numbers instead of being simulated."""
    monkeypatch.setattr("gatednet.sweeps.execution.run.Executors", Counted)
