"""`Cells`: the chosen cell, and the one that is pinned beside it."""

from __future__ import annotations

from html import escape

from bokeh.layouts import row

from gatednet.explore.curves import Curves
from gatednet.explore.news import Change
from gatednet.explore.run_plots import Column
from gatednet.explore.verdict import Verdict, verdict_of
from gatednet.explore.widgets import Widgets


class Cells:
    """The plots of both cells, `root`, and the text about them, `verdict`; widths are in pixels."""

    def __init__(self, widgets: Widgets, width: int, verdict_width: int, theme: str) -> None:
        self._width = width
        self._columns = (Column(width, theme, "chosen"), Column(width // 2, theme, "pinned"))
        self._columns[1].fit(width // 2, legends=False)
        self._pinned: bool | None = None
        self.verdict = widgets.words("verdict", width=verdict_width)
        self.root = row(*[each.root for each in self._columns])

    def dress(self, theme: str) -> None:
        """Give all plots the colours of a theme."""
        for each in self._columns:
            each.dress(theme)

    def fit(self, pinned: bool) -> None:
        """Make room for a pinned cell, or give its room to the chosen one."""
        if self._pinned == pinned:
            return
        self._pinned = pinned
        self.root.children[1].visible = pinned
        self._columns[0].fit(self._width // 2 if pinned else self._width, legends=not pinned)

    def fill(self, chosen: Curves | None, beside: Curves | None, theme: str) -> list[Change]:
        """What shows the runs of the cells, and says what they are."""
        changes, words = [], []
        for name, curves, plots in (("", chosen, self._columns[0]), ("pinned: ", beside, self._columns[1])):
            if curves is None or "step" not in curves.data.dims:
                changes += plots.clear(waiting=False)
            else:
                changes += plots.fill(curves, theme)
            if curves is None:
                continue
            words.append(_sentence(name, verdict_of(curves)))
        if chosen is None or "step" not in chosen.data.dims:
            words.append("<p>the store keeps nothing over time</p>")
        return [*changes, self.verdict.change("".join(words))]

    def fade(self, pinned: bool) -> list[Change]:
        """What greys the runs of the chosen cell, or of the pinned one, as those of other settings than are named."""
        return self._columns[pinned].fade()

    def clear(self, pinned: bool, waiting: bool) -> list[Change]:
        """What shows nothing of the chosen cell, or of the pinned one, and whether something is on its way."""
        return self._columns[pinned].clear(waiting)

    def no_verdict(self, waiting: bool) -> Change:
        """What says nothing of the cells, but whether something is on its way."""
        return self.verdict.change("<span>computing …</span>" if waiting else "")


def _sentence(name: str, verdict: Verdict) -> str:
    return f"<p><b>{name}{verdict.word}</b>: {escape(verdict.reason, quote=False)}</p>"
