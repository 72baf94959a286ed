"""The gallery and the table of claims, from the stored results of a full reproduction: docs/results, `make results`."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docstrings import escaped
from tables import Generated, table

from gatednet.figures.registry import FIGURES
from gatednet.figures.toolkit.archive import open_data
from gatednet.figures.toolkit.claim import ORIGINS, Range, number
from gatednet.figures.toolkit.panels import look

if TYPE_CHECKING:
    from sphinx.application import Sphinx

RESULTS = Path(__file__).parents[1] / "results"
# Where pictures are drawn to, beside the pages that show them.
PICTURES = "_gallery"
DOTS_PER_INCH = 160
VERDICTS = {"holds": "holds", "fails": "**fails**", "undecided": "*undecided*"}


def draw_all(app: Sphinx) -> None:
    """Draw every figure from its stored data."""
    folder = Path(app.srcdir) / PICTURES
    folder.mkdir(exist_ok=True)
    for name, entry in FIGURES.items():
        with look():
            figure = entry.load().draw(open_data(RESULTS / f"{name}.zarr.zip"))
            figure.savefig(folder / f"{name}.png", dpi=DOTS_PER_INCH)


class Gallery(Generated):
    """Figures with their captions and settings: those of open questions where the argument is `open`, or the others."""

    optional_arguments = 1

    def lines(self) -> Iterable[str]:
        """A section for each figure."""
        for name, entry in FIGURES.items():
            if name.startswith("open") != (self.arguments == ["open"]):
                continue
            data = open_data(RESULTS / f"{name}.zarr.zip")
            title, *text = entry.load().caption(data, []).splitlines()
            yield f"## {title.removeprefix('# ')}"
            yield from ["", f"![{escaped(entry.summary)}]({PICTURES}/{name}.png)", ""]
            yield from ("**Settings**" if line == "## Settings" else line for line in text)
            yield ""


class Claims(Generated):
    """Every claim with its verdict."""

    def lines(self) -> Iterable[str]:
        """What became of all of them in one sentence, and a table for each figure."""
        found: list[dict[str, Any]] = json.loads((RESULTS / "claims.json").read_text(encoding="utf-8"))
        count = Counter(each["verdict"] for each in found)
        counted = ", ".join(f"{count[verdict]} {VERDICTS[verdict]}" for verdict in VERDICTS if count[verdict])
        yield from [f"{len(found)} claims: {counted}. What they expect is from", ""]
        by_origin = Counter((each["origin"], each["verdict"]) for each in found)
        yield from table(
            ["origin", "", *VERDICTS],
            ([name, about, *(str(by_origin[name, each]) for each in VERDICTS)] for name, about in ORIGINS.items()),
        )
        for name, entry in FIGURES.items():
            yield from [f"## {entry.summary}", ""]
            yield from table(
                ["claim", "source", "origin", "expected", "measured", "runs", "verdict"],
                (self.row(each) for each in found if each["figure"] == name),
            )

    def row(self, claim: dict[str, Any]) -> list[str]:
        """The cells of a claim."""
        low, high = claim["expected"]
        measured, error = (
            number(claim[key]) if claim[key] is not None else "–" for key in ("measured", "standard_error")
        )
        return [
            escaped(claim["sentence"]),
            escaped(claim["source"]),
            claim["origin"],
            str(Range(low, high, claim["why"])),
            measured if claim["standard_error"] == 0 else f"{measured} ± {error}",
            str(claim["runs"]),
            VERDICTS[claim["verdict"]],
        ]


def setup(app: Sphinx) -> dict[str, bool]:
    """Make the directives known, and draw what they show."""
    app.add_directive("gallery", Gallery)
    app.add_directive("claims", Claims)
    app.connect("builder-inited", draw_all)
    return {"parallel_read_safe": True}
