"""Diagrams that are computed while one looks, against `gatednet.simulate` cell by cell."""

import jax
import numpy as np
import pytest

from gatednet import REGISTRY, Save, SettingError, simulate, with_values
from gatednet.explore.curves import simulated
from gatednet.explore.diagram import _QUICK_S, SIDES, diagrams, observables
from gatednet.explore.source import Live
from gatednet.explore.view import Span, View
from gatednet.sweeps.execution.executor import Executors
from gatednet.sweeps.progress import Silent
from tests.explore.tools import SHORT, SomeLost, short

DEVICES = jax.local_devices()[:1]
GATES = Span("timescales.gates", 0.03, 1.0, "log")
# In two cells: runs of 300 steps begin 7 and 3 blocks.
BLOCKS = Span("curriculum.block_length", 0.15, 1.35)
# What is measured at saves, at the end (a mean over saves: every 3 steps there are a hundred), and of each block.
KINDS = {"total_alignment": "saves", "specialization": "end", "block_loss": "blocks", "time_to_criterion": "blocks"}
SAVE = Save(tuple(KINDS), 3)


class Recorded(Silent):
    """Keeps the reports of compilations."""

    def __init__(self):
        self.told = []

    def compiling(self):
        self.told.append("compiling")

    def compiled(self, seconds):
        assert seconds >= 0
        self.told.append("compiled")


class Asked:
    """Wanted for the first `times` questions, and not from then on."""

    def __init__(self, times):
        self.left = times

    def __call__(self):
        self.left -= 1
        return self.left >= 0


def always():
    return True


def sizes(found):
    """The number of cells along a side of each diagram."""
    return [len(diagram.x) for diagram in found]


@pytest.fixture
def all_sides(monkeypatch):
    """As if no diagram were there at once: none is left out before it, and chunks have so many cells."""
    monkeypatch.setattr("gatednet.explore.diagram._QUICK_S", 0.0)


def made(experiment, observable, x=GATES, y=BLOCKS, seeds=2, wanted=always, progress=None, sides=(2,)):
    """The diagrams of an experiment on one device."""
    return diagrams(experiment, x, y, observable, seeds, wanted, progress or Silent(), DEVICES, sides)


@pytest.fixture(scope="module")
def runs():
    """The runs of every cell, two seeds each, by row and column."""
    return {
        (row, column): simulate(short(timescales__gates=gates, curriculum__block_length=length), SAVE, seeds=range(2))
        for row, length in enumerate((0.45, 1.05))
        for column, gates in enumerate(np.geomspace(0.03, 1.0, 5)[1::2])
    }


@pytest.mark.parametrize("observable", KINDS)
def test_each_cell_is_the_mean_over_the_seeds_of_the_runs_of_its_values(observable, runs):
    assert REGISTRY[observable].when == KINDS[observable]
    (diagram,) = made(short(), observable)
    assert diagram.values.shape == (2, 2)
    assert diagram.runs == 2 * 2 * 2
    assert diagram.seconds > 0
    np.testing.assert_allclose(diagram.x, np.geomspace(0.03, 1.0, 5)[1::2])
    np.testing.assert_allclose(diagram.y, (0.45, 1.05))
    for place, value in np.ndenumerate(diagram.values):
        each = runs[place][observable].values.astype(float)
        # Of a run the last number that is known: the end has only one.
        last = each if KINDS[observable] == "end" else [one[np.isfinite(one)][-1] for one in each]
        assert value == pytest.approx(np.mean(last), rel=1e-5)


def test_the_cells_that_are_compared_differ(runs):
    # So that the test above can fail: cells in each other's places would show, and so would a wrong block.
    for name in ("total_alignment", "specialization", "block_loss"):
        lasts = [each[name].values.reshape(2, -1)[:, -1].mean() for each in runs.values()]
        assert np.diff(np.sort(lasts)).min() > 1e-4 * np.max(lasts)
    assert [runs[row, 0].sizes["block"] for row in range(2)] == [7, 3]
    # Some runs do not reach the criterion in the part of a block at their end: the block before it is what is known.
    assert np.isnan(runs[0, 0].time_to_criterion.values[:, -1]).all()


@pytest.mark.usefixtures("all_sides")
def test_cells_along_more_than_one_chunk_are_in_their_places():
    # 400 cells are more than a chunk, of runs so short that all that counts is their setting.
    x, y = Span("initial.gates", -1.0, 1.0), Span("dt", 0.001, 0.002)
    experiment = with_values(short(), {"steps": 1, "timescales.gates": 1e6, "dt": 0.001})
    (diagram,) = made(experiment, "gate_norm", x, y, seeds=1, sides=(20,))
    np.testing.assert_allclose(diagram.values, np.abs(np.sqrt(2) * diagram.x * np.ones((20, 1))), rtol=1e-4)


@pytest.mark.parametrize("observable", KINDS)
def test_a_run_that_leaves_the_finite_numbers_has_no_value(observable):
    # Gates that are far faster than a step overflow at once; those of the right column do not.
    (diagram,) = made(short(), observable, x=Span("timescales.gates", 1e-6, 1.0, "log"))
    assert np.isnan(diagram.values[:, 0]).all()
    assert np.isfinite(diagram.values[:, 1]).all()


@pytest.mark.parametrize("observable", ["total_alignment", "block_loss"])
def test_a_cell_that_lost_one_of_its_runs_has_no_value(observable, monkeypatch):
    monkeypatch.setattr("gatednet.explore.diagram.Executors", SomeLost)
    # Runs 0 to 7, two for each cell, of which 1, 4 and 7 are lost.
    (diagram,) = made(short(), observable, seeds=2, sides=(2,))
    np.testing.assert_array_equal(diagram.values, [[np.nan, 2.5], [np.nan, np.nan]])


@pytest.mark.usefixtures("all_sides")
def test_diagrams_become_finer_until_the_last():
    found = list(made(short(), "loss", seeds=1, sides=(2, 3)))
    assert [diagram.values.shape for diagram in found] == [(2, 2), (3, 3)]
    assert list(SIDES) == sorted(set(SIDES))


def test_no_diagram_comes_before_one_that_is_there_at_once(monkeypatch):
    # Of runs of three steps each 256 take no longer than that is, and 289 take longer.
    monkeypatch.setattr("gatednet.explore.diagram.expected_speed", lambda sweep, group: 3 / _QUICK_S * 256)
    options = {"experiment": short(steps=3), "observable": "loss"}
    assert sizes(made(seeds=1, sides=(2, 16), **options)) == [16]
    assert sizes(made(seeds=1, sides=(2, 17), **options)) == [2, 17]
    # The last is never left out; and runs count, of which four seeds make four of each cell.
    assert sizes(made(seeds=4, sides=(2, 8, 9), **options)) == [8, 9]


@pytest.mark.usefixtures("all_sides")
def test_diagrams_of_any_number_of_cells_share_their_programs():
    # Also where each cell has a draw of its own, and a chunk of the second diagram is more than all cells of the first.
    for y in (BLOCKS, Span("initial.gates", -1.0, 1.0)):
        progress = Recorded()
        found = list(made(short(steps=280), "loss", y=y, seeds=1, progress=progress, sides=(2, 20)))
        assert [diagram.values.size for diagram in found] == [4, 400]
        assert progress.told == ["compiling", "compiled"]


@pytest.mark.usefixtures("all_sides")
def test_what_is_not_wanted_stops_without_a_further_diagram():
    wanted = Asked(10**6)
    found = made(short(), "loss", seeds=1, wanted=wanted, sides=(2, 3, 4))
    assert next(found).values.shape == (2, 2)
    wanted.left = 0
    assert list(found) == []


@pytest.mark.usefixtures("all_sides")
def test_what_is_not_wanted_stops_between_chunks(monkeypatch):
    started = []
    start = Executors.start

    def counted(self, chunk):
        started.append(chunk)
        return start(self, chunk)

    monkeypatch.setattr(Executors, "start", counted)
    # 32 cells along either side are four chunks.
    options = {"seeds": 1, "sides": (32, 64)}
    assert list(made(short(steps=3), "loss", wanted=Asked(0), **options)) == []
    assert len(started) == 0
    assert list(made(short(steps=3), "loss", wanted=Asked(2), **options)) == []
    assert len(started) == 2


def test_compilations_are_told_of_once():
    # Steps that no other test has.
    experiment = short(steps=290)
    first, second = Recorded(), Recorded()
    before = next(made(experiment, "loss", seeds=1, progress=first))
    assert first.told == ["compiling", "compiled"]
    # Other numbers are no other program.
    after = next(made(with_values(experiment, {"objective.norm": 0.5}), "loss", seeds=1, progress=second))
    assert second.told == []
    assert not np.array_equal(before.values, after.values)


@pytest.mark.parametrize(
    ("span", "message"),
    [
        (
            Span("teachers.correlation", 0.0, 2.0),
            "axes at y = 0.65, x = 1.5: Teachers.correlation is 1.5, allowed is a finite number at least 0 and at most "
            "1",
        ),
        (
            Span("objective.norm", -1.0, 1.0),
            "axes at y = 0.65, x = -0.5: Objective.norm is -0.5, allowed is a finite number at least 0",
        ),
        (
            # A corner is refused where the sides are allowed: steps longer than the shortest block.
            Span("dt", 0.0, 1.0),
            "axes at y = 0.65, x = 0.75: dt is 0.75, allowed is at most the block length, 0.65",
        ),
        (
            Span("timescales.gate", 0.1, 1.0),
            "axis 'x': unknown path 'timescales.gate': did you mean 'timescales.gates'?",
        ),
    ],
)
def test_refusals_of_ranges(span, message):
    lengths = Span("curriculum.block_length", 0.5, 1.1)
    with pytest.raises(SettingError) as refused:
        next(made(short(), "loss", x=span, y=lengths, sides=(2,)))
    assert str(refused.value) == message


def test_whatever_is_a_number_for_each_run_can_colour_a_diagram():
    offered = observables()
    assert {"total_alignment", "specialization", "block_loss", "loss", "time_to_criterion"} <= set(offered)
    for name, observable in REGISTRY.items():
        scalar = not observable.dims and observable.when in ("saves", "end", "blocks")
        assert (name in offered) == (scalar and observable.of != "labels"), name


def test_a_page_is_shown_the_diagrams_of_its_experiment():
    told = []
    view = View("fig2-flexible", GATES, BLOCKS, "loss", 0.1, seeds=1, changes=tuple(sorted(SHORT.items())))
    found = Live(DEVICES).diagrams(view, always, told.append)
    diagram = next(found)
    found.close()
    # Runs this short are there at once: no coarser diagram comes before the finest.
    (expected,) = made(short(), "loss", seeds=1, sides=SIDES[-1:])
    np.testing.assert_array_equal(diagram.values, expected.values)
    assert told in ([], [True, False])


def test_a_page_computes_by_the_kernel_of_its_command():
    view = View("fig2-flexible", GATES, BLOCKS, "loss", 0.1, seeds=1, changes=tuple(sorted(SHORT.items())))
    source = Live(DEVICES, "xla")
    source.check(view)
    found = source.diagrams(view, always, lambda compiling: None)
    diagram = next(found)
    found.close()
    (expected,) = diagrams(short(), GATES, BLOCKS, "loss", 1, always, Silent(), DEVICES, SIDES[-1:], kernel="xla")
    np.testing.assert_array_equal(diagram.values, expected.values)
    curves = source.curves(view, None, lambda compiling: None)
    by_xla = simulated(short(), 1, "xla").data
    np.testing.assert_array_equal(curves.data.loss.values, by_xla.loss.values)


def test_a_kernel_that_a_view_cannot_have_is_refused():
    source = Live(DEVICES, "pallas")
    with pytest.raises(SettingError, match="kernel is 'pallas', allowed here are 'auto' and 'xla': the network is too"):
        source.check(source.default("fig6-regularised"))
    with pytest.raises(SettingError, match="kernel is 'fast', allowed is one of 'auto'"):
        Live(DEVICES, "fast")
