"""The guided tour: every stop can be shown and shared."""

from urllib.parse import parse_qs

import jax
import pytest

from gatednet import SettingError, paths
from gatednet.explore.curves import simulated
from gatednet.explore.source import Live
from gatednet.explore.tour import STOPS
from gatednet.explore.verdict import verdict_of
from gatednet.explore.view import from_query

TITLES = [stop.title for stop in STOPS]


@pytest.fixture(scope="module")
def source():
    return Live(jax.local_devices()[:1])


@pytest.mark.parametrize("stop", STOPS, ids=TITLES)
def test_every_stop_can_be_shown(stop, source):
    source.check(stop.view)
    assert stop.text
    assert "\n" not in stop.text


@pytest.mark.parametrize("stop", STOPS, ids=TITLES)
def test_every_stop_survives_its_address(stop, source):
    assert from_query(parse_qs(stop.view.query()), source.default()) == stop.view


@pytest.mark.parametrize("stop", STOPS, ids=TITLES)
def test_the_cells_of_every_stop_are_within_its_diagram(stop, source):
    chosen = paths(source.experiment(stop.view))
    for span in (stop.view.x, stop.view.y):
        cells = [chosen[span.path]]
        if stop.view.pinned is not None:
            cells.append(stop.view.values_at(stop.view.pinned)[span.path])
        assert all(span.low <= value <= span.high for value in cells), span


@pytest.mark.parametrize("stop", [stop for stop in STOPS if stop.view.pinned], ids=lambda stop: stop.title)
def test_what_is_pinned_is_another_cell(stop, source):
    assert source.experiment(stop.view, stop.view.pinned) != source.experiment(stop.view)


WORDS = {
    "Two regimes": ["flexible", "forgetful"],
    "Constraints": ["flexible", "forgetful"],
    "Block length": ["forgetful", "flexible"],
    "Correlation": ["flexible", "flexible"],
    "More tasks": ["flexible"],
}


@pytest.mark.parametrize("stop", STOPS, ids=TITLES)
def test_the_verdicts_of_a_stop_are_what_its_text_says(stop, source):
    cells = [None] if stop.view.pinned is None else [None, stop.view.pinned]
    found = [verdict_of(simulated(source.experiment(stop.view, cell), stop.view.seeds)) for cell in cells]
    assert [verdict.word for verdict in found] == WORDS[stop.title]
    assert all(verdict.reason.startswith("relative specialization ") for verdict in found)


def test_the_stop_about_correlation_is_coloured_by_what_it_is_about():
    (stop,) = [stop for stop in STOPS if stop.title == "Correlation"]
    assert stop.view.observable == "relative_specialization"
    assert dict(stop.view.changes)["teachers.correlation"] == 0.5


def test_titles_are_distinct():
    assert len(set(TITLES)) == len(TITLES) > 3
    assert all(TITLES)


def test_a_stop_that_could_not_be_shown_would_be_refused(source):
    # So that the first test above can fail.
    with pytest.raises(SettingError) as refused:
        source.check(STOPS[0].view.changed("timescales.gates", 0.0))
    assert str(refused.value) == "set: Timescales.gates is 0.0, allowed is a finite number above 0"


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"show": "total_alignmen"}, "unknown observable 'total_alignmen': did you mean 'total_alignment'?"),
        # One that has a number for each path cannot colour a cell.
        ({"show": "gates"}, "unknown observable 'gates'"),
        ({"x": "timescales.gate,0.1,1,log"}, "'timescales.gate' cannot be an axis: did you mean 'timescales.gates'?"),
        ({"x": "network.paths,1,4,linear"}, "'network.paths' cannot be an axis"),
        (
            {"x": "teachers.correlation,0,1.5,linear"},
            "Teachers.correlation is 1.5, allowed is a finite number at least 0 and at most 1",
        ),
        (
            {"pin": "0,1"},
            "Timescales.gates is 0.0, allowed is a finite number above 0",
        ),
        ({"base": "fig7-flexible"}, "fig7-flexible learns from images"),
        ({"set": "timescales.gate=1"}, "set: unknown path 'timescales.gate': did you mean 'timescales.gates'?"),
    ],
)
def test_refusals_of_views(parts, message, source):
    view = from_query({name: [text] for name, text in parts.items()}, STOPS[0].view)
    with pytest.raises(SettingError) as refused:
        source.check(view)
    assert str(refused.value).startswith(message)
    assert "\n" not in str(refused.value)
