"""The devices that are worth compiling a sweep for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import jax

if TYPE_CHECKING:
    from gatednet.sweeps.sweep import Sweep

from gatednet.sweeps.devices import usable_devices
from gatednet.sweeps.planning.cost import cost_of


def devices_for(sweep: Sweep) -> list[jax.Device]:
    """The devices that are worth compiling for, see `Cost.worthwhile`; results do not depend on their number."""
    devices = usable_devices()
    return devices[: cost_of(sweep, 1).worthwhile(devices)]
