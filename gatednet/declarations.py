"""Declarations: what a class says about its behaviour, and what holds where it says nothing.

Fast paths depend on what parts declare: that a loss is isotropic, that inputs are exact, that nothing changes within a
block. Python's inheritance would hand such a statement on to a class that overrides the behaviour it speaks of, and the
fast path would be taken silently where it is wrong. So a declaration holds for a class only where the class that
defines the behaviour, or a subclass of it, defines the declaration too; elsewhere it is withdrawn.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Mapping
from typing import Any

from gatednet.refusal import SettingError

_OWN_DEFAULT: Any = object()
# The attribute in which a class keeps what was withdrawn for it.
_WITHDRAWN = "_withdrawn"


@dataclasses.dataclass(frozen=True)
class Declaration:
    """The `behaviours`, methods by name, that a declaration speaks of, and the member that takes its place otherwise.

    By default that is the one of the class that starts the family. Where that one is abstract there is no cautious
    default, and a class that overrides a behaviour must declare it as well.
    """

    behaviours: tuple[str, ...]
    otherwise: Any = _OWN_DEFAULT


@dataclasses.dataclass(frozen=True)
class Withdrawn:
    """Why a declaration does not hold: the class `by` overrides `behaviour` and does not declare it."""

    by: str
    behaviour: str


def withdraw(kind: type) -> None:
    """Put the cautious default in the place of every declaration that does not speak of the behaviour of a new class.

    Fields with several allowed values are choices of the user, and stay.

    **Raises** `SettingError` where there is no cautious default: the class has to declare it itself.
    """
    found: dict[str, Withdrawn] = {}
    for name, (family, declaration) in _listed(kind).items():
        declared = _owner(kind, name)
        if declared is None:
            continue
        owners = {each: _owner(kind, each) for each in declaration.behaviours}
        # Not `issubclass`: a class that is being made answers for its parent.
        silent = next((each for each, owner in owners.items() if owner and owner not in declared.__mro__), None)
        if silent is None:
            continue
        cautious = vars(family)[name] if declaration.otherwise is _OWN_DEFAULT else declaration.otherwise
        member = getattr(declared, "__dataclass_fields__", {}).get(name)
        rule = None if member is None else member.metadata.get("rule")
        # Nothing is to be withdrawn where the family's own default stands, or where a user chooses.
        if vars(declared).get(name) is cautious or (rule is not None and len(getattr(rule, "options", ())) != 1):
            continue
        found[name] = Withdrawn(kind.__name__, silent)
        if rule is not None or getattr(cautious, "__isabstractmethod__", False):
            raise SettingError(
                f"class {kind.__name__} overrides {silent} and does not declare {name}, and that of "
                f"{declared.__name__} speaks of another {silent}: define {name} in {kind.__name__}"
            )
        setattr(kind, name, cautious)
    if found:
        setattr(kind, _WITHDRAWN, found)


def withdrawn(kind: type, name: str) -> Withdrawn | None:
    """Why a declaration of a class is the cautious default; None where the class declares it."""
    for each in kind.__mro__:
        if name in vars(each).get(_WITHDRAWN, {}):
            return vars(each)[_WITHDRAWN][name]
        if _defines(each, name):
            return None
    return None


def unsaid(part: Any, declaration: str) -> str | None:
    """That the class of a part does not declare what its behaviour needs, in words; None where it does."""
    kind = type(part)
    found = withdrawn(kind, declaration)
    if found is not None:
        return f"{kind.__name__} does not declare {declaration}, and {found.by} has its own {found.behaviour}"
    family, listed = _listed(kind)[declaration]
    silent = listed.otherwise is _OWN_DEFAULT and _owner(kind, declaration) is family
    return f"{kind.__name__} does not declare {declaration}" if silent else None


def _listed(kind: type) -> dict[str, tuple[type, Declaration]]:
    """All declarations of the families of a class, by name, each with the class that lists it."""
    found: dict[str, tuple[type, Declaration]] = {}
    for each in reversed(kind.__mro__):
        listed: Mapping[str, Declaration] = vars(each).get("DECLARATIONS", {})
        found |= {name: (each, declaration) for name, declaration in listed.items()}
    return found


def _owner(kind: type, name: str) -> type | None:
    """The class whose definition of a member a class has."""
    return next((each for each in kind.__mro__ if _defines(each, name)), None)


def _defines(kind: type, name: str) -> bool:
    return name in vars(kind) or name in inspect.get_annotations(kind)
