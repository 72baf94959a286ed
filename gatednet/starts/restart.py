"""`restart`: a saved state as the start of another run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gatednet.arrays.groups import STANDARD
from gatednet.networks.base import Network
from gatednet.settings import Instance, SettingError, argument
from gatednet.starts.chosen import ChosenInitial

if TYPE_CHECKING:
    import xarray


def restart(data: xarray.Dataset, network: Network) -> ChosenInitial:
    """The state of one run at one save as an initial state of the same network.

    `data` has no dimensions but those of the parameters: choose the run and the save with `sel` or `isel` before. It
    holds "weights" and "neuron_gates" or "gates" of a network with paths, "units" and "readout" of one with two layers.

    **Raises** `SettingError` where one of them is missing or has further dimensions, or the state is not one of this
    network.
    """
    # Every folder of parts is imported where one of them is looked for: before most commands have anything to draw.
    import xarray

    argument("data", data, Instance(xarray.Dataset))
    argument("network", network, Instance(Network))
    if tuple(network.groups) != STANDARD:
        raise SettingError(f"a restart needs weights and gates, and {type(network).__name__} has other parameters")
    if network.paths_by_teachers:
        weights, gates = _values(data, "units", ("unit", "input"))[None], _values(data, "readout", ("output", "unit"))
    else:
        weights = _values(data, "weights", ("path", "output", "input"))
        if len(network.groups["gates"].shape) == 1:
            gates = _values(data, "gates", ("path",))
        else:
            gates = _values(data, "neuron_gates", ("path", "output"))
    initial = ChosenInitial(weights=_nested(weights.tolist()), gates=tuple(gates.reshape(-1).tolist()))
    initial.check(network)
    return initial


def _values(data: xarray.Dataset, name: str, dims: tuple[str, ...]) -> np.ndarray:
    if name not in data:
        raise SettingError(f"the run was saved without {name!r}, allowed is one with it")
    further = [str(dim) for dim in data[name].dims if dim not in dims]
    if further:
        raise SettingError(f"{name!r} has the dimension {further[0]!r}, allowed is one run at one save")
    return np.asarray(data[name].transpose(*dims).values, np.float64)


def _nested(values: Any) -> Any:
    """Nested lists as nested tuples."""
    return tuple(_nested(each) for each in values) if isinstance(values, list) else values
