"""`gatednet explore`: a page in the browser where settings are moved and the dynamics seen at once."""

from __future__ import annotations

import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from gatednet.figures.cli.options import Import, Kernel, use_imports
from gatednet.refusal import SettingError


def explore(
    store: Annotated[Path | None, typer.Option(help="A stored sweep to look at; default: runs are computed.")] = None,
    host: Annotated[str, typer.Option(help="Name or address of this machine to serve at, for others to reach.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 for any that is free.")] = 5006,
    show: Annotated[bool, typer.Option("--show/--no-show", help="Open the page in a browser.")] = True,
    modules: Import = None,
    kernel: Kernel = None,
) -> None:
    """Explore the flexible and the forgetful regime on a page in the browser."""
    from gatednet.sweeps.images.cache import from_extra

    from_extra("bokeh", "explore", extra="explore")
    from gatednet.sweeps.devices import usable_devices, use_all_cores

    use_all_cores()
    from gatednet.explore.server import Explorer
    from gatednet.explore.source import Live
    from gatednet.explore.stored import Stored

    use_imports(modules)
    if store is not None and kernel is not None:
        raise SettingError("--kernel is for runs that are computed, those of --store are not")
    source = Live(usable_devices(), kernel or "auto") if store is None else Stored(store)
    explorer = Explorer(source, host, port)
    print(f"{explorer.link}  (interrupt to end)", flush=True)
    explorer.run(ready=lambda: show and webbrowser.open(explorer.link))  # pyright: ignore[reportArgumentType]
