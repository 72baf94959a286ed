"""How fast a gate opens (paper, appendix on dimensionality, Figure A2)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gatednet.theory.values import Values


def gate_speed(singular_values: Values) -> NDArray[np.float64]:
    """Σ_α s_α²: time constant × |dc/dt| of a closed gate right after the switch to its task, for a specialized path.

    `singular_values` (..., modes) are those of the path. It is the slope of ½ ‖Σ_p c^p W^p - W*‖² by the gate of a path
    W^p = W* that is closed, where the open path is orthogonal to it, and the rows have the identity as second moment.
    """
    return np.asarray(np.sum(np.square(np.asarray(singular_values, np.float64)), axis=-1))
