"""Figure A10: within one block the symmetric model moves as its theory says, for five time constants of the gates."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from gatednet.figures.toolkit import specialization
from gatednet.figures.toolkit.caption import caption as written
from gatednet.figures.toolkit.claim import Claim, Range
from gatednet.figures.toolkit.describe import described, settings_line
from gatednet.figures.toolkit.panels import PAGE, letter, new_figure
from gatednet.figures.toolkit.statistics import exact
from gatednet.sweeps.store.store import Store

SWEEPS = ("figa10", "figa10-abrupt")
PANELS = "ABCDEFGH"
# How a block ends, and the store of it.
ENDS = {"gradual": "figa10", "abrupt": "figa10-abrupt"}
# Ends of the published runs, for τ_c/τ_w in equal ratios from .1 to 1.
PUBLISHED = {
    "gate_difference": ("c̄", (0.880, 0.816, 0.701, 0.488, 0.099)),
    "gate_sum": ("c¹ + c²", (1.004, 1.011, 1.031, 1.083, 1.179)),
    "weight_difference": ("w̄", (0.994, 0.985, 0.959, 0.886, 0.710)),
    "weight_sum": ("w̿", (0.097, 0.171, 0.300, 0.509, 0.770)),
}
# The look of the dots of blocks with abrupt ends.
OPEN = {"markerfacecolor": "white", "markersize": 3.5, "zorder": 5}
READING = "published to three digits, one record before the end; .005 is less than the difference between any two runs"


def compute(stores: Mapping[str, Store]) -> xarray.Dataset:
    """What the panels show of every run; dimensions "ends", "ratio" and "step".

    Errors are outputs minus target, sums are those over paths, of weights in the shown minus in the other output.
    """
    parts = [of_store(stores[name]) for name in ENDS.values()]
    data = xarray.concat(parts, "ends", combine_attrs="override").assign_coords(ends=list(ENDS))
    settings = [f"{ends} ends: {settings_line(stores[name].sweep.experiment)}" for ends, name in ENDS.items()]
    return data.assign_attrs(settings=settings)


def of_store(store: Store) -> xarray.Dataset:
    """The variables of one store."""
    data = specialization.by_ratio(store)
    own = specialization.first_task(store.sweep.experiment)
    other = 1 - own
    apart = specialization.weight_differences(data.weights)
    total, output = data.total_weight, data.effective_map
    return xarray.Dataset(
        {
            "gate_difference": data.gate_difference,
            "weight_difference": data.weight_difference,
            "theory": data.theory,
            "gate_sum": data.gates.sum("path").assign_attrs(described("sum of the gates")),
            "weight_sum": (0.5 * (total.isel(task=own) - total.isel(task=other))).assign_attrs(
                described("half the sum of the weights in the shown output minus that in the other w̿")
            ),
            "difference_shown": apart.isel(output=own).assign_attrs(described("w̄ in the shown output")),
            "difference_other": apart.isel(output=other).assign_attrs(described("w̄ in the other output")),
            "error_other": output.isel(output=other).assign_attrs(described("error of the other output")),
            "error_shown": (1 - output.isel(output=own)).assign_attrs(described("minus the error of the shown output")),
        }
    )


def draw(data: xarray.Dataset) -> Figure:
    """The eight panels with gradual ends, and open dots where blocks with abrupt ends come to."""
    figure = new_figure(PAGE, 3.9)
    grid = figure.add_gridspec(2, 4)
    axes = {name: figure.add_subplot(grid[divmod(place, 4)]) for place, name in enumerate(PANELS)}
    gradual = data.sel(ends="gradual")
    specialization.plane_of_differences(axes["A"], gradual)
    against(axes["B"], gradual, ("difference_other", "difference_shown"), (0.68, 1.02))
    axes["B"].set(xlabel="w̄₁", ylabel="w̄₂")
    against(axes["C"], gradual, ("error_other", "error_shown"), (-0.05, 1.05))
    axes["C"].set(xlabel="ε₁", ylabel="−ε₂")
    over_time = {
        "D": ("error_other", "ε₁", (-0.05, 1.05)),
        "E": ("error_shown", "−ε₂", (-0.05, 1.05)),
        "F": ("weight_difference", "w̄", (-0.05, 1.05)),
        "G": ("weight_sum", "w̿", (-0.05, 1.05)),
        "H": ("gate_difference", "c̄", (-1.1, 1.1)),
    }
    for name, (quantity, symbol, limits) in over_time.items():
        specialization.curves(axes[name], gradual, "time", quantity)
        specialization.ends(axes[name], data.sel(ends="abrupt"), "time", quantity, **OPEN)
        axes[name].set(xlabel="time t", ylabel=symbol, ylim=limits, xlim=(0, None), xticks=(0, 2.5, 5))
    for name, panel in axes.items():
        letter(panel, name)
        panel.set_box_aspect(1)
    specialization.colour_bar(figure, axes["A"], data.ratio.values, inside=True)
    entries = [
        Line2D([], [], **specialization.THEORY),
        Line2D([], [], color="0.4", linestyle="none", marker="o", **OPEN),
    ]
    figure.legend(entries, ["theory", "ends with abrupt switches"], loc="outside lower center", ncols=2)
    return figure


def against(axes: Axes, data: xarray.Dataset, names: tuple[str, str], limits: tuple[float, float]) -> None:
    """One quantity against another that is the same by an assumption of the theory, whose line is dashed."""
    axes.plot(limits, limits, **specialization.THEORY)
    specialization.curves(axes, data, *names)
    axes.set(xlim=limits, ylim=limits)


def claims(data: xarray.Dataset) -> list[Claim]:
    """The published ends, and the relation between weights and gates. Nothing here is random: a run is one run."""
    gradual, abrupt = data.sel(ends="gradual"), data.sel(ends="abrupt")
    listed = {name: ", ".join(f"{value:.3f}" for value in values) for name, (_, values) in PUBLISHED.items()}
    return [
        *(
            Claim(
                f"a block ends at {symbol} = {listed[name]}: largest distance",
                "Figure A10",
                Range(None, 0.005, READING),
                exact(from_published(gradual, name)),
                origin="picture",
            )
            for name, (symbol, _) in PUBLISHED.items()
        ),
        Claim(
            "a block that ends at once ends there too: largest distance in c̄",
            "on Figure A10",
            Range(None, 0.005, READING),
            exact(from_published(abrupt, "gate_difference")),
            known_verdict="fails",
            origin="ours",
        ),
        Claim(
            "weights are as specialized as the theory says of the gates, w̄ = sqrt(1 - ½ (τ_c/τ_w)(1 - c̄²)): largest "
            "distance at any time",
            "section on the symmetric case, and Figure A10A",
            Range(None, 0.005, specialization.WHY_HALF_A_LINE),
            exact(float(np.abs(gradual.weight_difference - gradual.theory).max())),
            origin="text",
        ),
    ]


def from_published(data: xarray.Dataset, name: str) -> float:
    """The largest distance of a quantity at the end from the published ones."""
    _, published = PUBLISHED[name]
    return float(np.abs(data[name].isel(step=-1).transpose("ratio").values - np.array(published)).max())


def caption(data: xarray.Dataset, claims: list[Claim]) -> str:
    """What is seen in the eight panels, with settings and verdicts."""
    gradual = data.sel(ends="gradual")
    unlike = float(np.abs(gradual.difference_other - gradual.difference_shown).max())
    errors = float(np.abs(gradual.error_other - gradual.error_shown).max())
    ends = data.gate_difference.isel(step=-1)
    further = float(np.abs(ends.sel(ends="abrupt") - ends.sel(ends="gradual")).max())
    return written(
        "Figure A10. One block of the symmetric model, and what its theory assumes",
        "The two-dimensional model starts specialized, with the gate of the other task open; 2 is the task on show. "
        "**A** w̄ against c̄; dashed: w̄ = sqrt(1 - ½ (τ_c/τ_w)(1 - c̄²)). **B** w̄₁ = w¹₁ - w²₁ against w̄₂ = w²₂ - w¹₂, "
        f"which the theory takes to be equal: they differ by at most {unlike:.3f}. **C** The errors ε = y - y* of both "
        f"outputs, taken to be opposite: sums reach {errors:.3f}. **D**, **E** They over time. **F** w̄. **G** w̿, half "
        "of the sum over paths of the weights in the shown output minus that in the other. **H** c̄. The published "
        "runs are made of blocks that give way to each other gradually, with the hardness 100, so that the next task "
        "has begun by t = 5; curves are of such a block, and open dots are where a block comes to that ends at once: "
        f"there c̄ is up to {further:.3f} from where the curves end.",
        [*np.atleast_1d(data.settings), "τ_c/τ_w = " + ", ".join(f"{ratio:.4g}" for ratio in data.ratio.values)],
        claims,
    )
