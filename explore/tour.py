"""The guided tour: views in a row, each with what to look at."""

from __future__ import annotations

import dataclasses

from gatednet.explore.view import Span, View

_GATES = Span("timescales.gates", 0.01, 3.0, "log")
_BLOCKS = Span("curriculum.block_length", 0.1, 10.0, "log")


@dataclasses.dataclass(frozen=True)
class Stop:
    """A step of the tour: a title, what to look at, and what is shown."""

    title: str
    text: str
    view: View


def _view(
    x: Span = _GATES,
    y: Span = _BLOCKS,
    pinned: tuple[float, float] | None = None,
    observable: str = "total_alignment",
    **changes: float,
) -> View:
    values = tuple(sorted((path.replace("__", "."), value) for path, value in changes.items()))
    return View("fig2-flexible", x, y, observable, 0.8, changes=values, pinned=pinned)


STOPS = (
    Stop(
        "Two regimes",
        "Two tasks come in turn, in blocks. With fast gates (left in the diagram) each path becomes one task's own and "
        "a switch is a flick of the gates. Pinned beside it: gates as slow as the weights, which relearn in every "
        "block. The diagram is coloured by how well paths are aligned with the tasks.",
        _view(timescales__gates=0.03, curriculum__block_length=1.0, pinned=(1.3, 1.0)),
    ),
    Stop(
        "Constraints",
        "Across: the penalty that holds the norm of the gates; up: the one against negative gates. At the lower left "
        "corner both are gone, and paths share the work in any mixture. That cell is pinned: its gates open together.",
        _view(
            Span("objective.norm", 0.0, 0.2),
            Span("objective.nonnegativity", 0.0, 0.2),
            timescales__gates=0.03,
            objective__norm=0.15,
            objective__nonnegativity=0.1,
            pinned=(0.0, 0.0),
        ),
    ),
    Stop(
        "Block length",
        "Specialization grows with the square of the length of a block, so that long blocks specialize in less time. "
        "The chosen cell has short blocks, the pinned one long ones; all else is equal.",
        _view(timescales__gates=0.06, curriculum__block_length=0.2, pinned=(0.06, 2.0)),
    ),
    Stop(
        "Correlation",
        "Tasks that resemble each other (across: the cosine of their rows) leave less for a path to make its own, and "
        "it takes longer blocks (up) to tell them apart. The diagram is coloured by specialization relative to what "
        "the tasks allow: 1 where each path is one task's own, however alike the tasks are. Chosen: tasks of cosine "
        "one half, told apart almost as well as the pinned ones, which share nothing.",
        _view(
            Span("teachers.correlation", 0.0, 0.95),
            observable="relative_specialization",
            timescales__gates=0.03,
            teachers__correlation=0.5,
            curriculum__block_length=1.0,
            pinned=(0.0, 1.0),
        ),
    ),
    Stop(
        "More tasks",
        "Four tasks and four paths: a path for each, found in the same way. Each task is seen half as often as one of "
        "two, and weights are twice as fast here to make up for it. To change these numbers takes a moment, since "
        "another network is compiled.",
        _view(
            timescales__gates=0.03, timescales__weights=0.65, network__paths=4, network__outputs=5, teachers__tasks=4
        ),
    ),
)
