"""Figure 4: in two dimensions, fast gates find the path that is there, and blocks of both tasks pull paths apart."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import xarray
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gatednet.figures.toolkit import geometry, plane, specialization
from gatednet.figures.toolkit.caption import caption as written
from gatednet.figures.toolkit.claim import Claim, Range
from gatednet.figures.toolkit.describe import settings_line
from gatednet.figures.toolkit.panels import PAGE, at_least, letter, new_figure
from gatednet.figures.toolkit.statistics import exact
from gatednet.sweeps.store.store import Store

SWEEPS = ("fig4",)
PANELS = "ABCDEFGH"
# Ends of c̄ for τ_c/τ_w in equal ratios from .1 to 1, measured in the published panel.
PUBLISHED_ENDS = (0.906, 0.835, 0.670, 0.307, -0.153)
# Where the published paths end for each length of blocks: the weight of a path for its own task, and for the other.
PUBLISHED_WEIGHTS = {1.0: (0.60, 0.17), 2.0: (0.75, 0.04)}
# The published distances begin with the fourth block, and have come close to their limit 27 blocks later.
FIRST_SHOWN, LATE = 4, 31
READING = "measured in the published picture, to about .01"
# What is left of the loss at a switch when a task counts as learned.
LEARNED = 0.01


def compute(stores: Mapping[str, Store]) -> xarray.Dataset:
    """What the panels show: a switch, a map, the symmetric runs, blocks of two lengths, a limit cycle.

    The symmetric runs have the dimensions "ratio" and "step"; for the others see `gatednet.figures.toolkit.geometry`.
    """
    symmetric = specialization.by_ratio(stores["fig4-symmetric"])
    parts = [
        symmetric[["gate_difference", "weight_difference", "theory"]],
        geometry.switch(stores["fig4-regimes"]),
        geometry.gate_gradient(),
        geometry.blocks(stores["fig4-blocks"]),
        geometry.cycle(stores["fig4-cycle"]),
    ]
    settings = [f"{panels}: {settings_line(stores[name].sweep.experiment)}" for name, panels in SHOWN.items()]
    times = stores["fig4-regimes"].sweep.experiment.timescales
    return xarray.merge(parts, combine_attrs="override").assign_attrs(
        settings=settings, gates_time_constant=times.gates
    )


# The panels of each store.
SHOWN = {"fig4-regimes": "A to C", "fig4-symmetric": "E", "fig4-blocks": "F", "fig4-cycle": "G, H"}


def draw(data: xarray.Dataset) -> Figure:
    """The eight panels."""
    figure = new_figure(PAGE, 3.9)
    grid = figure.subplots(2, 4)
    plane.outputs(grid[0, 0], data)
    for axes, regime in ((grid[0, 1], "forgetful"), (grid[0, 2], "flexible")):
        plane.weights_of_switch(axes, data.sel(regime=regime))
        axes.set_title(regime)
    plane.gradient_map(grid[0, 3], data)
    specialization.plane_of_differences(grid[1, 0], data)
    specialization.colour_bar(figure, grid[1, 0], data.ratio.values, inside=True)
    plane.weights_of_blocks(grid[1, 1], data)
    limit_cycle(grid[1, 2], data)
    distances(grid[1, 3], data)
    for name, axes in zip(PANELS, grid.flat, strict=True):
        letter(axes, name)
        axes.set_box_aspect(1)
    return figure


def limit_cycle(axes: Axes, data: xarray.Dataset) -> None:
    """w̄ against c̄ over all blocks, the last two drawn boldly."""
    gates, weights = data.cycle_gate_difference.values, data.cycle_weight_difference.values
    axes.plot(gates, weights, color="0.6", linewidth=0.4)
    last = slice(-2 * (len(gates) // (data.sizes["block"] + 1)) - 1, None)
    axes.plot(gates[last], weights[last], color="black", linewidth=1.4)
    axes.set(xlabel="gates  c̄", ylabel="weights  w̄", xlim=(-1.3, 1.3), xticks=(-1, 0, 1))
    at_least(axes, 0, 1.05)


def distances(axes: Axes, data: xarray.Dataset) -> None:
    """How far each block is from the one before, from the published first one on, and the distance of the cycle."""
    shown = data.distance.sel(block=slice(FIRST_SHOWN, None))
    axes.plot(shown.block, shown, color="black", linewidth=1.0)
    axes.axhline(np.sqrt(2), color="0.4", linewidth=0.8, linestyle="--")
    axes.annotate(
        "√2", (shown.block[-1], np.sqrt(2)), xytext=(-2, 3), textcoords="offset points", ha="right", color="0.3"
    )
    axes.set(xlabel="block", ylabel="max |θ(t) − θ(t − τ$_B$)|", xlim=(0, None))
    at_least(axes, 1.38, 1.75)


def claims(data: xarray.Dataset) -> list[Claim]:
    """What the published panels and the theory lead one to expect. Nothing here is random: a run is one run."""
    return [*claims_of_switch(data), *claims_of_symmetric(data), *claims_of_blocks(data), *claims_of_cycle(data)]


def claims_of_switch(data: xarray.Dataset) -> list[Claim]:
    """Panels A to C."""
    flexible, forgetful = data.sel(regime="flexible"), data.sel(regime="forgetful")
    by_gates = data.gates_time_constant * np.log(1 / np.sqrt(LEARNED))
    times = [
        geometry.time_until(LEARNED, each.switch_time.values, each.switch_loss.values) for each in (flexible, forgetful)
    ]
    return [
        Claim(
            f"flexible: the loss is down to a hundredth by t = {by_gates:.3f}",
            "Figure 4, flexible panel, and the tangent kernel of Figure A8",
            Range(
                None,
                round(by_gates, 3),
                "gates alone, with orthonormal paths, bring it down as exp(-2t/τ_c); the weights help",
            ),
            exact(times[0]),
            origin="ours",
        ),
        Claim(
            f"forgetful: with the same time constants it takes at least twice as long, t = {2 * by_gates:.3f}",
            "Figure 4, forgetful and flexible panels",
            Range(
                round(2 * by_gates, 3),
                None,
                "weights alone make the new output, at the rate Σ(c^p)²/τ_w = 1/(2τ_w), four times slower than gates; "
                "half of it is a difference in kind",
            ),
            exact(times[1]),
            origin="ours",
        ),
        Claim(
            "flexible: paths stay specialized, smallest w̄ after the switch",
            "Figure 4, flexible panel; theory sqrt(1 - ½ τ_c/τ_w) = .866",
            Range(0.856, 0.876, "the theory for even gates, give or take the .01 of a line"),
            exact(float(flexible.switch_weight_difference.min())),
            origin="text",
        ),
    ]


def claims_of_symmetric(data: xarray.Dataset) -> list[Claim]:
    """Panel E."""
    ends = data.gate_difference.isel(step=-1).values
    found = [
        Claim(
            f"with τ_c/τ_w = {ratio:.3g} the gates come to c̄ = {published:.3f}",
            "Figure 4, symmetric panel",
            Range(round(published - 0.01, 3), round(published + 0.01, 3), READING),
            exact(end),
            origin="picture",
        )
        for ratio, published, end in zip(data.ratio.values, PUBLISHED_ENDS, ends, strict=True)
    ]
    distance = float(np.abs(data.weight_difference - data.theory).max())
    found.append(
        Claim(
            "simulations lie on the theory, w̄ = sqrt(1 - ½ (τ_c/τ_w)(1 - c̄²)): largest distance in w̄",
            "section on the symmetric case, and Figure 4, symmetric panel",
            Range(None, 0.005, specialization.WHY_HALF_A_LINE),
            exact(distance),
            origin="text",
        )
    )
    return found


def claims_of_blocks(data: xarray.Dataset) -> list[Claim]:
    """Panel F."""
    ends = data.blocks_weights.isel(blocks_step=-1)
    found = []
    for length, (own, other) in PUBLISHED_WEIGHTS.items():
        end = ends.sel(block_length=length).isel(path=0).values
        found.append(
            Claim(
                f"with blocks of {length:g} the first path comes to ({own:.2f}, {other:.2f}): distance from there",
                "Figure 4, panel of block lengths",
                Range(None, 0.03, "both coordinates are read off the published picture, to about .02 each"),
                exact(float(np.hypot(*(end - (own, other))))),
                origin="picture",
            )
        )
    return found


def claims_of_cycle(data: xarray.Dataset) -> list[Claim]:
    """Panels G and H."""
    limit = math.sqrt(2)
    gates = data.cycle_gate_difference
    return [
        Claim(
            f"on the way to the cycle c̄ goes beyond {sign:g}, as far as {1.2 * sign:g}",
            "Figure 4, limit cycle",
            Range(1.2 * sign - 0.05, 1.2 * sign + 0.05, "read off the published picture, to about .05"),
            exact(float(extreme)),
            origin="picture",
        )
        for sign, extreme in ((1, gates.max()), (-1, gates.min()))
    ] + [
        Claim(
            "in the cycle paths are specialized: w̄ at the end of the run",
            "Figure 4, limit cycle: w̄ → 1",
            Range(0.97, 1.03, "read off the published picture, to about .03"),
            exact(float(data.cycle_weight_difference.isel(cycle_step=-1))),
            origin="picture",
        ),
        Claim(
            f"the first published distance, of block {FIRST_SHOWN} from the one before, is 1.71",
            "Figure 4, cycle convergence",
            Range(1.69, 1.73, "read off the published picture, to about .02"),
            exact(float(data.distance.sel(block=FIRST_SHOWN))),
            origin="picture",
        ),
        Claim(
            f"the distance falls: at block {LATE}, 27 blocks later, it is 1.42",
            "Figure 4, cycle convergence",
            Range(1.41, 1.43, "read off the published picture, to about .01 where the curve is flat"),
            exact(float(data.distance.sel(block=LATE))),
            origin="picture",
        ),
        Claim(
            "its limit is √2, gates alone that swap (1, 0) and (0, 1): mean over the last ten blocks",
            "Figure 4, cycle convergence",
            Range(
                round(limit - 0.005, 3),
                round(limit + 0.005, 3),
                "a curve that has come to a line of the published picture, .01 wide",
            ),
            exact(float(data.distance.isel(block=slice(-10, None)).mean())),
            origin="picture",
        ),
    ]


def caption(data: xarray.Dataset, claims: list[Claim]) -> str:
    """What is seen in the eight panels, with settings and verdicts."""
    return written(
        "Figure 4. Fast gates choose paths, and blocks pull paths apart",
        "The two-dimensional model: one input, two outputs, the unit vectors as teachers. **A** Outputs after "
        "a switch from the first target (light star) to the second (black star); the broad arrow is the error ε. "
        "**B**, **C** The two paths (solid: path 1, dashed: path 2, drawn .12 apart) after that switch, to the dots, "
        "in the forgetful regime, where both paths do the same, and in the flexible one; shading: gates; inset: loss. "
        "**D** What drives the gate of a path, -∂L/∂c^p = w^pᵀ ε, right after the switch. **E** w̄ against c̄ within one "
        "block, from specialized weights and the wrong gate open. Broad lines: simulation to its end (dots), one for "
        "each τ_c/τ_w. Dashed: w̄ = sqrt(1 - ½ (τ_c/τ_w)(1 - c̄²)). **F** Both paths for two lengths of blocks in equal "
        "time, means over both orders of the tasks; grey: pathways that learn one target together (Shi et al. 2022). "
        "**G** w̄ against c̄ over 100 blocks, the last two in black. **H** The largest distance of all weights and "
        "gates in a block from what they were one block before.",
        [*np.atleast_1d(data.settings), "τ_c/τ_w in E: " + ", ".join(f"{ratio:.4g}" for ratio in data.ratio.values)],
        claims,
    )
