"""Control 3: Figures 7 and A15 on small digits that come with scikit-learn, so that they can be made anywhere."""

from __future__ import annotations

from collections.abc import Mapping

import xarray
from matplotlib.figure import Figure

from gatednet.figures.toolkit import images
from gatednet.figures.toolkit.claim import Claim, Range
from gatednet.sweeps.store.store import Store

SWEEPS = ("control3",)
PANELS = "ABCDEFGH"
SOURCE = "text on Figures 7 and A15, with other images"


def compute(stores: Mapping[str, Store]) -> xarray.Dataset:
    """What the panels show; see `gatednet.figures.toolkit.images`."""
    return images.of_store(stores["control3"])


def draw(data: xarray.Dataset) -> Figure:
    """Accuracy, gates of either regime, and steps to recover, a row for each pair of tasks."""
    return images.draw(data, ("digits, and sorted by parity", "digits, and as warm and cool"))


def claims(data: xarray.Dataset) -> list[Claim]:
    """The same kinds of sentences as about Figures 7 and A15; levels follow from the permutations, not from them."""
    flexible_end = Range(0.96, None, "the network itself reaches .986, and its head sees no more than its features")
    forgetful_end = Range(0.88, 0.98, "between the dip and the flexible network, as on other images: not as high")
    return [
        *images.claims_of(
            data.sel(pair="parity"),
            SOURCE,
            flexible_end=flexible_end,
            forgetful_dip=Range(0.2, 0.3, "two digits in ten keep their names, and a hundred steps mend .1 at most"),
            forgetful_end=forgetful_end,
            gates_end=None,
            named="parity",
        ),
        *images.claims_of(
            data.sel(pair="warm_cool"),
            SOURCE,
            flexible_end=flexible_end,
            forgetful_dip=Range(0.45, 0.6, "five digits in ten keep their names, and a hundred steps mend .1 at most"),
            forgetful_end=forgetful_end,
            gates_end=None,
            named="warm and cool",
        ),
    ]


def caption(data: xarray.Dataset, claims: list[Claim]) -> str:
    """What is seen in the eight panels, with settings and verdicts."""
    return images.caption(
        "Control 3. Switching between tasks on small digits",
        "As Figures 7 and A15, with the 1 797 digits of 8×8 pixels of scikit-learn, 500 of them to test with.",
        data,
        claims,
        (
            ("ABCD", "the digit, and the digit with even ones before odd ones"),
            ("EFGH", "the digit, and the digit permuted as Figure A15 permutes pieces of clothing, warm and cool"),
        ),
    )
