"""Figure A15: the same head on pieces of clothing, sorted by where they are worn and by how warm they are."""

from __future__ import annotations

from collections.abc import Mapping

import xarray
from matplotlib.figure import Figure

from gatednet.figures.toolkit import images
from gatednet.figures.toolkit.claim import Claim, Range
from gatednet.sweeps.store.store import Store

SWEEPS = ("figa15",)
PANELS = "ABCDEFGH"
SOURCE = "Figure A15, by the prototype"


def compute(stores: Mapping[str, Store]) -> xarray.Dataset:
    """What the panels show; see `gatednet.figures.toolkit.images`."""
    return images.of_store(stores["figa15"])


def draw(data: xarray.Dataset) -> Figure:
    """Accuracy, gates of either regime, and steps to recover, a row for each pair of tasks."""
    return images.draw(data, ("clothes, and upper before lower", "clothes, and warm before cool"))


def claims(data: xarray.Dataset) -> list[Claim]:
    """What the prototype leads one to expect."""
    flexible_end = Range(0.89, 0.91, f".90 there, {images.READING}")
    return [
        *images.claims_of(
            data.sel(pair="upper_lower"),
            SOURCE,
            flexible_end=flexible_end,
            forgetful_dip=Range(0.25, 0.31, f".28 there, {images.READING}, and some seeds differ by .03"),
            forgetful_end=Range(0.84, 0.86, f".85 there, {images.READING}"),
            gates_end=images.PROTOTYPE_GATES,
            known={"and climbs": "fails"},
            named="upper and lower",
        ),
        *images.claims_of(
            data.sel(pair="warm_cool"),
            SOURCE,
            flexible_end=flexible_end,
            forgetful_dip=Range(0.48, 0.54, f".51 there, {images.READING}, and some seeds differ by .03"),
            forgetful_end=Range(0.87, 0.89, f".88 there, {images.READING}"),
            gates_end=images.PROTOTYPE_GATES,
            known={"at block ends the flexible gate": "fails", "and that of the other": "fails"},
            named="warm and cool",
        ),
    ]


def caption(data: xarray.Dataset, claims: list[Claim]) -> str:
    """What is seen in the eight panels, with settings and verdicts."""
    return images.caption(
        "Figure A15. Switching between tasks on pieces of clothing",
        "As Figure 7, with the pieces of clothing of Fashion-MNIST.",
        data,
        claims,
        (
            ("ABCD", "the piece, and the piece with those for the upper body before others"),
            ("EFGH", "the piece, and the piece with warm ones before cool ones"),
        ),
    )
