"""`Recent`: results that are needed again soon."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_MOST = 256


class Recent:
    """Keeps what was computed last, by a text that says of what."""

    def __init__(self) -> None:
        self._found: dict[str, Any] = {}

    def get(self, text: str, compute: Callable[[], Any]) -> Any:
        """What is kept, or is computed now; what cannot be computed raises, and is not kept."""
        found = self._found
        if text in found:
            return found[text]
        value = compute()
        if len(found) >= _MOST:
            # Another one, as another thread may be between the lines above.
            self._found = found = {}
        found[text] = value
        return value
