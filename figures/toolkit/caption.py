"""The text beside a figure: what is drawn, from which settings, and what became of its claims."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gatednet.figures.toolkit.claim import Claim, number


def caption(title: str, seen: str, settings: Iterable[str], claims: Iterable[Claim]) -> str:
    """A caption in Markdown: a heading, what is seen, the settings, and, where there are claims, a table of them."""
    lines = [f"# {title}", "", seen, "", "## Settings", ""]
    lines += [f"* {each}" for each in settings]
    claims = list(claims)
    if claims:
        lines += ["", *_table(claims)]
    return "\n".join(lines) + "\n"


def _table(claims: Sequence[Claim]) -> list[str]:
    """Claims as lines of Markdown, with the reasons for their ranges."""
    lines = ["## Claims", ""]
    lines += ["| claim | source | origin | expected | measured | standard error | runs | verdict | known |"]
    lines += ["|---|---|---|---|---|---|---|---|---|"]
    for each in claims:
        measured = each.measured
        cells = [
            each.sentence,
            each.source,
            each.origin,
            str(each.range),
            number(measured.value),
            number(measured.standard_error),
            str(measured.runs),
            each.verdict,
            each.known_verdict,
        ]
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    lines += ["", "Why the ranges are as wide as they are:", ""]
    lines += [f"* {each.sentence}: {each.expected.why}." for each in claims]
    return lines
