"""Figure 7: a gated head on a convolutional network switches between digits and digits sorted by parity."""

from __future__ import annotations

from collections.abc import Mapping

import xarray
from matplotlib.figure import Figure

from gatednet.figures.toolkit import images
from gatednet.figures.toolkit.claim import Claim, Range
from gatednet.sweeps.store.store import Store

SWEEPS = ("fig7",)
PANELS = "ABCD"
SOURCE = "Figure 7, by the prototype"


def compute(stores: Mapping[str, Store]) -> xarray.Dataset:
    """What the panels show; see `gatednet.figures.toolkit.images`."""
    return images.of_store(stores["fig7"])


def draw(data: xarray.Dataset) -> Figure:
    """Accuracy, gates of either regime, and steps to recover."""
    return images.draw(data, ("digits, and sorted by parity",))


def claims(data: xarray.Dataset) -> list[Claim]:
    """What the prototype leads one to expect."""
    return images.claims_of(
        data.sel(pair="parity"),
        SOURCE,
        flexible_end=Range(0.98, 0.99, f".986 there, {images.READING}"),
        forgetful_dip=Range(0.22, 0.28, f".25 there, {images.READING}, and some seeds differ by .03"),
        forgetful_end=Range(0.96, 0.98, f".97 there, {images.READING}"),
        gates_end=images.PROTOTYPE_GATES,
        known={"and climbs": "fails"},
    )


def caption(data: xarray.Dataset, claims: list[Claim]) -> str:
    """What is seen in the four panels, with settings and verdicts."""
    return images.caption(
        "Figure 7. Switching between tasks on images",
        "A gated head learns from 64 features of MNIST's handwritten digits, the last hidden layer of a small "
        "convolutional network that was trained on the plain labels once and is then left as it is.",
        data,
        claims,
        (("ABCD", "the digit, and the digit with even ones before odd ones"),),
    )
