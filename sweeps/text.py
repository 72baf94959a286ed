"""The plan of a sweep as TOML and back, without loss, and how two plans differ."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

import tomli_w

from gatednet.engine.save import Save
from gatednet.experiment import Experiment
from gatednet.refusal import SettingError, nearest, shown
from gatednet.sweeps.axes import Axis
from gatednet.sweeps.bisection import Bisection
from gatednet.sweeps.imports import NOT_RECORDED, is_imported, needed
from gatednet.sweeps.sweep import Sweep
from gatednet.toml import parse, plain, structure

KEYS = ("save", "every", "reduced", "precision", "noise", "kernel", "imports", "search", "axes", "experiment")
# Seeds that follow each other, by the first and the one after the last.
RANGE = "range"
AXIS_KEYS = ("path", "values", RANGE, "labels")
SEARCH_KEYS = tuple(each.name for each in dataclasses.fields(Bisection))
MISSING = object()


def to_text(sweep: Sweep) -> str:
    """The whole plan as the text of a TOML file."""
    return tomli_w.dumps(table_of(sweep))


def table_of(sweep: Sweep) -> dict[str, Any]:
    """The whole plan as tables, lists, numbers and strings."""
    return {
        "save": list(sweep.save.observables),
        "every": sweep.save.every,
        **({} if sweep.reduced is None else {"reduced": sweep.reduced}),
        "precision": sweep.precision,
        "noise": sweep.noise,
        # Left out by sweeps that leave it open, and by earlier versions.
        **({} if sweep.kernel == "auto" else {"kernel": sweep.kernel}),
        # Left out by sweeps without parts of a user's own, and by earlier versions.
        **({"imports": dict(sweep.sources)} if sweep.sources else {}),
        **({} if sweep.search is None else {"search": dataclasses.asdict(sweep.search)}),
        "axes": {axis.name: axis_table(axis) for axis in sweep.axes},
        "experiment": plain(sweep.experiment),
    }


def axis_table(axis: Axis) -> dict[str, Any]:
    """An axis as a table without its name; a range of seeds by the first and the one after the last."""
    if isinstance(axis.values, range):
        values = {RANGE: [axis.values.start, axis.values.stop]}
    else:
        values = {"values": [list(value) if axis.zipped else value for value in axis.values]}
    labels = {} if axis.labels is None else {"labels": list(axis.labels)}
    return {"path": list(axis.path) if axis.zipped else axis.path, **values, **labels}


def _axis(name: str, entry: Any) -> Axis:
    check_keys(entry, AXIS_KEYS, needed=("path",), where=f"axes.{name}: ")
    if RANGE not in entry:
        check_keys(entry, AXIS_KEYS, needed=("values",), where=f"axes.{name}: ")
        return Axis(name, entry["path"], entry["values"], entry.get("labels"))
    ends = entry[RANGE]
    if "values" in entry or not isinstance(ends, list) or [type(end) for end in ends] != [int, int]:
        raise SettingError(f"axes.{name}: range is {shown(ends)}, allowed are the first seed and that after the last")
    return Axis(name, entry["path"], range(*ends), entry.get("labels"))


@dataclasses.dataclass(frozen=True)
class Outline:
    """What the text of a plan says, whether or not the classes of its experiment are there.

    `axes` are those of the sweep, `names` the observables that are saved, and `sources` the digests of the modules with
    parts of a user's own, by their names.
    """

    axes: tuple[Axis, ...]
    names: tuple[str, ...]
    sources: Mapping[str, str]
    table: Mapping[str, Any]

    @property
    def shape(self) -> tuple[int, ...]:
        """The number of points along each axis."""
        return tuple(len(axis) for axis in self.axes)

    @property
    def missing(self) -> list[str]:
        """The modules of the plan that this process has not imported."""
        return [name for name in self.sources if not is_imported(name)]

    def sweep(self) -> Sweep:
        """The sweep itself.

        **Raises** `SettingError` where a module of the plan was not imported, and for values that are not allowed.
        """
        if self.missing:
            raise needed(self.missing)
        try:
            experiment = structure(Experiment, self.table["experiment"], "experiment")
        except SettingError as error:
            unrecorded = [name for name, digest in self.sources.items() if digest == NOT_RECORDED]
            if not unrecorded:
                raise
            where = f"some of its parts are of {' and '.join(unrecorded)}, which must define them first"
            raise SettingError(f"{error}; {where}") from error
        return Sweep(
            experiment,
            self.axes,
            saved(self.table),
            self.table.get("reduced"),
            self.table.get("precision", "float32"),
            self.table.get("noise", "paired"),
            tuple(name for name, digest in self.sources.items() if digest != NOT_RECORDED),
            self.table.get("kernel", "auto"),
            searched(self.table),
        )


def from_text(text: str) -> Sweep:
    """The sweep of a text that `to_text` wrote.

    **Raises** `SettingError` for text that is no TOML, with its line, for keys and values that are not allowed, and
    where a module of the plan was not imported.
    """
    return outline(text).sweep()


def outline(text: str) -> Outline:
    """What a text that `to_text` wrote says, without its experiment; no class of a part is looked for.

    **Raises** `SettingError` for text that is no TOML, with its line, and for keys and values that are not allowed.
    """
    table = parse(text)
    check_keys(table, KEYS, needed=("save", "every", "axes", "experiment"))
    axes = [_axis(name, entry) for name, entry in typed(table, "axes", dict, "a table of axes").items()]
    if not axes:
        raise SettingError("a sweep has no axes, allowed is one or more")
    sources = typed(table, "imports", dict, "a table of digests") if "imports" in table else {}
    for name, digest in sources.items():
        if not isinstance(digest, str):
            raise SettingError(f"imports.{name} is {shown(digest)}, allowed is a digest")
    names, _ = _saved(table)
    return Outline(tuple(axes), names, sources, table)


def saved(table: Mapping[str, Any]) -> Save:
    """What is saved, by the keys `save` and `every`."""
    return Save(*_saved(table))


def _saved(table: Mapping[str, Any]) -> tuple[tuple[str, ...], int]:
    names = typed(table, "save", list, "a list of observables")
    if not all(isinstance(name, str) for name in names):
        raise SettingError(f"save is {shown(names)}, allowed is a list of observables")
    return tuple(names), typed(table, "every", int, "a whole number, at least 1")


def searched(table: Mapping[str, Any]) -> Bisection | None:
    """What is searched for, by the key `search`; None where there is none."""
    if "search" not in table:
        return None
    given = table["search"]
    check_keys(given, SEARCH_KEYS, needed=SEARCH_KEYS, where="search: ")
    return Bisection(**given)


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
