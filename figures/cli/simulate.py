"""`gatednet simulate`: one experiment, straight to a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from figures.cli.options import Data, Format, Out, parse_settings, progress_of_training, use_data

# No more saves than this where their number is not given.
_MOST_SAVES = 1000


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
) -> None:
    """Simulate one experiment and draw loss, gates, and alignment or accuracy over time."""
    from sweeps.devices import usable_devices, use_all_cores

    use_all_cores()
    from figures.files import check_writable, packed, write_all
    from figures.panels import look
    from figures.pipeline import check_formats, pictures
    from figures.time_course import caption, draw, observables
    from gatednet import Save, to_toml
    from gatednet import simulate as run
    from gatednet.times import steps_between
    from sweeps.catalog import experiment as known
    from sweeps.labelled import examples_for
    from sweeps.spec import changed

    use_data(images)
    experiment = changed(known(name), parse_settings(settings or []))
    by_itself = observables(experiment)
    chosen = check_formats(formats)
    extra = [each for each in save or [] if each not in by_itself]
    plan = Save((*by_itself, *extra), steps_between(experiment.steps, _MOST_SAVES) if every is None else every)
    check_writable(out)
    # Refused here where there is none.
    usable_devices()
    examples = examples_for(experiment, progress_of_training)
    data = run(experiment, plan, seed, examples=examples).assign_attrs(experiment=to_toml(experiment))
    with look():
        drawn = pictures(name, draw(data, experiment), chosen)
    text = caption(name, data, experiment).encode()
    for path in write_all(out, {**drawn, f"{name}.zarr.zip": packed(data), f"{name}.md": text}):
        print(path)
    if int(data.result) != 0:
        print(f"the run left the finite numbers after {int(data.result_step)} of {experiment.steps} steps")
        raise typer.Exit(1)
