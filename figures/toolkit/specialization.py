"""Specialization: of weights and gates of the two-dimensional model, w̄ and c̄, with panels of one against the other.

And what figures that measure it share of the published pictures: from where on a network counts as specialized, and how
well lines are read.
"""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
import xarray
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, ListedColormap, LogNorm
from matplotlib.figure import Figure

from gatednet import Blocked, Experiment, Smooth
from gatednet.figures.toolkit.describe import axis_of, described
from gatednet.figures.toolkit.panels import Line
from gatednet.sweeps.store.store import Store
from gatednet.theory import specialization_of_weights

# Values with named dimensions; variables have no coordinates, which every operation would compare.
Labelled = TypeVar("Labelled", xarray.DataArray, xarray.Variable)

# Dark for fast gates, light for slow ones: the order is legible in grey, and the lightest still on white.
COLOURS: Colormap = ListedColormap(colormaps["viridis"](np.linspace(0.0, 0.88, 256)))

THEORY: Line = {"color": "black", "linewidth": 0.7, "linestyle": "--"}

# Specialization of a specialized network: the ends of the published ranges of Figure 2C, .95 - .12.
SPECIALIZED = 0.83
# Why ranges of claims are as wide as they are, and what is measured.
WHY_SPECIALIZED = "published .95 and more with the own task, .12 and less with the other"
TYPICAL = "of the typical run (the median), since from a few starts networks specialize only after the run"
WHY_A_LINE = "lines of the published picture that cover each other are .01 wide"
WHY_HALF_A_LINE = f"{WHY_A_LINE}, half of it either way"


def first_task(experiment: Experiment) -> int:
    """The task that a run shows first."""
    assert isinstance(experiment.curriculum, Blocked | Smooth)
    return (*experiment.curriculum.order, 0)[0]


def weight_differences(weights: Labelled) -> Labelled:
    """How far paths are apart in each output, "output": w̄₁ = w¹₁ - w²₁ and w̄₂ = w²₂ - w¹₂."""
    outputs = xarray.Variable("output", [0, 1])
    return weights.isel(path=outputs, output=outputs) - weights.isel(path=1 - outputs, output=outputs)


def weight_difference(weights: Labelled) -> Labelled:
    """w̄ = ½ (w̄₁ + w̄₂)."""
    mean = weight_differences(weights).mean("output")
    mean.attrs.update(described("specialization of the weights w̄"))
    return mean


def gate_difference(gates: Labelled, own: int) -> Labelled:
    """c̄ = c¹ - c², where 1 is the path of the task `own`."""
    apart = gates.isel(path=own) - gates.isel(path=1 - own)
    apart.attrs.update(described("specialization of the gates c̄"))
    return apart


def in_double(store: Store) -> xarray.Dataset:
    """The arrays of a store in double precision, without the dimension of the inputs, of which there is one."""
    data = store.dataset().isel(input=0)
    data = data.drop_vars(["block_steps", "blocks"], errors="ignore").drop_attrs(deep=False)
    return data.astype(np.float64).load()


def by_ratio(store: Store) -> xarray.Dataset:
    """What a store holds for several time constants of the gates, see `in_double`, with w̄ and c̄ of its runs.

    The first dimension is "ratio", τ_c / τ_w. c̄ counts the task that is shown first as task 1. "theory" is the w̄ that
    belongs to c̄ within a block that starts specialized.
    """
    sweep = store.sweep
    axis = axis_of(sweep, "timescales.gates")
    ratio = np.asarray(axis.column("timescales.gates")) / sweep.experiment.timescales.weights
    data = in_double(store).rename({axis.name: "ratio"}).transpose("ratio", "step", ...)
    data = data.assign_coords(ratio=("ratio", ratio, described("τ_c / τ_w")))
    own = first_task(sweep.experiment)
    gates = gate_difference(data.gates, own)
    theory = specialization_of_weights(gates.values, ratio[:, None])
    return data.assign(
        gate_difference=gates,
        weight_difference=weight_difference(data.weights),
        theory=gates.copy(data=theory).assign_attrs(described("w̄ of the theory at the simulated c̄")),
    )


def norm_of(ratios: np.ndarray) -> LogNorm:
    """The colour scale of some ratios of time constants."""
    return LogNorm(ratios.min(), ratios.max())


def curves(axes: Axes, data: xarray.Dataset, x: str, y: str, *, width: float = 1.2) -> None:
    """One quantity against another, a curve for each ratio of time constants, the slowest gates lowest."""
    norm = norm_of(data.ratio.values)
    for one in data.transpose("ratio", ...).ratio.values[::-1]:
        chosen = data.sel(ratio=one)
        axes.plot(chosen[x].values, chosen[y].values, color=COLOURS(norm(one)), linewidth=width, solid_capstyle="butt")


def ends(axes: Axes, data: xarray.Dataset, x: str, y: str, **marker: Any) -> None:
    """Where the curves of one quantity against another end, as dots."""
    norm = norm_of(data.ratio.values)
    for ratio in data.ratio.values:
        end = data.sel(ratio=ratio).isel(step=-1)
        axes.plot(end[x], end[y], "o", color=COLOURS(norm(ratio)), clip_on=False, **marker)


def theory(axes: Axes, ratios: np.ndarray) -> None:
    """w̄ against c̄ in a block that starts specialized, by the theory, as thin dashed lines."""
    grid = np.linspace(-1, 1, 401)
    for ratio in ratios:
        axes.plot(grid, specialization_of_weights(grid, ratio), **THEORY)


def plane_of_differences(axes: Axes, data: xarray.Dataset) -> None:
    """w̄ against c̄: simulations as broad lines to a dot at their end, the theory over them."""
    curves(axes, data, "gate_difference", "weight_difference", width=3.0)
    ends(axes, data, "gate_difference", "weight_difference", markersize=4.5)
    theory(axes, data.ratio.values)
    axes.set(xlabel="gates  c̄", ylabel="weights  w̄", xlim=(-1.05, 1.05), ylim=(0.655, 1.012), xticks=(-1, 0, 1))


def colour_bar(figure: Figure, axes: Axes, ratios: np.ndarray, *, inside: bool = False) -> None:
    """The ratios of the curves, in axes of their own, or inside a panel `plane_of_differences`, where nothing is."""
    place = axes.inset_axes((0.71, 0.125, 0.25, 0.035)) if inside else axes
    mapped = ScalarMappable(norm_of(ratios), COLOURS)
    bar = figure.colorbar(mapped, cax=place, orientation="horizontal" if inside else "vertical")
    shown = [ratios.min(), ratios.max()] if inside else list(ratios)
    bar.set_ticks(shown, labels=[f"{ratio:.2g}" for ratio in shown])
    bar.minorticks_off()
    if inside:
        bar.ax.set_title("τ$_c$ / τ$_w$", fontsize=6, pad=2)
        bar.ax.tick_params(labelsize=6, pad=1)
    else:
        bar.set_label("τ$_c$ / τ$_w$")
