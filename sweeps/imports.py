"""Modules with a user's own parts: which names are allowed, how they are imported, and the digest of their source.

Nothing here is imported because a file names it: the user does, by `--import` or in Python.
"""

from __future__ import annotations

import functools
import hashlib
import importlib
import importlib.util
import keyword
import os
import sys
import traceback
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

from gatednet.experiment import Experiment
from gatednet.observables import observable
from gatednet.refusal import SettingError, shown
from gatednet.settings import Setting, parts_in
from gatednet.sweeps.files import sha256
from gatednet.toml import check_kind

# The entry of a module whose source has no file that it could be read from again.
NOT_RECORDED = "not recorded"
# What gatednet is built on; its versions are part of the provenance of a store.
_LIBRARIES = (
    "bokeh", "distributed", "equinox", "filelock", "jax", "jaxlib", "jaxtyping", "lazy_loader", "matplotlib", "numpy",
    "optax", "rich", "scipy", "tomli_w", "typer", "xarray", "zarr",
)  # fmt: skip
_LONGEST = 200


class UnrecordedSourceWarning(UserWarning):
    """Parts of a sweep come from a script or notebook, so that its store cannot tell when their source changes."""


def check_names(names: Any) -> tuple[str, ...]:
    """Names of modules, each once and in their order.

    **Raises** `SettingError` for what is no list of dotted names, and for modules of Python, of gatednet and of the
    libraries that it is built on: those hold no parts of a user's own.
    """
    if isinstance(names, str) or not isinstance(names, Sequence):
        raise SettingError(f"modules are {shown(names)}, allowed is a list of names")
    return tuple(dict.fromkeys(_checked(name) for name in names))


def _checked(name: Any) -> str:
    parts = name.split(".") if isinstance(name, str) and len(name) <= _LONGEST else [""]
    if isinstance(name, str) and (name.endswith(".py") or os.sep in name):
        module = Path(name).name.removesuffix(".py")
        hint = f", such as {module}" if module.isidentifier() else ""
        raise SettingError(f"module is {shown(name)}, allowed is the name of a module, not of its file{hint}")
    if not all(part.isidentifier() and part.isascii() and not keyword.iskeyword(part) for part in parts):
        raise SettingError(f"module is {shown(name)}, allowed is the name of a module, such as my_parts or lab.parts")
    owner = _owner(parts[0])
    if owner is not None:
        raise SettingError(f"module is {name!r}, which is a name of {owner}; allowed is a module of your own")
    return name


def _owner(root: str) -> str | None:
    """Whose a top-level module is, where it is not the user's."""
    if root == "__main__":
        return "the program itself"
    if root == "gatednet":
        return "gatednet"
    if root in sys.stdlib_module_names:
        return "Python's standard library"
    return "a library that gatednet is built on" if root in _LIBRARIES else None


def import_parts(names: Any) -> None:
    """Import modules with a user's own parts, in their order; this runs their code.

    Their subclasses of `gatednet.Network`, `TeacherSet`, `Curriculum`, `Inputs`, `Objective`, `Rule` and `InitialState`
    are kinds in TOML from then on, and observables that they register can be saved.

    **Raises** `SettingError`, in one line with the exception and its place, where a module is not found, fails, or has
    no source file, and where a name is not allowed.
    """
    importlib.invalidate_caches()
    for name in check_names(names):
        _import(name)
        source_of(name)


def import_from_folder(names: Any) -> None:
    """Import modules like `import_parts`, also from the current folder, which comes after everything installed.

    So nothing in that folder takes the place of another module, and nothing is written into it.

    **Raises** `SettingError` also where a module of the folder has the name of one that is found before it.
    """
    checked = check_names(names)
    if not checked:
        return
    try:
        folder = os.getcwd()
    except OSError as error:
        raise SettingError("modules cannot be imported: the working directory is gone") from error
    if folder not in sys.path:
        sys.path.append(folder)
    importlib.invalidate_caches()
    for name in checked:
        _check_found_here(name.partition(".")[0], Path(folder))
    # Byte code beside the source would be a change of the disk before anything is refused.
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        import_parts(checked)
    finally:
        sys.dont_write_bytecode = before


def _check_found_here(root: str, folder: Path) -> None:
    """Raise `SettingError` where a folder has a module of a name, and Python finds another one."""
    here = next((path for path in (folder / root / "__init__.py", folder / f"{root}.py") if path.is_file()), None)
    if here is None:
        return
    try:
        found = importlib.util.find_spec(root)
        file = None if found is None else found.origin
        same = file is None or os.path.samefile(file, here)
    # Of a module without a spec, or of one whose file is gone.
    except (ValueError, OSError):
        file, same = "another one that is imported", False
    if not same:
        raise SettingError(f"module {root} of this folder is hidden by {file}; allowed is a name of its own")


def _import(name: str) -> None:
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and f"{name}.".startswith(f"{error.name}."):
            raise SettingError(
                f"module {name} is not found, allowed are modules of the current folder and installed ones"
            ) from error
        raise _failure(name, error) from error
    except (Exception, SystemExit) as error:
        raise _failure(name, error) from error


def _failure(name: str, error: BaseException) -> SettingError:
    """The error of a module that fails when it is imported, with the place in the user's code."""
    if isinstance(error, SyntaxError):
        file, line, text = error.filename, error.lineno, error.msg
    else:
        frames = [each for each in traceback.extract_tb(error.__traceback__) if not each.filename.startswith("<")]
        own = [each for each in frames if not _is_installed(each.filename)]
        last = (own or frames)[-1]
        file, line, text = last.filename, last.lineno, str(error)
    said = f"{type(error).__name__}: {text}" if text else type(error).__name__
    return SettingError(f"module {name} cannot be imported: {said} ({_short(file)}:{line})")


def _is_installed(file: str) -> bool:
    """Whether a file belongs to Python, to gatednet or to an installed library."""
    path = Path(file)
    ours = (Path(os.__file__).parent, Path(__file__).parents[1])
    return not {"site-packages", "dist-packages"}.isdisjoint(path.parts) or any(map(path.is_relative_to, ours))


def _short(file: str | None) -> str:
    """A file by its path below the current folder, where it is in it."""
    try:
        return Path(file or "?").relative_to(Path.cwd()).as_posix()
    except (OSError, ValueError):
        return str(file)


def require_imported(names: Iterable[str], permitted: Iterable[str] = ()) -> None:
    """Import modules that the user permits, and refuse others unless the program has imported them already.

    **Raises** `SettingError` with the option that permits them, and as `import_parts` does.
    """
    permitted = set(permitted)
    missing = [name for name in names if name not in permitted and not is_imported(name)]
    if missing:
        raise needed(missing)
    import_parts([name for name in names if name in permitted])


def is_imported(name: str) -> bool:
    """Whether the program has imported a module."""
    return sys.modules.get(name) is not None


def needed(names: Sequence[str]) -> SettingError:
    """The error of modules that would have to run, and that nobody said should."""
    options = " ".join(f"--import {name}" for name in names)
    one = len(names) == 1
    return SettingError(
        f"it needs the module{'' if one else 's'} {' and '.join(names)}, whose code runs only if you say so: allowed "
        f"is {options}, or importing {'it' if one else 'them'} before in Python"
    )


# The digest of each module's source at the time at which it was first needed, with the spec of that import: a module
# that is loaded again has another.
_known: dict[str, tuple[ModuleSpec, str]] = {}


def source_of(name: str) -> str:
    """The SHA-256 of the source of a module that is imported: of its file, or of all files of a package.

    **Raises** `SettingError` where the module is not imported, or has no file.
    """
    module = sys.modules.get(name)
    if module is None:
        raise SettingError(f"module {name} is not imported, allowed are modules that are")
    spec = getattr(module, "__spec__", None)
    # A program that runs has the spec of what it is run by, if any.
    if spec is None or spec.name != name or not spec.has_location or spec.origin is None:
        raise SettingError(f"module {name} has no source file, allowed are modules with one")
    if name not in _known or _known[name][0] is not spec:
        try:
            locations = spec.submodule_search_locations
            found = sha256(Path(spec.origin)) if locations is None else _of_folders(locations)
        except OSError as error:
            raise SettingError(f"module {name}: {spec.origin} cannot be read: {error.strerror}") from error
        _known[name] = spec, found
    return _known[name][1]


def _of_folders(folders: Iterable[str]) -> str:
    """The digest of all files of folders by their paths and contents, but for hidden ones and byte code."""
    digest = hashlib.sha256()
    for folder in folders:
        for path in sorted(_files(Path(folder))):
            digest.update(f"{path.relative_to(folder).as_posix()}\0{sha256(path)}\n".encode(errors="surrogateescape"))
    return digest.hexdigest()


def _files(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.name.startswith(".") or path.name == "__pycache__":
            continue
        if path.is_dir() and not path.is_symlink():
            yield from _files(path)
        elif path.is_file():
            yield path


def sources_of(experiment: Experiment, save: Iterable[str], named: Iterable[str]) -> dict[str, str]:
    """The modules of a user's own that an experiment and what is saved of it come from, with their `source_of`.

    These are those of all classes of its parts, with their base classes, those of the functions of observables, and
    those `named`. The digest of a module that could not be read again, as of a script or notebook, is `NOT_RECORDED`.

    **Raises** `SettingError` where a named module is not imported or has no file, and where a part has the name of
    another kind.
    """
    found = {name: source_of(name) for name in named}
    for name in (*_modules_of_parts(experiment), *map(_module_of_observable, save)):
        root = name.partition(".")[0]
        if name not in found and (root == "__main__" or _owner(root) is None):
            try:
                found[name] = source_of(name)
            except SettingError:
                found[name] = NOT_RECORDED
    return dict(sorted(found.items()))


def modules_of(experiment: Experiment, save: Iterable[str]) -> list[str]:
    """The modules to import before an experiment can be read from TOML, or what is saved of it be named."""
    return [name for name, digest in sources_of(experiment, save, ()).items() if digest != NOT_RECORDED]


def _modules_of_parts(value: Any) -> Iterator[str]:
    """The module of each class, of gatednet or not, of a setting and the settings in it."""
    for part in parts_in(value):
        check_kind(type(part))
        yield from (each.__module__ for each in type(part).__mro__ if issubclass(each, Setting))


def _module_of_observable(name: str) -> str:
    function: Any = observable(name).function
    while isinstance(function, functools.partial):
        function = function.func
    return getattr(function, "__module__", None) or type(function).__module__


def differing_sources(there: Mapping[str, str], here: Mapping[str, str]) -> list[str]:
    """How the modules of two sweeps differ, in words; a sweep of an earlier version names none, and differs in none."""
    if not there:
        return []
    found = []
    for name in dict.fromkeys([*there, *here]):
        if name not in there or name not in here:
            found.append(f"module {name} is used only {'there' if name in there else 'here'}")
        elif there[name] != here[name]:
            found.append(f"the source of {name} is {_digits(there[name])} there and {_digits(here[name])} here")
    return found


def _digits(digest: str) -> str:
    return digest if digest == NOT_RECORDED else f"{digest[:12]}…"
