"""Sweeps as people write them: TOML files, and axes on the command line."""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from gatednet.experiment import PARTS, Experiment, field_at, require_path, with_values
from gatednet.refusal import SettingError, shown
from gatednet.settings import Instance, Parts, Setting
from gatednet.sweeps.axes import SEED, Axis
from gatednet.sweeps.catalog import experiment
from gatednet.sweeps.files import read_text
from gatednet.sweeps.imports import check_names, require_imported
from gatednet.sweeps.sweep import Sweep
from gatednet.sweeps.text import check_keys, saved, searched, typed
from gatednet.toml import KIND, kinds, parse, structured

KEYS = ("import", "base", "save", "every", "set", "axes", "reduced", "precision", "noise", "kernel", "search")
RANGES = {"linspace": Axis.linspace, "geomspace": Axis.geomspace}
AXIS_KEYS = ("path", "values", "labels", *RANGES)

_RANGE = re.compile(r"(\w+)\((.*)\)")


def load_spec(path: str | os.PathLike[str], *, imports: Sequence[str] = ()) -> Sweep:
    """The sweep of a TOML file.

    Its keys are `base`, an experiment of the catalog, `set`, values to change in it by their paths, `axes`, `save`,
    `every`, and, where wanted, `reduced`, `precision`, `noise`, `kernel`, `search`, the fields of a `Bisection`, and
    `import`, a list of modules with parts of a user's own.

    A file runs no code on its own, since it may come from someone else. `imports` are the modules that may run: those
    of them that the file names are imported. A module that the program has imported already is permitted by that.

    **Raises** `SettingError`, with the file, for text that is no TOML (with its line), for keys, values and types that
    are not allowed, and for modules that are neither in `imports` nor imported, or that fail.
    """
    permitted = check_names(imports)
    text = read_text(Path(path))
    try:
        table = parse(text)
    except SettingError as error:
        raise SettingError(f"{path} is {error}") from error
    try:
        return sweep_of(table, permitted)
    except SettingError as error:
        raise SettingError(f"{path}: {error}") from error


def sweep_of(table: Mapping[str, Any], imports: Sequence[str] = ()) -> Sweep:
    """The sweep of the content of such a file; `imports` are the modules that may run.

    **Raises** `SettingError` with the key for everything that is not allowed.
    """
    check_keys(table, KEYS, needed=("base", "save", "every", "axes"))
    modules = _imported(table.get("import", ()), imports)
    base = experiment(typed(table, "base", str, "the name of an experiment"))
    kinds_of_options = {
        "reduced": (bool, "true or false"),
        **dict.fromkeys(("precision", "noise", "kernel"), (str, "a string")),
    }
    options = {key: typed(table, key, *kind) for key, kind in kinds_of_options.items() if key in table}
    base = changed(base, typed(table, "set", dict, "a table of values by their paths") if "set" in table else {})
    axes = typed(table, "axes", dict, "a table of axes")
    built = tuple(_axis(name, entry) for name, entry in axes.items())
    return Sweep(base, built, saved(table), imports=modules, search=searched(table), **options)


def _imported(names: Any, permitted: Sequence[str]) -> tuple[str, ...]:
    """The modules that a file names, imported before anything that they may define is looked for."""
    try:
        modules = check_names(names)
        require_imported(modules, permitted)
    except SettingError as error:
        raise SettingError(f"import: {error}") from error
    return modules


def changed(base: Experiment, table: Mapping[str, Any]) -> Experiment:
    """An experiment with the values of a table, whose keys are dotted paths or tables of such.

    The value of a whole part is a table with the key `kind`.

    **Raises** `SettingError` for unknown paths, with the nearest known one, and for values that are not allowed.
    """
    try:
        return with_values(base, dict(_flat(base, table)))
    except SettingError as error:
        raise SettingError(f"set: {error}") from error


def _flat(base: Experiment, table: Mapping[str, Any], where: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in table.items():
        path = f"{where}{key}"
        field = field_at(base, path)
        if field is not None and _holds_parts(field.metadata.get("rule"), value):
            yield path, structured(field, value, path)
        elif isinstance(value, Mapping) and isinstance(require_path(base, path), Setting | Mapping):
            yield from _flat(base, value, f"{path}.")
        elif path in PARTS:
            names = ", ".join(sorted(kinds(PARTS[path])))
            raise SettingError(f"{path} is {shown(value)}, allowed is a table with a kind, one of {names}")
        else:
            yield path, value


def _holds_parts(rule: Any, value: Any) -> bool:
    """Whether a value is a table of a whole part, or a list of such tables, at a path of such a rule."""
    if isinstance(rule, Parts):
        return isinstance(value, list)
    return isinstance(rule, Instance) and isinstance(value, Mapping) and KIND in value


def _axis(name: str, entry: Any) -> Axis:
    where = f"axes.{name}"
    try:
        if name == SEED and not isinstance(entry, Mapping):
            return Axis.seeds(entry)
        if not isinstance(entry, Mapping):
            raise SettingError(f"is {shown(entry)}, allowed is a table with a path and values, linspace or geomspace")
        check_keys(entry, AXIS_KEYS, needed=("path",))
        path = entry["path"]
        given = [key for key in ("values", *RANGES) if key in entry]
        if len(given) != 1:
            raise SettingError(
                f"has {' and '.join(given) or 'no values'}, allowed is one of values, linspace and geomspace"
            )
        if given == ["values"]:
            return Axis(name, path, entry["values"], entry.get("labels"))
        if isinstance(path, list) or "labels" in entry:
            raise SettingError(f"{given[0]} goes with a single path and no labels, allowed are values")
        return _range(name, path, given[0], entry[given[0]])
    except SettingError as error:
        raise SettingError(f"{where}: {error}") from error


def _range(name: str, path: str, kind: str, arguments: Any) -> Axis:
    if not isinstance(arguments, list) or len(arguments) != 3:
        raise SettingError(
            f"axis {shown(name)}: {kind} is {shown(arguments)}, allowed are first value, last value, and how many"
        )
    return RANGES[kind](name, path, *arguments)


def parse_axis(text: str) -> Axis:
    """An axis of the command line, NAME=PATH=SPEC.

    SPEC is `linspace(a,b,n)`, `geomspace(a,b,n)`, or values with commas between them.

    **Raises** `SettingError` for any other text.
    """
    parts = [part.strip() for part in text.split("=", 2)]
    if len(parts) != 3 or not all(parts):
        raise SettingError(
            f"axis is {shown(text)}, allowed is NAME=PATH=SPEC, as in gates=timescales.gates=geomspace(0.01,1,9)"
        )
    name, path, spec = parts
    found = _RANGE.fullmatch(spec)
    if found:
        kind, arguments = found.groups()
        if kind not in RANGES:
            raise SettingError(
                f"axis {shown(name)}: {shown(spec)}, allowed are linspace(a,b,n), geomspace(a,b,n), and values with "
                "commas"
            )
        return _range(name, path, kind, [_word(word) for word in arguments.split(",")])
    values = tuple(_word(word) for word in spec.split(","))
    return Axis.seeds(values) if path == SEED and name == SEED else Axis(name, path, values)


def _word(word: str) -> Any:
    """A value of the command line: a whole number, a number, true or false, or else a string."""
    word = word.strip()
    for kind in (int, float):
        try:
            return kind(word)
        except ValueError:
            continue
    return {"true": True, "false": False}.get(word, word)


def with_axis(sweep: Sweep, axis: Axis) -> Sweep:
    """The same sweep with an axis in the place of the one of its name, or of its path, or else before the seeds.

    **Raises** `SettingError` where the axis does not go with the sweep.
    """
    axes = list(sweep.axes)
    for same in (lambda each: each.name == axis.name, lambda each: each.path == axis.path):
        for place, each in enumerate(axes):
            if same(each):
                axes[place] = axis
                return dataclasses.replace(sweep, axes=tuple(axes))
    place = next((place for place, each in enumerate(axes) if each.is_seed), len(axes))
    return dataclasses.replace(sweep, axes=(*axes[:place], axis, *axes[place:]))


def with_seeds(sweep: Sweep, seeds: int | Sequence[int]) -> Sweep:
    """The same sweep with other seeds.

    **Raises** `SettingError` where there is none, or one that is not allowed.
    """
    return with_axis(sweep, Axis.seeds(seeds))
