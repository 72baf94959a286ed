"""Figure 4, symmetric panel: weights and gates of two dimensions move along a curve that the time constants set."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray
from matplotlib import colormaps
from matplotlib.figure import Figure

from figures.caption import caption as written
from figures.claim import Claim, Range
from figures.describe import axis_of, described, settings_line
from figures.panels import new_figure
from figures.statistics import exact
from gatednet import Blocked
from gatednet.theory import specialization_of_weights
from sweeps.store import Store

SWEEPS = ("fig4",)
PANELS = ""
# Ends of c̄ for τ_c/τ_w in equal ratios from .1 to 1, measured in the published panel.
PUBLISHED_ENDS = (0.906, 0.835, 0.670, 0.307, -0.153)
READING = "measured in the published picture, to about .01"


def compute(stores: Mapping[str, Store]) -> xarray.Dataset:
    """The simulated w̄ and c̄ of each ratio of time constants, and the theory's w̄ at the simulated c̄.

    w̄ = ½[(w¹₁ - w²₁) + (w²₂ - w¹₂)] and c̄ = c¹ - c², where 1 is the task on show: a run starts from c̄ = -1, with the
    gates of the task before. Dimensions are "ratio" and "step".
    """
    sweep, data = stores["fig4"].sweep, stores["fig4"].dataset()
    experiment, axis = sweep.experiment, axis_of(sweep, "timescales.gates")
    ratio = np.asarray(axis.column("timescales.gates")) / experiment.timescales.weights
    gates = data.gates.transpose(axis.name, "step", "path").values.astype(np.float64)
    weights = data.weights.isel(input=0).transpose(axis.name, "step", "path", "output").values.astype(np.float64)
    assert isinstance(experiment.curriculum, Blocked)
    own = (*experiment.curriculum.order, 0)[0]
    other = 1 - own
    gate_difference = gates[..., own] - gates[..., other]
    weight_difference = 0.5 * (
        weights[..., own, own] - weights[..., other, own] + weights[..., other, other] - weights[..., own, other]
    )
    theory = specialization_of_weights(gate_difference, ratio[:, None])
    dims = ("ratio", "step")
    return xarray.Dataset(
        {
            "gate_difference": (dims, gate_difference, described("specialization of the gates c̄")),
            "weight_difference": (
                dims,
                weight_difference,
                described("specialization of the weights w̄"),
            ),
            "theory": (dims, theory, described("w̄ of the theory at the simulated c̄")),
        },
        {
            "ratio": ("ratio", ratio, described("τ_c / τ_w")),
            "step": data.step,
            "time": data.time,
        },
        {"settings": settings_line(experiment)},
    )


def draw(data: xarray.Dataset) -> Figure:
    """w̄ against c̄: simulations as broad lines, the theory as thin black ones over them."""
    figure = new_figure(3.6, 3.4)
    axes = figure.add_subplot()
    ratios = data.ratio.values
    for place, ratio in enumerate(ratios):
        one = data.isel(ratio=place)
        # Light for slow gates, dark for fast ones: the order is legible in grey too.
        colour = colormaps["viridis"](0.1 + 0.8 * place / max(len(ratios) - 1, 1))
        axes.plot(one.gate_difference, one.weight_difference, color=colour, linewidth=3.2, solid_capstyle="butt")
        axes.plot(one.gate_difference[-1], one.weight_difference[-1], "o", color=colour, markersize=5, clip_on=False)
        grid = np.linspace(-1, 1, 401)
        label = "theory" if place == 0 else None
        axes.plot(
            grid, specialization_of_weights(grid, ratio), color="black", linewidth=0.7, linestyle="--", label=label
        )
        name = f"τ$_c$ / τ$_w$ = {ratio:.2g}" if place == len(ratios) - 1 else f"{ratio:.2g}"
        lowest = float(specialization_of_weights(0.0, ratio))
        axes.annotate(name, (0, lowest), xytext=(0, -9), textcoords="offset points", ha="center", fontsize=6.5)
    first = colormaps["viridis"](0.1)
    axes.plot([], [], color=first, linewidth=3.2, marker="o", markersize=5, label="simulation and its end")
    axes.set(xlabel="gates  c̄", ylabel="weights  w̄", xlim=(-1.05, 1.05), ylim=(0.655, 1.012))
    axes.set_xticks([-1, -0.5, 0, 0.5, 1])
    axes.legend(loc="lower left")
    return figure


def claims(data: xarray.Dataset) -> list[Claim]:
    """The ends of the published curves, and simulation on theory. Nothing here is random: a run is one run."""
    ends = data.gate_difference.isel(step=-1).values
    found = [
        Claim(
            f"with τ_c/τ_w = {ratio:.3g} the gates come to c̄ = {published:.3f}",
            "Figure 4, symmetric panel",
            Range(round(published - 0.01, 3), round(published + 0.01, 3), READING),
            exact(end),
        )
        for ratio, published, end in zip(data.ratio.values, PUBLISHED_ENDS, ends, strict=True)
    ]
    distance = float(np.abs(data.weight_difference - data.theory).max())
    found.append(
        Claim(
            "simulations lie on the theory: largest distance in w̄",
            "Figure 4, symmetric panel",
            Range(
                None, 0.005, "lines of the published picture that cover each other are .01 wide, half of it either way"
            ),
            exact(distance),
        )
    )
    crossings = [
        error for place in range(len(ends)) if (error := error_at_even_gates(data.isel(ratio=place))) is not None
    ]
    found.append(
        Claim(
            f"where gates are even, c̄ = 0, w̄ is sqrt(1 - ½ τ_c/τ_w), in the {len(crossings)} runs that come there: "
            "largest distance",
            "Figure 4, symmetric panel: minima of the curves",
            Range(None, 0.005, "the theory is for a strong penalty and small steps; the same half width is allowed"),
            exact(max(crossings, default=np.nan)),
        )
    )
    return found


def error_at_even_gates(data: xarray.Dataset) -> float | None:
    """Distance of the simulated w̄ where c̄ passes 0 from the theory there; None where it does not pass."""
    gates = data.gate_difference.values
    if gates[-1] < 0:
        return None
    # c̄ grows all along a run, so that w̄ can be interpolated.
    measured = np.interp(0.0, gates, data.weight_difference.values)
    return abs(float(measured) - float(specialization_of_weights(0.0, data.ratio.values)))


def caption(data: xarray.Dataset, claims: list[Claim]) -> str:
    """What is seen in the panel, with settings and verdicts."""
    return written(
        "Figure 4, symmetric panel. Weights unlearn less where gates are faster",
        "The symmetric two-dimensional model within one block, started with weights specialized, w̄ = 1, and gates open "
        "for the other task, c̄ = -1. Broad lines: simulation until its end (dots), one for each τ_c/τ_w. Dashed: "
        "w̄ = sqrt(1 - ½ (τ_c/τ_w)(1 - c̄²)).",
        [data.settings, "τ_c/τ_w = " + ", ".join(f"{ratio:.4g}" for ratio in data.ratio.values)],
        claims,
    )
