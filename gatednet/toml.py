"""Experiments as TOML and back, without loss.

A part is a table of its fields. Where a part has several types the key `kind` names the one; kinds and fields that
are left out are those of the default experiment, unknown ones are refused.
"""

from __future__ import annotations

import dataclasses
import functools
import importlib
import pkgutil
import sys
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

import tomli_w

from gatednet.experiment import PARTS, Experiment
from gatednet.refusal import SettingError, nearest, shown
from gatednet.rules.optax import Options
from gatednet.settings import OPTIONAL, Instance, Parts, Setting

KIND = "kind"
# No experiment or sweep is nested deeper; functions that go through tables call themselves at every level.
DEEPEST = 32


def to_toml(experiment: Experiment) -> str:
    """The experiment as the text of a TOML file, every field written out."""
    return tomli_w.dumps(plain(experiment))


def from_toml(text: str) -> Experiment:
    """The experiment of a text that `to_toml` wrote, or that a person did.

    **Raises** `SettingError` for text that is no TOML, with its line, and for keys and values that are not allowed.
    """
    return structure(Experiment, parse(text))


def parse(text: str) -> dict[str, Any]:
    """The tables of a TOML text.

    **Raises** `SettingError` for text that is no TOML, with its line.
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingError(f"no TOML: {error}") from error
    except Exception as error:  # the parser has limits of its own: how deep lists are nested, how long numbers are
        raise SettingError(f"no TOML that can be read: {type(error).__name__}: {error}") from error
    if depth(table) > DEEPEST:
        raise SettingError(
            f"no TOML that can be read: tables and lists are nested {depth(table)} deep, allowed are at most {DEEPEST}"
        )
    return table


def value_of(text: str) -> Any:
    """A value as TOML writes it, such as 0.1, true or {kind = "Population"}; anything else is a string as it stands.

    So is a value with something after it: a comment, or a line with another key.
    """
    try:
        # In brackets, what follows a value makes it no list of one; outside, nor does a comma.
        (value,) = parse(f"value = [{text}]")["value"]
        (_,) = parse(f"value = {text}")
    except (SettingError, ValueError):
        return text
    return value


def depth(value: Any) -> int:
    """How deep tables and lists are nested: 0 for a number."""
    deep, inner = 0, [value]
    while inner := [each for each in inner if isinstance(each, Mapping | list)]:
        deep += 1
        inner = [each for parts in inner for each in (parts.values() if isinstance(parts, Mapping) else parts)]
    return deep


def plain(value: Any) -> Any:
    """A setting as tables, lists, numbers and strings."""
    if isinstance(value, Setting):
        fields = {
            each.name: plain(getattr(value, each.name)) for each in dataclasses.fields(value) if written(value, each)
        }
        return fields if isinstance(value, Experiment) else {KIND: type(value).__name__, **fields}
    if isinstance(value, tuple):
        return [plain(each) for each in value]
    if isinstance(value, Mapping):
        return {name: plain(each) for name, each in value.items()}
    return value


def written(value: Setting, field: dataclasses.Field[Any]) -> bool:
    """Whether the text of a setting has a field: optional ones it has where they differ from their default."""
    return not field.metadata.get(OPTIONAL) or getattr(value, field.name) != field.default


def kinds(part: type[Setting]) -> dict[str, type[Setting]]:
    """The concrete types of a part of an experiment, by name; of a type that was defined again the latest."""
    _import_kinds()
    return {kind.__name__: kind for kind in _all_kinds(part) if not getattr(kind, "__abstractmethods__", None)}


@functools.cache
def _import_kinds() -> None:
    """Import every file of the folders of parts: until then a kind that nothing else imports has no name in TOML."""
    for part in PARTS.values():
        package = sys.modules[part.__module__.rpartition(".")[0]]
        if package.__name__ != __package__:
            for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
                importlib.import_module(module.name)


def check_kind(kind: type[Setting]) -> None:
    """Raise `SettingError` where TOML cannot name a type of a part, since a type of another module has its name."""
    _import_kinds()
    for part in PARTS.values():
        if issubclass(kind, part):
            modules = {each.__module__ for each in _all_kinds(part) if each.__name__ == kind.__name__}
            if len(modules) > 1:
                raise SettingError(
                    f"kind {kind.__name__!r} is defined by {' and by '.join(sorted(modules))}, allowed is one name for "
                    "each"
                )


def _all_kinds(part: type[Setting]) -> Iterator[type[Setting]]:
    """The types of a part, abstract ones too, in the order of their definition below each."""
    yield part
    for each in part.__subclasses__():
        yield from _all_kinds(each)


def structure(kind: type[Setting], table: Any, where: str = "", default: str | None = None) -> Any:
    """A setting of a table as `plain` gives it; `where` is the dotted path of the table, for messages.

    `default` is the name of the kind where the table has none.

    **Raises** `SettingError` for unknown kinds and keys, with the nearest known one, and for values that are not
    allowed.
    """
    place = f"{where}: " if where else ""
    if not isinstance(table, Mapping):
        raise SettingError(f"{place}is {shown(table)}, allowed is a table with the fields of a {kind.__name__}")
    values = dict(table)
    if kind is not Experiment:
        known = kinds(kind)
        name = values.pop(KIND, default or kind.__name__)
        if not isinstance(name, str) or name not in known:
            raise SettingError(
                f"{place}unknown kind {shown(name)}: {nearest(name if isinstance(name, str) else '', known)}"
            )
        kind = known[name]
        check_kind(kind)
    fields = {each.name: each for each in dataclasses.fields(kind)}
    for key, value in values.items():
        if key not in fields:
            raise SettingError(f"{place}unknown key {shown(key)}: {nearest(key, fields)}")
        values[key] = structured(fields[key], value, f"{where}.{key}" if where else key)
    try:
        return kind(**values)
    except SettingError as error:
        raise SettingError(f"{place}{error}") from error


def structured(field: dataclasses.Field[Any], value: Any, path: str) -> Any:
    """The value of a field as a text gives it: tables become the settings that the field holds.

    **Raises** `SettingError` as `structure` does.
    """
    rule = field.metadata.get("rule")
    if isinstance(rule, Parts) and isinstance(value, list):
        return tuple(structure(rule.kind, each, f"{path}.{place}") for place, each in enumerate(value))
    if isinstance(rule, Instance) and issubclass(rule.kind, Setting):
        return structure(rule.kind, value, path, type(field.default).__name__)
    return Options(value) if isinstance(value, Mapping) else value
