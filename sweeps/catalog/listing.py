"""What a module of the catalog declares, read from its source: listing names must not start JAX."""

from __future__ import annotations

import ast
import dataclasses
import importlib
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

# The calls that declare something, by a name and a summary.
_DECLARING = ("Entry", "together")


@dataclasses.dataclass(frozen=True)
class Listed:
    """A name of the catalog and its summary in one line; `module` declares it in the tuple `group`."""

    name: str
    summary: str
    module: str
    group: str

    def build(self) -> Any:
        """The experiment, or the sweeps by the names of their stores."""
        declared = getattr(importlib.import_module(self.module), self.group)
        return next(entry.build() for entry in declared if entry.name == self.name)


def listed(module: str) -> Iterator[Listed]:
    """The entries of all tuples of a module, in order. Their names and summaries are written out there as strings."""
    spec = find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    for node in ast.parse(Path(spec.origin).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            group = node.targets[0].id
            yield from (Listed(name, summary, module, group) for name, summary in _declared(node.value))


def _declared(node: ast.AST) -> Iterator[tuple[str, str]]:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _DECLARING:
        name, summary, *_ = (ast.literal_eval(each) for each in node.args[:2])
        yield name, summary
    for child in ast.iter_child_nodes(node):
        yield from _declared(child)
