"""What the documentation reads from the code when it is built: settings, observables, catalog, commands, modules."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import typer
from docstrings import escaped
from sphinx.util.docutils import SphinxDirective

from gatednet import REGISTRY, Experiment, Setting
from gatednet.engine.batch import no_kernel
from gatednet.experiment import PARTS
from gatednet.figures.cli.app import app
from gatednet.figures.registry import FIGURES
from gatednet.settings import Instance, Nested, Number, Parts
from gatednet.sweeps.catalog import EXPERIMENTS, SWEEPS, sweeps_of
from gatednet.toml import kinds, plain

if TYPE_CHECKING:
    from docutils.nodes import Node
    from sphinx.application import Sphinx

# Read before autodoc touches the functions: it writes other defaults and annotations into them.
COMMAND: Any = typer.main.get_command(app)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """The lines of a Markdown table."""
    yield ""
    for row in (head, ["---"] * len(head), *rows):
        # A bar ends a cell even in code.
        yield "| " + " | ".join(re.sub(r"(?<!\\)\|", r"\|", cell) for cell in row) + " |"
    yield ""


class Generated(SphinxDirective):
    """A directive whose content is Markdown made by `lines`."""

    def lines(self) -> Iterable[str]:
        """The content."""
        raise NotImplementedError

    def run(self) -> list[Node]:
        """The nodes of the content."""
        return self.parse_text_to_nodes("\n".join(self.lines()), allow_section_headings=True)


class Observables(Generated):
    """All observables that are registered."""

    def lines(self) -> Iterable[str]:
        """A row for each observable."""
        return table(
            ["name", "what it is", "dimensions", "units", "when"],
            (
                [
                    f"`{each.name}`",
                    escaped(each.long_name),
                    ", ".join(f"`{dim}`" for dim in each.all_dims) or "none",
                    each.units,
                    each.recorder.frequency,
                ]
                for each in REGISTRY.values()
            ),
        )


class Kernels(Generated):
    """Which sweeps of the catalog have kernels."""

    def lines(self) -> Iterable[str]:
        """A row for each reason why there is none, and for what kernels compute."""
        found: dict[str, dict[str, None]] = {}
        for name in SWEEPS:
            for store, sweep in sweeps_of(name).items():
                for group in sweep.groups():
                    experiment = sweep.group(group)
                    why = no_kernel(experiment, sweep.recipe(group).reduced)
                    taken = "a kernel" if experiment.inputs.exact else "kernels of draws and products, all else by XLA"
                    found.setdefault(f"XLA: {why}" if why else taken, {})[f"`{store}`"] = None
        return table(["computed by", "sweeps"], [[by, ", ".join(stores)] for by, stores in sorted(found.items())])


class Settings(Generated):
    """All fields of an experiment and of each kind that its parts can be."""

    def lines(self) -> Iterable[str]:
        """A table for the experiment itself, and one for each kind of each part."""
        own = [field for field in dataclasses.fields(Experiment) if field.name not in PARTS]
        yield from self.fields(own, "")
        for part, abstract in PARTS.items():
            yield from [f"## `{part}`", "", *self.documentation(abstract)]
            for name, kind in kinds(abstract).items():
                if kind is not abstract:
                    yield from [f"### `{name}`", "", *self.documentation(kind)]
                yield from self.fields(dataclasses.fields(kind), f"{part}.")
        yield from ["## What parts hold", ""]
        for name, kind in self.listed().items():
            yield from [f"### `{name}`", "", *self.documentation(kind), *self.fields(dataclasses.fields(kind), "")]

    def listed(self) -> dict[str, type[Setting]]:
        """The kinds of settings that fields of parts hold, one or a list of them, by name."""
        found: dict[str, type[Setting]] = {}
        waiting = [kind for abstract in PARTS.values() for kind in kinds(abstract).values()]
        while waiting:
            for field in dataclasses.fields(waiting.pop()):
                held = self.held(field.metadata.get("rule"))
                new = {} if held is None else kinds(held)
                waiting += [kind for name, kind in new.items() if name not in found]
                found |= new
        return found

    def held(self, rule: Any) -> type[Setting] | None:
        """The kind of setting that a field of a part holds, one or a list of them; None where it holds values."""
        is_part = isinstance(rule, Parts) or (isinstance(rule, Instance) and issubclass(rule.kind, Setting))
        return rule.kind if is_part else None

    def documentation(self, kind: type[Setting]) -> list[str]:
        """What the class says of itself."""
        return [escaped(inspect.getdoc(kind) or ""), ""]

    def fields(self, fields: Iterable[dataclasses.Field[Any]], prefix: str) -> Iterator[str]:
        """A row for each field."""
        rows = [
            [
                f"`{prefix}{field.name}`",
                escaped(field.metadata.get("meaning", "see above")),
                f"`{plain(field.default)!r}`",
                escaped(str(field.metadata.get("rule", "see above"))),
                field.metadata.get("units", "1"),
                self.compiles_again(field.metadata.get("rule")),
            ]
            for field in fields
        ]
        if rows:
            yield from table(["path", "meaning", "default", "allowed", "units", "compiles again"], rows)

    def compiles_again(self, rule: Any) -> str:
        """Whether another value of a field is another compilation."""
        if isinstance(rule, Number):
            return "no"
        return "with another shape" if isinstance(rule, Nested) and isinstance(rule.item, Number) else "yes"


class Modules(Generated):
    """The documentation of all modules of a package, from their docstrings."""

    required_arguments = 1

    def lines(self) -> Iterable[str]:
        """A section for each module that is public."""
        package = importlib.import_module(self.arguments[0])
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not any(part.startswith("_") for part in module.name.split(".")):
                yield from [f"### {module.name}", "", "```{eval-rst}"]
                yield from [f".. automodule:: {module.name}", "   :members:", "```", ""]


class Commands(Generated):
    """The commands of `gatednet`, with their arguments and options."""

    def lines(self) -> Iterable[str]:
        """A section for each command."""
        for name, each in COMMAND.commands.items():
            context = each.context_class(each, info_name=f"gatednet {name}")
            yield from [f"## {name}", "", each.help or "", ""]
            records = (parameter.get_help_record(context) for parameter in each.params)
            shown = [[f"`{declaration}`", meaning] for declaration, meaning in filter(None, records)]
            if shown:
                yield from table(["argument or option", "meaning"], ([escaped(cell) for cell in row] for row in shown))


class Catalog(Generated):
    """What has a name: experiments, sweeps and figures."""

    def lines(self) -> Iterable[str]:
        """A table for each of the three."""
        for title, entries in {"Experiments": EXPERIMENTS, "Sweeps": SWEEPS, "Figures": FIGURES}.items():
            yield from [f"## {title}", ""]
            yield from table(["name", "what it is"], ([f"`{name}`", each.summary] for name, each in entries.items()))


def setup(app: Sphinx) -> dict[str, bool]:
    """Make the directives known."""
    app.add_directive("observables", Observables)
    app.add_directive("kernels", Kernels)
    app.add_directive("settings", Settings)
    app.add_directive("modules", Modules)
    app.add_directive("commands", Commands)
    app.add_directive("catalog", Catalog)
    return {"parallel_read_safe": True}
