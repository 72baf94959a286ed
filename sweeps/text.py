"""The plan of a sweep as TOML and back, without loss, and how two plans differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import tomli_w

from gatednet.engine.save import Save
from gatednet.experiment import Experiment, nearest
from gatednet.refusal import SettingError, shown
from gatednet.sweeps.axes import Axis
from gatednet.sweeps.sweep import Sweep
from gatednet.toml import parse, plain, structure

KEYS = ("save", "every", "reduced", "precision", "noise", "axes", "experiment")
# Seeds that follow each other, by the first and the one after the last.
RANGE = "range"
AXIS_KEYS = ("path", "values", RANGE, "labels")
MISSING = object()


def to_text(sweep: Sweep) -> str:
    """The whole plan as the text of a TOML file."""
    return tomli_w.dumps(table_of(sweep))


def table_of(sweep: Sweep) -> dict[str, Any]:
    """The whole plan as tables, lists, numbers and strings."""
    axes = {}
    for axis in sweep.axes:
        axes[axis.name] = {
            "path": list(axis.path) if axis.zipped else axis.path,
            **_values(axis),
            **({} if axis.labels is None else {"labels": list(axis.labels)}),
        }
    return {
        "save": list(sweep.save.observables),
        "every": sweep.save.every,
        **({} if sweep.reduced is None else {"reduced": sweep.reduced}),
        "precision": sweep.precision,
        "noise": sweep.noise,
        "axes": axes,
        "experiment": plain(sweep.experiment),
    }


def _values(axis: Axis) -> dict[str, Any]:
    if isinstance(axis.values, range):
        return {RANGE: [axis.values.start, axis.values.stop]}
    return {"values": [list(value) if axis.zipped else value for value in axis.values]}


def _axis(name: str, entry: Any) -> Axis:
    check_keys(entry, AXIS_KEYS, needed=("path",), where=f"axes.{name}: ")
    if RANGE not in entry:
        check_keys(entry, AXIS_KEYS, needed=("values",), where=f"axes.{name}: ")
        return Axis(name, entry["path"], entry["values"], entry.get("labels"))
    ends = entry[RANGE]
    if "values" in entry or not isinstance(ends, list) or [type(end) for end in ends] != [int, int]:
        raise SettingError(f"axes.{name}: range is {shown(ends)}, allowed are the first seed and that after the last")
    return Axis(name, entry["path"], range(*ends), entry.get("labels"))


def from_text(text: str) -> Sweep:
    """The sweep of a text that `to_text` wrote.

    **Raises** `SettingError` for text that is no TOML, with its line, and for keys and values that are not allowed.
    """
    table = parse(text)
    check_keys(table, KEYS, needed=("save", "every", "axes", "experiment"))
    axes = [_axis(name, entry) for name, entry in typed(table, "axes", dict, "a table of axes").items()]
    return Sweep(
        structure(Experiment, table["experiment"], "experiment"),
        tuple(axes),
        saved(table),
        table.get("reduced"),
        table.get("precision", "float32"),
        table.get("noise", "paired"),
    )


def saved(table: Mapping[str, Any]) -> Save:
    """What is saved, by the keys `save` and `every`."""
    names = typed(table, "save", list, "a list of observables")
    if not all(isinstance(name, str) for name in names):
        raise SettingError(f"save is {shown(names)}, allowed is a list of observables")
    return Save(tuple(names), typed(table, "every", int, "a whole number, at least 1"))


def typed(table: Mapping[str, Any], key: str, kind: type, allowed: str) -> Any:
    """The value of a key. Raise `SettingError` where it has another type; `allowed` says which it should have."""
    value = table[key]
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise SettingError(f"{key} is {shown(value)}, allowed is {allowed}")
    return value


def check_keys(table: Any, known: tuple[str, ...], needed: tuple[str, ...] = (), where: str = "") -> None:
    """Raise `SettingError` where something is no table, has unknown keys, or lacks some."""
    if not isinstance(table, Mapping):
        raise SettingError(f"{where}is {shown(table)}, allowed is a table with the keys {', '.join(known)}")
    for key in table:
        if key not in known:
            raise SettingError(f"{where}unknown key {shown(key)}: {nearest(key, known)}")
    for key in needed:
        if key not in table:
            raise SettingError(f"{where}the key {key!r} is missing")


def differences(there: Mapping[str, Any], here: Mapping[str, Any]) -> list[str]:
    """How two plans differ, key by key."""
    found = []
    if list(there.get("axes", {})) != list(here.get("axes", {})):
        found.append(f"axes are {', '.join(there.get('axes', {}))} there and {', '.join(here.get('axes', {}))} here")
    flat_there, flat_here = dict(_flat(there)), dict(_flat(here))
    for key in [*flat_there, *(key for key in flat_here if key not in flat_there)]:
        one, other = flat_there.get(key, MISSING), flat_here.get(key, MISSING)
        if one != other or type(one) is not type(other):
            found.append(f"{key} is {_shown(one, other)} there and {_shown(other, one)} here")
    return found


def _flat(table: Mapping[str, Any], where: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{where}{key}.")
        else:
            yield f"{where}{key}", value


def _shown(value: Any, other: Any) -> str:
    if value is MISSING:
        return "missing"
    text = shown(value)
    if not isinstance(value, list) or (len(text) <= 60 and len(value) <= 12):
        return text
    if isinstance(other, list):
        place = next((i for i, (one, two) in enumerate(zip(value, other, strict=False)) if one != two), None)
        if place is not None:
            return f"{len(value)} values with {shown(value[place])} at {place}"
    return f"{len(value)} values"
