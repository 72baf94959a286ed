"""Figure A8: specialized paths adapt four times as fast as equal ones, by the neural tangent kernel."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray
from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from gatednet.figures.toolkit.caption import caption as written
from gatednet.figures.toolkit.claim import Claim, Range
from gatednet.figures.toolkit.describe import described
from gatednet.figures.toolkit.panels import PAGE, TASKS, letter, new_figure
from gatednet.figures.toolkit.plane import arrow
from gatednet.figures.toolkit.statistics import exact
from gatednet.sweeps.store.store import Store
from gatednet.theory import tangent_kernel

# A closed form, without runs.
SWEEPS: tuple[str, ...] = ()
PANELS = "ABC"
# Points along each side of the map: the even one, ½, is among them.
POINTS = 101
ERROR = np.array([-1.0, 1.0])
PARTS = {
    "speed": "both terms",
    "speed_of_gates": "Σ$_p$ w$^p$w$^p$$^T$, from the gates",
    "speed_of_weights": "Σ$_p$ (c$^p$)$^2$, from the weights",
}
# Distance of the arrows' ends from the even point, of both coordinates.
ARROWS = (0.1, 0.25, 0.4)
READING = "read off the published scale, to about a hundredth of it"


def compute(stores: Mapping[str, Store]) -> xarray.Dataset:
    """εᵀ K ε over the plane of the first path, (weight_2, weight_1), NaN above the line w₁ + w₂ = 1.

    The second path is the mirror image, w² = 1 - w¹, the gates are (w¹₁, w¹₂) and the error ε is (-1, 1), as after a
    switch. Both time constants are 1.
    """
    del stores
    along = np.linspace(0.0, 1.0, POINTS)
    first = np.stack(np.meshgrid(along, along), axis=-1)
    weights = np.stack([first, 1.0 - first], axis=-2)
    none = np.zeros_like(first)
    kernels = {
        "speed": tangent_kernel.tangent_kernel(weights, first),
        "speed_of_gates": tangent_kernel.tangent_kernel(weights, none),
        "speed_of_weights": tangent_kernel.tangent_kernel(np.zeros_like(weights), first),
    }
    below = first.sum(axis=-1) <= 1.0 + 1e-9
    names = {
        "speed": "speed of adaptation",
        "speed_of_gates": "speed of adaptation by the gates",
        "speed_of_weights": "speed of adaptation by the weights",
    }
    return xarray.Dataset(
        {
            name: (
                ("weight_2", "weight_1"),
                np.where(below, tangent_kernel.adaptation_speed(kernel, ERROR), np.nan),
                described(names[name], "1/time"),
            )
            for name, kernel in kernels.items()
        },
        {f"weight_{side}": (f"weight_{side}", along, described(f"weight w{side} of path 1")) for side in (1, 2)},
        {"settings": "τ_w = 1, τ_c = 1, ε = (-1, 1), w² = 1 - w¹, c = (w¹₁, w¹₂)"},
    )


def draw(data: xarray.Dataset) -> Figure:
    """The three maps on one scale."""
    figure = new_figure(PAGE, 2.6)
    panels = figure.subplots(1, len(PARTS))
    norm = PowerNorm(0.5, 0.0, 4.0)
    for axes, name, (part, title) in zip(panels, PANELS, PARTS.items(), strict=True):
        speed_map(axes, data[part], norm)
        letter(axes, name)
        axes.set_title(title)
    image = panels[-1].collections[0]
    figure.colorbar(image, ax=list(panels), label="$ε^T K ε$", shrink=0.8, pad=0.01, ticks=[0, 0.5, 1, 2, 3, 4])
    handles = [
        *(Line2D([], [], color=line["color"], marker=">", markersize=3) for line in TASKS[:2]),
        Line2D([], [], color="0.3", linewidth=0.5),
    ]
    figure.legend(handles, ["path of task 1", "path of task 2", "equal speed"], loc="outside lower center", ncols=3)
    return figure


def speed_map(axes: Axes, speed: xarray.DataArray, norm: PowerNorm) -> None:
    """One map, with paths on their way from even to specialized."""
    across, up, heights = speed.weight_1.values, speed.weight_2.values, speed.values
    axes.pcolormesh(across, up, heights, cmap="YlOrBr", norm=norm, shading="nearest", alpha=0.8, rasterized=True)
    axes.contour(across, up, heights, levels=[0.5, 1, 2, 3], colors="0.3", linewidths=0.5)
    axes.plot([0, 1], [1, 0], color="black", linewidth=0.8, linestyle="--")
    for apart in ARROWS:
        for sign, line in zip((1, -1), TASKS, strict=False):
            end = np.array([0.5 + sign * apart, 0.5 - sign * apart])
            arrow(axes, np.zeros(2), end, line["color"], zorder=3)
    axes.set(xlim=(0, 1.02), ylim=(0, 1.02), xticks=(0, 0.5, 1), yticks=(0, 0.5, 1), aspect="equal")
    axes.set_xlabel("$w^p_1$", labelpad=1)
    axes.set_ylabel("$w^p_2$", labelpad=3)


def claims(data: xarray.Dataset) -> list[Claim]:
    """The two numbers of the published map; the rest of it is the same formula again."""
    return [
        Claim(
            "specialized paths adapt at the speed 4",
            "Figure A8A, its corners",
            Range(3.95, 4.05, READING),
            exact(at(data.speed, 1.0, 0.0)),
            origin="picture",
        ),
        Claim(
            "equal paths adapt at the speed 1",
            "Figure A8A, its centre",
            Range(0.95, 1.05, READING),
            exact(at(data.speed, 0.5, 0.5)),
            origin="picture",
        ),
    ]


def at(speed: xarray.DataArray, across: float, up: float) -> float:
    """The value at a point of the map."""
    return float(speed.sel(weight_1=across, weight_2=up, method="nearest"))


def caption(data: xarray.Dataset, claims: list[Claim]) -> str:
    """What is seen in the three maps, with settings and verdicts."""
    return written(
        "Figure A8. Specialized paths adapt faster",
        "The speed εᵀ K ε at which the task loss falls after a switch, K the neural tangent kernel of the "
        "two-dimensional model, over the weights of one path; the other one is its mirror image, and gates are the "
        "weights of the first. Arrows: paths of task 1 (dark) and task 2 on their way from equal to specialized; lines "
        "are at .5, 1, 2 and 3. **A** The whole kernel, Σ w wᵀ + I Σ c². **B** Its first term, learning by the gates. "
        "**C** Its second term, learning by the weights.",
        [str(data.settings)],
        claims,
    )
