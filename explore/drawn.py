"""`Drawn`: the diagram and the curves on the page, each with what it is of."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from gatednet.explore.cells import Cells
from gatednet.explore.curves import Curves
from gatednet.explore.diagram import Diagram
from gatednet.explore.news import Change, News
from gatednet.explore.phase_plot import DiagramPlot
from gatednet.explore.scale import Scale, scale_of
from gatednet.explore.view import View
from gatednet.explore.widgets import Widgets


@dataclasses.dataclass(frozen=True)
class Found:
    """The runs of the chosen cell of a view, and those of the pinned one."""

    view: View
    chosen: Curves | None
    beside: Curves | None


class Drawn:
    """Plots of the diagram and of both cells, which never stand under names that are not their own.

    `named` comes before a view is named on the page. What is of another one is greyed then, or cleared where it has
    nothing to do with it, until its own is there. `diagram` and `found` are those of the view that is named, None where
    they are still to come.
    """

    def __init__(self, widgets: Widgets, news: News, sizes: tuple[tuple[int, int], int], view: View) -> None:
        diagram, width = sizes
        self._news, self._theme = news, view.theme
        self.plot = DiagramPlot(*diagram, view.theme)
        self.cells = Cells(widgets, width, diagram[0], view.theme)
        self._view = view
        # The views that are drawn, whether they are named or not; those of cells by whether they are pinned.
        self._of_diagram: View | None = None
        self._of_cell: dict[bool, View | None] = {False: None, True: None}
        self._diagram: Diagram | None = None
        self._failed: tuple[Any, ...] | None = None
        self._scale: Scale | None = None
        self._found: Found | None = None
        self._empty(waiting=True)

    @property
    def diagram(self) -> tuple[Diagram, Scale] | None:
        """The diagram of the view that is named, with its scale."""
        if self._diagram is None or self._scale is None or not self._has_diagram(self._view):
            return None
        return self._diagram, self._scale

    @property
    def found(self) -> Found | None:
        """The curves of the view that is named."""
        found = self._found
        return found if found is not None and _same_curves(found.view, self._view) else None

    def named(self, view: View) -> None:
        """Grey or clear what is not of a view that is named from now on."""
        self._view = view
        if self._of_diagram is not None:
            if self._of_diagram.cells != view.cells:
                self._empty(waiting=True)
            elif self._has_diagram(view):
                self.plot.restore()
                self._bound()
            else:
                self.plot.fade()
        else:
            self._empty(waiting=view.diagram != self._failed)
        outdated = [*self._outdated(view, pinned=False), *self._outdated(view, pinned=True)]
        if outdated:
            self._news.tell([*outdated, self.cells.no_verdict(waiting=True)])
        if self._theme != view.theme:
            self._theme = view.theme
            self.plot.dress(view.theme)
            self.cells.dress(view.theme)

    def _outdated(self, view: View, *, pinned: bool) -> list[Change]:
        """What greys or clears the chosen cell, or the pinned one, where it is not of a view."""
        drawn = self._of_cell[pinned]
        if drawn is None or (drawn.beside == view.beside if pinned else drawn.chosen == view.chosen):
            return []
        if drawn.base == view.base and (not pinned or drawn.pinned == view.pinned):
            return self.cells.fade(pinned=pinned)
        self._of_cell[pinned] = None
        return self.cells.clear(pinned=pinned, waiting=True)

    def show_curves(self, found: Found, changes: Sequence[Change], of: View | None = None) -> None:
        """Show runs, with changes that `Cells.fill` has made of them; grey where they are not of the view named.

        That is the one that was `named` last, or the one that will be at once.
        """
        named = of or self._view
        outdated: list[Change] = []
        if found.view.chosen != named.chosen:
            outdated += self.cells.fade(pinned=False)
        if found.beside is not None and found.view.beside != named.beside:
            outdated += self.cells.fade(pinned=True)
        if outdated:
            outdated.append(self.cells.no_verdict(waiting=True))
        self._found = found
        self._of_cell = {False: found.view, True: found.view if found.beside is not None else None}
        self._news.tell([*changes, *outdated])

    def show_diagram(self, view: View, diagram: Diagram) -> bool:
        """Show a diagram, unless it is not of the view that is named, or a finer one is there; whether it is shown."""
        if view.diagram != self._view.diagram:
            return False
        if self._has_diagram(view) and self._diagram is not None and self._diagram.values.size > diagram.values.size:
            return False
        if not self._has_diagram(view) or self._scale is None:
            # That of its first stage stays, so that no cell changes its colour for being seen more finely.
            self._scale = scale_of(view.observable, diagram.values)
        assert self._scale is not None
        self._of_diagram, self._diagram, self._failed = view, diagram, None
        self.plot.fill(diagram, self._scale, self._view.level)
        return True

    def no_curves(self, view: View) -> None:
        """Show no runs where those of a view could not be had."""
        if not _same_curves(view, self._view):
            return
        self._found = None
        self._of_cell = {False: None, True: None}
        cleared = [*self.cells.clear(pinned=True, waiting=False), *self.cells.clear(pinned=False, waiting=False)]
        self._news.tell([*cleared, self.cells.no_verdict(waiting=False)])

    def no_diagram(self, view: View) -> None:
        """Show no diagram where that of a view could not be had."""
        if view.diagram == self._view.diagram and not self._has_diagram(view):
            self._failed = view.diagram
            self._empty(waiting=False)

    def _has_diagram(self, view: View) -> bool:
        return self._of_diagram is not None and self._of_diagram.diagram == view.diagram

    def _bound(self) -> None:
        if self._diagram is not None:
            self.plot.bound(self._diagram.values, self._view.level)

    def _empty(self, waiting: bool) -> None:
        self._of_diagram = self._diagram = self._scale = None
        observable = self._view.observable
        self.plot.clear(observable.replace("_", " "), scale_of(observable), waiting)


def _same_curves(one: View, other: View) -> bool:
    return (one.chosen, one.beside) == (other.chosen, other.beside)
