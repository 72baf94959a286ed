"""Cases of a test of which some are slow."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest


def but_slow(names: Iterable[str], *slow: str) -> list[Any]:
    """All names as parameters of a test, some of them for slow tests only.

    **Raises** `ValueError` for a slow one that is none of the names.
    """
    names = list(names)
    if unknown := set(slow) - set(names):
        raise ValueError(f"{', '.join(sorted(unknown))}: no such case")
    return [pytest.param(each, marks=pytest.mark.slow) if each in slow else each for each in names]
