"""Figure A16: a network that has specialized switches within a few samples, seen one at a time."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray
from matplotlib.figure import Figure

from gatednet.figures.toolkit import equivalent, over_time
from gatednet.figures.toolkit.caption import caption as written
from gatednet.figures.toolkit.claim import Claim, Published, Range
from gatednet.figures.toolkit.describe import described, settings_line
from gatednet.figures.toolkit.panels import alike, at_least, band, legend_above
from gatednet.figures.toolkit.statistics import averaged, over_seeds
from gatednet.sweeps.catalog.equivalent import teacher_singular_values
from gatednet.sweeps.store.store import Store

SWEEPS = ("figa16", "figa16-published")
PANELS = "ABCDEFG"
SAMPLES = {"marker": ".", "markersize": 1.6, "clip_on": False}
# Published loss at the last switches, of blocks 17 to 20 of the picture, and how many runs it is a mean of.
PUBLISHED, RUNS = (0.46, 0.48, 0.46, 0.50), 100
# Blocks at the end of the run that are taken together, and samples after which a late switch is done.
LATE, FEW = 4, 10


def compute(stores: Mapping[str, Store]) -> xarray.Dataset:
    """Both models side by side, see `gatednet.figures.toolkit.equivalent.beside`, and `leading` of the full one.

    `leading` is the largest singular value of a path over that of a teacher, mean over paths. What is of several seeds
    is averaged. What claims measure of each are the full model's loss at switches, `FEW` samples later, and at the ends
    of blocks, (seed, block), and `final_leading`; `equivalent_loss_at_switch` (block) is that of the two-dimensional
    model, and `from_start_loss_at_switch` that of runs from the one published start, (sample, block), which differ in
    their samples.
    """
    full = stores["figa16"]
    values = full.dataset().singular_values.isel(mode=0).mean("path").transpose("seed", "step")
    scaled = values / teacher_singular_values(full.sweep.experiment)[0]
    attrs = described("largest singular value of a path over that of a teacher, mean over paths")
    data = equivalent.beside(full, stores["figa16-equivalent"])
    runs = data.assign(leading=scaled.reset_coords(drop=True).assign_attrs(attrs)).assign_attrs(
        samples_in_block=int(full.sweep.block_steps.item()),
        settings=settings_line(full.sweep.experiment),
        equivalent_settings=settings_line(stores["figa16-equivalent"].sweep.experiment),
    )
    blocks = (runs.sizes["step"] - 1) // runs.samples_in_block
    loss, of_equivalent = (over_time.in_blocks(runs[f"{model}_loss"], blocks) for model in equivalent.MODELS)
    published = stores["figa16-published"].dataset().loss.transpose("seed", "step").reset_coords(drop=True)
    course = averaged(published).drop_vars("step").assign_attrs(described("expected loss from the published start"))
    from_start = over_time.in_blocks(published.rename(seed="sample").drop_vars("sample"), blocks).isel(save=0)
    return equivalent.reduced(runs, ["leading"]).assign(
        from_start_loss=course,
        from_start_loss_at_switch=from_start,
        loss_at_switch=loss.isel(save=0),
        loss_after_few=loss.isel(save=FEW),
        loss_at_end=loss.isel(save=-1),
        equivalent_loss_at_switch=of_equivalent.isel(save=0),
        final_leading=runs.leading.isel(step=-1, drop=True),
    )


def draw(data: xarray.Dataset) -> Figure:
    """Three rows of both models, losses and gates with a marker at each sample, and a strip with the loss alone."""
    figure, axes, strip = equivalent.draw(data, heights=(1, 1, 1, 0.8))
    band(axes[2, 0], data.time.values, data.leading, label="leading singular value", color="black", linewidth=0.7)
    at_least(axes[2, 0], -0.12, 1.12)
    alike(axes[2])
    # Samples are too close to each other for lines between them.
    for each in axes[:2].ravel():
        for line in each.lines:
            line.set(linestyle="none", **SAMPLES)
    for each in axes[1:].ravel():
        legend_above(each, markerscale=3.0 if each in axes[1] else 1.0)
    over_time.quantity(strip, equivalent.one(data, "full"), "loss", color="black", linewidth=0.4, **SAMPLES)
    starts = data.from_start_loss.sel(statistic="mean")
    strip.plot(data.time.values, starts, color="#cc6677", linewidth=0.8, linestyle="--", label="published start")
    strip.set(ylabel="loss, full model")
    legend_above(strip)
    at_least(strip, 0, 0.5)
    return figure


def claims(data: xarray.Dataset) -> list[Claim]:
    """What the published panels lead one to expect."""
    names = ("loss_at_switch", "loss_after_few", "loss_at_end")
    at_switch, after_few, at_end = (data[name].transpose("seed", "block").values for name in names)
    of_equivalent = data.equivalent_loss_at_switch.values
    late = sum(PUBLISHED) / LATE
    known = Published(
        late,
        RUNS,
        0.03,
        "peaks of a mean of a hundred runs, read to .01; a loss of one sample spreads by .45 of itself, and the mean "
        "of four peaks of a hundred by .01, .02 with a probability of 95 %",
    )
    last = f"the loss at the last {LATE} switches is .46, .48, .46 and .50, mean"
    return [
        Claim(last, "Figure A16", known, over_seeds(at_switch[:, -LATE:]), origin="picture"),
        Claim(
            f"{last}, from the published start",
            "Figure A16",
            known,
            over_seeds(data.from_start_loss_at_switch.transpose("sample", "block").values[:, -LATE:]),
            origin="picture",
        ),
        Claim(
            "the floor of the loss at the ends of late blocks is .01",
            "Figure A16",
            Published(0.01, RUNS, 0.01, "a mean of a hundred runs, read off the published picture, to about .01"),
            over_seeds(at_end[:, -LATE:]),
            origin="picture",
        ),
        Claim(
            "noise blows the leading singular value up: it ends above 1.1 times the teacher's",
            "Figure A16",
            Range(1.1, None, "as published"),
            over_seeds(data.final_leading.values),
            origin="picture",
        ),
        Claim(
            "a network that has specialized learns from single samples: ten after a late switch the loss is below .05",
            "Figure A16",
            Range(None, 0.05, "a tenth of the published peak and five times its floor, and our threshold"),
            over_seeds(after_few[:, -LATE:]),
            origin="ours",
        ),
        Claim(
            "one that has not does not: ten samples into the second block the loss is above half of its peak",
            "Figure A16",
            Range(0.0, None, "early peaks are broad in the published picture; half a peak is where its width is read"),
            over_seeds(after_few[:, 1] - 0.5 * at_switch[:, 1]),
            origin="ours",
        ),
        Claim(
            "the two-dimensional model has the same peaks: mean absolute difference over all switches",
            "Figure A16",
            Range(None, 0.04, "how well a single published peak is known, and our threshold"),
            over_seeds(at_switch, lambda runs: float(np.abs(runs.mean(axis=0) - of_equivalent).mean())),
            origin="ours",
        ),
    ]


def caption(data: xarray.Dataset, claims: list[Claim]) -> str:
    """What is seen in the seven panels, with settings and verdicts."""
    ours = data.loss_at_switch.mean("seed").values[-LATE:]
    from_start = data.from_start_loss_at_switch.mean("sample").values[-LATE:]
    return written(
        "Figure A16. Few samples are enough for a network that has specialized",
        "Every step sees a single sample; in A to D and G each is a marker. Left: the full model; right: the "
        "two-dimensional model that behaves as it, with the population as inputs. **A**, **B** Expected loss of the "
        "task on show (the loss of the two-dimensional model is scaled to that of the full one). **C**, **D** Gates. "
        "**E**, **F** Magnitudes: the multiple of its own teacher in each path and of the other one (dotted), and, "
        "black, the largest singular value of a path over that of a teacher, which the noise of single samples drives "
        f"above 1. **G** The loss of A alone. Lines are means over {data.sizes['seed']} seeds, bands their standard "
        "errors; every seed has initial weights and teachers of its own. The released code gives all its runs one "
        "start: from that start (dashed in G) the loss at the last switches is "
        f"{', '.join(f'{each:.2f}' for each in from_start)}, from ours "
        f"{', '.join(f'{each:.2f}' for each in ours)}, published .46, .48, .46 and .50, drawn of single samples.",
        [f"full model: {data.settings}", f"two-dimensional model: {data.equivalent_settings}"],
        claims,
    )
