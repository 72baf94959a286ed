"""`gatednet simulate`: one experiment, straight to a picture."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from gatednet.figures.cli.options import (
    Data,
    Format,
    Import,
    Kernel,
    Out,
    parse_settings,
    progress_of_training,
    use_data,
    use_imports,
)
from gatednet.memory import uncollected

# No more saves than this where their number is not given.
_MOST_SAVES = 1000


@uncollected(last=True)
def simulate(
    name: Annotated[str, typer.Argument(help="An experiment of the catalog, see `gatednet list`.")],
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="PATH=VALUE", help="Change a value; may be repeated.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of everything that is random.")] = 0,
    save: Annotated[list[str] | None, typer.Option(help="Save a further observable; may be repeated.")] = None,
    every: Annotated[int | None, typer.Option(help="Steps between saves; by default up to 1000 saves.")] = None,
    out: Out = Path("pictures"),
    formats: Format = "pdf,png,svg",
    images: Data = None,
    modules: Import = None,
    kernel: Kernel = None,
) -> None:
    """Simulate one experiment and draw loss, gates, and alignment or accuracy over time.

    The files are called NAME. With other settings or saves than its own they are called NAME-DIGEST, with digits that
    tell these apart, and with another seed than 0 NAME-seedN, or NAME-DIGEST-seedN: no result replaces one of others.
    """
    from gatednet.sweeps.catalog import listed_experiment

    # An unknown name is told before JAX starts.
    listed = listed_experiment(name)
    from gatednet.sweeps.devices import usable_devices, use_all_cores

    use_all_cores()
    from gatednet import Save, to_toml
    from gatednet import simulate as run
    from gatednet.figures.cli.meanwhile import meanwhile
    from gatednet.figures.single_run import file_name, observables
    from gatednet.figures.toolkit.result import CAPTION, DATA, Result, check_formats
    from gatednet.simulation import check_seeds
    from gatednet.sweeps.images.labelled import examples_for
    from gatednet.sweeps.spec import changed
    from gatednet.times import steps_between

    use_data(images)
    use_imports(modules)
    base = listed.build()
    experiment = changed(base, parse_settings(settings or []))
    chosen = check_formats(formats)
    by_itself = Save(observables(base), steps_between(base.steps, _MOST_SAVES))
    shown = observables(experiment)
    further = [each for each in save or [] if each not in shown]
    plan = Save((*shown, *further), steps_between(experiment.steps, _MOST_SAVES) if every is None else every)
    plan.check(experiment)
    check_seeds([seed])
    result = Result(out, file_name(name, (experiment, plan), (base, by_itself), seed))
    result.check(chosen)
    # Refused here where there is none.
    usable_devices()
    examples = examples_for(experiment, progress_of_training)
    # Kernels and wide lanes are for many runs: for one alone a lane of its own, by XLA, takes less time.
    lane = 1 if kernel is None else None
    with meanwhile(partial(_get_ready, chosen)):
        data = run(experiment, plan, seed, examples=examples, lane=lane, kernel=kernel or "xla")
    data = data.assign_attrs(experiment=to_toml(experiment))
    # Imported here, as they are while XLA compiles.
    from gatednet.figures.time_course import caption, draw
    from gatednet.figures.toolkit.archive import packed
    from gatednet.figures.toolkit.panels import look
    from gatednet.figures.toolkit.pictures import pictures

    with look():
        drawn = pictures(draw(data, experiment), chosen)
    text = caption(name, data, experiment).encode()
    for path in result.write({**drawn, DATA: packed(data), CAPTION: text}):
        print(path)
    if int(data.result) != 0:
        print(f"the run left the finite numbers after {int(data.result_step)} of {experiment.steps} steps")
        raise typer.Exit(1)


def _get_ready(formats: Sequence[str]) -> None:
    """Import what a picture and its data take, also what is imported for the first of them only."""
    from matplotlib.backend_bases import get_registered_canvas_class

    import gatednet.figures.time_course
    import gatednet.figures.toolkit.archive  # noqa: F401 - both for what they import

    for each in formats:
        get_registered_canvas_class(each)
