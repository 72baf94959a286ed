"""What figures share stands in the layers that pyproject.toml has for import-linter."""

import pkgutil
import tomllib
from pathlib import Path

from gatednet import figures
from gatednet.figures.registry import _MODULE

PYPROJECT = Path(__file__).parents[2] / "pyproject.toml"


def layers_of(container):
    """The modules that the contract about a package names."""
    contracts = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
    (contract,) = (each for each in contracts if each.get("containers") == [container])
    return [module.strip() for layer in contract["layers"] for module in layer.split("|")]


def test_every_module_that_is_no_figure_has_a_layer():
    modules = {each.name for each in pkgutil.iter_modules(figures.__path__)}
    # Imports of a module without a layer are not checked; figures, which come and go, are tested with the registry.
    assert sorted(layers_of("gatednet.figures")) == sorted(name for name in modules if not _MODULE.fullmatch(name))
