"""Which tests run in one process, so that what they share is made once.

A mark cannot say it: with pytest 9.2, pytest-xdist 3.8 does not find its own marks again.
"""

import re

from xdist.scheduler import LoadScopeScheduling

# The figure whose stores another one shows, too.
STORES_OF = {
    "figa4": "fig6", "figa5": "fig6", "figa6": "fig6", "figa11": "figa10", "figa12": "fig3",
    "control1": "fig2", "control2": "fig2",
}  # fmt: skip


def scope_of(test: str) -> str:
    """What a test shares with others, from its name in full: stores, or else what is in its file."""
    file, _, name = test.partition("::")
    if numbered := re.fullmatch(r"tests/figures/test_(figa?|control|open)0*(\d+)\.py", file):
        figure = f"{numbered[1]}{numbered[2]}"
    elif file == "tests/figures/test_figures.py" and (named := re.search(r"\[(\w+)\]$", name)):
        figure = named[1]
    else:
        return file
    return f"stores of {STORES_OF.get(figure, figure)}"


class Scopes(LoadScopeScheduling):
    """Hands the tests of one scope to one process."""

    def _split_scope(self, nodeid: str) -> str:
        return scope_of(nodeid)
