"""The sessions that computed the chunks of a store: what they computed with, and whether another one goes with them."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gatednet.settings import SettingError
from gatednet.sweeps.files import read_record
from gatednet.sweeps.store.provenance import differing


def read_sessions(path: Path) -> list[dict[str, Any]] | str:
    """The sessions in the file of their provenance, or what is wrong with it."""
    record = read_record(path)
    found = None if record is None else record.get("sessions")
    if isinstance(found, list) and found and all(isinstance(each, dict) for each in found):
        return found
    return "does not agree with its own digest" if os.path.lexists(path) else "is missing"


def check_sessions(
    folder: Path,
    sessions: Sequence[Mapping[str, Any]],
    here: Sequence[Mapping[str, str]],
    features: Mapping[str, Any] | None,
) -> None:
    """Raise `SettingError` where earlier sessions had other features, or versions that may give other last bits.

    `here` are the versions of what computes now, empty where they do not matter.
    """
    for session in sessions:
        earlier = session.get("features")
        for name, each in (features or {}).items():
            if not isinstance(earlier, dict) or earlier.get(name) != each:
                raise SettingError(
                    f"{folder} was begun with other features of {name}; allowed are those and another folder"
                )
        found = differing(session, here)
        if found:
            raise SettingError(
                f"{folder} was begun with {', '.join(found)}, so that last bits may differ; allowed are what it was "
                "begun with, another folder, and mixing (mix_versions, --mix-versions)"
            )
