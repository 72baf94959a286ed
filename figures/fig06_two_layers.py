"""Figure 6: a network of two layers whose second layer is regularised as gates are learns to gate by itself."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np
import xarray
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gatednet.figures.toolkit import over_time, two_layers
from gatednet.figures.toolkit.caption import caption as written
from gatednet.figures.toolkit.claim import Claim, Origin, Published
from gatednet.figures.toolkit.describe import settings_line
from gatednet.figures.toolkit.panels import PAGE, band, letter, new_figure, shade_blocks
from gatednet.figures.toolkit.statistics import over_batches, over_seeds
from gatednet.sweeps.catalog.published import STARTS
from gatednet.sweeps.store.store import Store

SWEEPS = ("fig6", "fig6-published")
PANELS = "AB"
# Published total alignment of the regularised network, by time.
PUBLISHED = {1.0: 0.43, 2.0: 0.64, 5.0: 0.77, 10.0: 0.79, 30.0: 0.84}
WHY_STARTS = f"{two_layers.WHY_CURVES}, and the same ten starts with other batches differ as ours do"
# The time at which the released code was read, as the picture is too steep there.
READ_FROM_CODE = 1.0


def compute(stores: Mapping[str, Store]) -> xarray.Dataset:
    """The second layer of the regularised network of the first seed, one to one, and averages of total alignment.

    Dimensions are "matching", "regime", "seed", "after" (the task of the last block), "output", "row" (of the teachers,
    which a unit is matched to), and "step". What claims measure of each run are
    `gatednet.figures.toolkit.two_layers.parts` of its second layer, the diagonal also `early`, .3 into the last block
    of A, and total alignment at the times of `PUBLISHED`, along "published". Of the runs from the published starts,
    "start", there are the same but the early one, `from_starts_` first, of the regularised network as released.
    """
    store = stores["fig6"]
    experiment = store.sweep.experiment
    data = store.dataset().transpose("regime", "seed", ...).load()
    runs = two_layers.sorted_layers(data)
    second = runs.second_layer.sel(matching="one to one", regime="regularised", drop=True)
    early = two_layers.parts(two_layers.early_layer(data, experiment.dt))["diagonal"]
    found = over_time.courses(runs, ["total_alignment"]).assign(
        {
            "second_layer": second.isel(seed=0, drop=True),
            "total_alignment_at": at_published(runs),
            "final_total_alignment": runs.total_alignment.isel(step=-1, drop=True),
            **two_layers.parts(runs.second_layer),
            "early_diagonal": early.assign_attrs(long_name=f"{early.long_name}, .3 into a block of A"),
        }
    )
    starts = of_starts(stores["fig6-published"].dataset())
    return found.assign(starts.data_vars).assign_attrs(
        **over_time.timing(experiment), settings=settings_line(experiment)
    )


def at_published(runs: xarray.Dataset) -> xarray.DataArray:
    """Total alignment at the saves nearest to the times of `PUBLISHED`."""
    saves = [int(np.abs(runs.time.values - time).argmin()) for time in PUBLISHED]
    at = xarray.DataArray(saves, {"published": list(PUBLISHED)}, ("published",))
    return runs.total_alignment.isel(step=at).drop_vars(["step", "time"], errors="ignore")


def of_starts(data: xarray.Dataset) -> xarray.Dataset:
    """The regularised network from the published starts, matched as released: total alignment, and `parts` of W2."""
    runs = two_layers.sorted_layers(data.transpose("regime", "seed", ...).load())
    found = xarray.Dataset({"total_alignment_at": at_published(runs), **two_layers.parts(runs.second_layer)})
    chosen = found.sel(matching="as released", regime="regularised", drop=True)
    return chosen.rename(seed="start").drop_vars("start").rename({name: f"from_starts_{name}" for name in found})


def draw(data: xarray.Dataset) -> Figure:
    """Left the second layer of one seed after either task, right total alignment of all."""
    figure = new_figure(PAGE, 3.0)
    grid = figure.add_gridspec(2, 2, width_ratios=(1.1, 1))
    maps = [figure.add_subplot(grid[row, 0]) for row in range(2)]
    two_layers.colour_bar(figure, two_layers.layer_maps(maps, data.second_layer), maps)
    letter(maps[0], "A")
    axes = figure.add_subplot(grid[:, 1])
    total_alignment(axes, data)
    letter(axes, "B")
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure


def total_alignment(axes: Axes, data: xarray.Dataset) -> None:
    """Total alignment of both networks over time; dotted as the released code matches units."""
    shade_blocks(axes, data.block_length, data.duration, data.targets)
    for regime, line in two_layers.LINES.items():
        for matching in two_layers.MATCHINGS:
            ours = matching == "one to one"
            look = line if ours else {**line, "linestyle": ":"}
            values = data.total_alignment.sel(regime=regime, matching=matching)
            label = regime if ours else f"{regime}, released matching"
            band(axes, data.time.values, values, label=label, **look)
    axes.plot(*zip(*PUBLISHED.items(), strict=True), "x", color="black", label="published, regularised", clip_on=False)
    starts = data.from_starts_total_alignment_at.mean("start").values
    axes.plot(list(PUBLISHED), starts, "+", color="black", label="from the published starts", clip_on=False)
    axes.set(xlabel="time t", ylabel="total alignment", ylim=(0, 1.02), yticks=(0, 0.25, 0.5, 0.75, 1))


def claims(data: xarray.Dataset) -> list[Claim]:
    """The diagonals of the sorted second layer, and total alignment, matched as published: as released."""
    regularised = data.sel(regime="regularised", matching="as released")
    diagonal = regularised.diagonal.sel(after="B").transpose("seed", "path").values
    early = regularised.early_diagonal.transpose("seed", "path").values
    *_, rest = two_layers.readings(regularised)
    current = Published(0.285, two_layers.RUNS, two_layers.COLOURS_READ, two_layers.WHY_COLOURS)
    other = "those from the units of the other task's rows are"
    found = [
        Claim(
            "entries from the units of the current task's rows to their outputs are .285",
            "Figure A6A",
            current,
            over_seeds(np.stack([early[:, 0], diagonal[:, 1]], axis=1)),
            origin="picture",
        ),
        Claim(
            f"{other} .063 in A, .3 after the switch, where the released run ends",
            "Figure A6A and the authors' released code",
            dataclasses.replace(current, value=0.063),
            over_seeds(early[:, 1]),
            origin="picture",
        ),
        Claim(
            f"{other} .050 after a block of B",
            "Figure A6A and the authors' released code",
            dataclasses.replace(current, value=0.050),
            over_seeds(diagonal[:, 0]),
            origin="released",
        ),
        Claim(
            "all further entries are .03",
            "Figure A6A",
            dataclasses.replace(current, value=0.03),
            over_seeds(rest),
            origin="picture",
        ),
    ]
    expected = Published(0.0, two_layers.RUNS, two_layers.CURVES_READ, two_layers.WHY_CURVES)
    curve = data.total_alignment_at.sel(regime="regularised", matching="as released").transpose("seed", "published")
    of_starts = data.from_starts_total_alignment_at.transpose("start", "published")
    for place, (time, value) in enumerate(PUBLISHED.items()):
        sentence = f"total alignment of the regularised network is {value:g} at t = {time:g}, matched as released"
        origin: Origin = "released" if time == READ_FROM_CODE else "picture"
        known = dataclasses.replace(expected, value=value)
        measured = over_seeds(curve.values[:, place])
        found.append(Claim(sentence, "Figure 6B", known, measured, origin=origin))
        known = dataclasses.replace(known, runs=1, why=WHY_STARTS)
        measured = over_batches(of_starts.values[:, place], STARTS)
        found.append(Claim(f"{sentence}, from the published starts", "Figure 6B", known, measured, origin=origin))
    return found


def caption(data: xarray.Dataset, claims: list[Claim]) -> str:
    """What is seen in both panels, and where and why it differs from the published ones."""
    regularised = data.sel(regime="regularised")
    _, other, _ = two_layers.readings(regularised.sel(matching="one to one"))
    ends = regularised.final_total_alignment.mean("seed")
    lower, higher = (f"{ends.sel(matching=matching).item():.3f}" for matching in two_layers.MATCHINGS)
    curve = regularised.total_alignment_at.sel(matching="as released").mean("seed").values
    from_starts = data.from_starts_total_alignment_at.mean("start").values
    return written(
        "Figure 6. A regularised second layer gates the first",
        "The second layer W2 of a fully connected network is fast, nonnegative and bounded in norm, as gates are. "
        f"**A** W2 of one run (seed {int(data.seed[0])}) after the last block of each task. Hidden units are in the "
        "order of the rows of both teachers that they are matched to, one to one, by largest summed cosine over the "
        "run. **B** Total alignment, the mean cosine of the teachers' rows with their units, with and without "
        "regularisation; dotted, with the matching of the released code, which takes the best unit of each row and may "
        f"take one twice, and gives {_listed(curve)} at the times of the crosses, which are published values, and "
        f"{_listed(from_starts)} (plus signs) from the ten published starts with ten sets of batches each. "
        f"At the end it is {lower} one to one and {higher} as released. Claims are with the released matching, as "
        "the published pictures are: it raises the entries of the other task's diagonal, which are "
        f"{other.mean():.3f} one to one. The published map after A is from .3 after a switch, since the released run "
        "ends there: its blocks are a step short, and a 31st one is begun. "
        f"Means over {data.sizes['seed']} seeds, bands their standard errors.",
        [f"regularised: {data.settings}", "control: the same with λ_norm = λ_nonneg = 0"],
        claims,
    )


def _listed(values: np.ndarray) -> str:
    return ", ".join(f"{each:.2f}" for each in values)
