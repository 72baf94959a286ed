"""What closed forms take: numbers, sequences of them, and arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

# NumPy's own `ArrayLike` means the same to a type checker, but not where types are checked at run time.
Values = float | Sequence[Any] | np.ndarray
