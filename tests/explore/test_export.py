"""What a page gives to keep: a script, a sweep file, a picture."""

import dataclasses

import numpy as np
import pytest

from gatednet import Experiment, Population, Save, with_values
from gatednet.explore.curves import simulated
from gatednet.explore.diagram import Diagram
from gatednet.explore.export import as_python, as_toml, picture
from gatednet.explore.source import Live
from gatednet.explore.stored import Stored
from gatednet.explore.tour import STOPS
from gatednet.explore.view import Span, View
from gatednet.figures.toolkit.pictures import pictures
from gatednet.settings import Word
from gatednet.sweeps.axes import Axis
from gatednet.sweeps.execution.run import run_sweep
from gatednet.sweeps.spec import load_spec
from gatednet.sweeps.sweep import Sweep
from tests.explore.tools import SHORT, Counted, by_hand, short
from tests.sweeps.tools import noisy, small

VIEW = View(
    "fig2-flexible",
    Span("timescales.gates", 0.01, 1.0, "log"),
    Span("curriculum.block_length", 0.1, 1.5),
    "total_alignment",
    0.8,
    seeds=3,
    changes=tuple(sorted({**SHORT, "objective.norm": 0.5}.items())),
)
SOURCE = Live([])
PNG = b"\x89PNG\r\n\x1a\n"


def loaded(table, folder):
    """The sweep that `gatednet sweep` makes of a table that is kept as a file."""
    path = folder / "explore.toml"
    path.write_text(as_toml(table), encoding="utf-8")
    return load_spec(path)


@pytest.mark.parametrize(
    "view",
    [
        VIEW,
        # A whole number, a word, a truth value, and a number that is written without decimals.
        dataclasses.replace(
            VIEW,
            changes=(
                ("network.paths", 3),
                ("objective.norm", 1.0),
                ("objective.reduction", "mean"),
                ("teachers.shared", True),
            ),
            observable="block_loss",
        ),
        # As it comes from an address, and from a menu.
        VIEW.changed("objective.norm", 1).changed("objective.reduction", Word("mean", ("sum", "mean"))),
        dataclasses.replace(VIEW, base="fig6-regularised", changes=(), observable="specialization"),
        SOURCE.default("fig4-symmetric"),
        SOURCE.default("figa10"),
        *(stop.view for stop in STOPS),
    ],
)
def test_a_sweep_file_is_the_diagram(view, tmp_path):
    SOURCE.check(view)
    sweep = loaded(SOURCE.sweep_table(view), tmp_path)
    assert sweep.experiment == SOURCE.experiment(view)
    assert sweep.experiment.inputs == Population()
    assert sweep.save.observables == (view.observable,)
    axes = {axis.name: axis for axis in sweep.axes}
    assert set(axes) == {"x", "y", "seed"}
    for axis, span in ((axes["y"], view.y), (axes["x"], view.x)):
        assert axis.path == span.path
        np.testing.assert_allclose(axis.values, span.values(64), rtol=1e-9)
        assert span.low <= axis.values[0] < axis.values[-1] <= span.high
    assert axes["seed"].values == tuple(range(view.seeds))


def test_a_sweep_file_makes_the_runs_that_the_page_shows(tmp_path):
    # The mean over the last saves is over as many of them as in the diagram: a tenth of a hundred.
    sweep = loaded(SOURCE.sweep_table(dataclasses.replace(VIEW, observable="specialization")), tmp_path)
    assert (sweep.save.every, sweep.precision, sweep.noise, sweep.reduced) == (3, "float32", "paired", None)


def test_a_sweep_file_says_what_it_is():
    first, *_ = as_toml(SOURCE.sweep_table(VIEW)).splitlines()
    assert first == "# What `gatednet explore` showed: gatednet sweep FILE.toml"


@pytest.fixture
def stored(tmp_path, monkeypatch):
    """Pages over stores of sweeps, which are not simulated."""
    monkeypatch.setattr("gatednet.sweeps.execution.run.Executors", Counted)

    def made(experiment, *more, **options):
        axes = (
            Axis("speed", "timescales.gates", (0.3, 0.1, 0.2)),
            Axis(
                "regime",
                ("objective.norm", "objective.reduction"),
                ((0.1, "mean"), (0.2, "sum"), (0.9, "sum")),
                (1, 2, 3),
            ),
            *more,
        )
        sweep = Sweep(experiment, axes, Save(("loss", "block_loss"), 20), **options)
        return Stored(run_sweep(sweep, tmp_path / "store").folder), sweep

    return made


@pytest.mark.parametrize("experiment", [noisy(), short()], ids=["batches", "Figure 2"])
def test_a_sweep_file_of_a_store_has_its_axes_and_its_experiment(stored, experiment, tmp_path):
    source, sweep = stored(experiment, Axis("length", "curriculum.block_length", (0.01, 0.02)), Axis.seeds([7, 4]))
    view = source.default().changed("length", 0.02)
    found = loaded(source.sweep_table(view), tmp_path)
    # In whatever order, and none of the axis that is no side of the diagram: its value is set.
    assert set(found.axes) == {sweep.axes[0], sweep.axes[1], Axis.seeds([7, 4])}
    speed, regime = (found.axes.index(axis) for axis in sweep.axes[:2])
    for across in range(3):
        for up in range(3):
            assert found.cell({speed: across, regime: up}) == sweep.cell({0: across, 1: up, 2: 1})
    assert found.save == Save((view.observable,), 20)


def test_a_sweep_file_of_a_store_without_seeds_has_none(stored, tmp_path):
    source, sweep = stored(small())
    assert loaded(source.sweep_table(source.default()), tmp_path).axes == sweep.axes


def test_a_sweep_file_of_a_store_makes_the_same_runs(stored, tmp_path):
    source, sweep = stored(noisy(), Axis.seeds(2), precision="float64", noise="independent", reduced=False)
    found = loaded(source.sweep_table(source.default()), tmp_path)
    assert (found.precision, found.noise, found.reduced) == (sweep.precision, sweep.noise, sweep.reduced)


def test_a_script_makes_the_runs_that_the_page_shows(capsys):
    experiment = SOURCE.experiment(VIEW)
    names = {}
    exec(compile(as_python(VIEW, experiment), "explore.py", "exec"), names)
    assert isinstance(names["EXPERIMENT"], Experiment)
    assert names["EXPERIMENT"] == experiment == short(objective__norm=0.5)
    runs, shown = names["runs"], simulated(experiment, 3).data
    assert runs.seed.values.tolist() == [0, 1, 2]
    np.testing.assert_allclose(runs.time.values, shown.time.values)
    for name in ("loss", "relative_specialization"):
        np.testing.assert_allclose(runs[name].values, shown[name].values, rtol=1e-5, atol=1e-7)
    assert f"{runs.relative_specialization.values.mean():.4g}"[:5] in capsys.readouterr().out


@pytest.mark.parametrize("base", ["fig4-symmetric", "fig3-sums", "fig6-control", "figa11"])
def test_a_script_of_any_base_has_its_experiment(base):
    view = SOURCE.default(base)
    text = as_python(view, SOURCE.experiment(view))
    before, _, _ = text.partition("\nsave = ")
    names = {}
    exec(compile(before, "explore.py", "exec"), names)
    assert names["EXPERIMENT"] == SOURCE.experiment(view)
    compile(text, "explore.py", "exec")


def curves_by_hand(tasks=2, paths=2, **changes):
    """Two runs of four saves, whatever the numbers."""
    random = np.random.default_rng(0)
    shape = (2, 4, tasks, paths)
    experiment = with_values(short(**changes), {"teachers.tasks": tasks, "network.paths": paths, "network.outputs": 2})
    return by_hand(
        experiment,
        loss=random.random((2, 4)),
        gates=random.random((2, 4, paths)),
        alignment=random.random(shape),
        teacher_component=random.random(shape),
        specialization=random.random(2),
    )


def diagram_by_hand(values):
    values = np.asarray(values, float)
    return Diagram(VIEW.x.values(values.shape[1]), VIEW.y.values(values.shape[0]), values, values.size, 0.1)


GRADED = diagram_by_hand(np.linspace(0.0, 1.0, 12).reshape(3, 4))


def drawn(figure):
    """The bytes of a picture of a figure, all axes of which are within it."""
    content = pictures(figure, ("png",))["png"]
    assert content.startswith(PNG)
    return content


@pytest.mark.parametrize("pinned", [False, True])
@pytest.mark.parametrize("diagram", [None, GRADED], ids=["without a diagram", "with a diagram"])
def test_a_picture_has_the_diagram_and_a_column_for_each_cell(diagram, pinned):
    view = dataclasses.replace(VIEW, pinned=(0.5, 1.0) if pinned else None)
    figure = picture(view, diagram, ((0.1, 0.5), curves_by_hand()), curves_by_hand() if pinned else None)
    drawn(figure)
    letters = {axes.get_title(loc="left") for axes in figure.axes} - {""}
    assert letters == set("ABCDEFGHI" if pinned else "ABCDE")
    labels = {axes.get_ylabel() for axes in figure.axes}
    assert {"curriculum.block_length", "loss", "gate", "alignment", "weights  w̄"} <= labels
    assert ("total alignment" in labels) == (diagram is not None)


def test_a_picture_shows_the_numbers_of_the_diagram_at_their_places():
    figure = picture(VIEW, GRADED, ((0.1, 0.5), curves_by_hand()), None)
    axes = next(each for each in figure.axes if each.get_title(loc="left") == "A")
    mesh = axes.collections[0]
    np.testing.assert_array_equal(np.asarray(mesh.get_array()).reshape(3, 4), GRADED.values)
    corners = mesh.get_coordinates()
    np.testing.assert_allclose(corners[0, :, 0], np.geomspace(0.01, 1.0, 5))
    np.testing.assert_allclose(corners[:, 0, 1], np.linspace(0.1, 1.5, 4))
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "linear")
    ((across,), (up,)) = axes.lines[0].get_data()
    assert (across, up) == (0.1, 0.5)


@pytest.mark.parametrize(
    "values",
    [np.full((3, 3), np.nan), np.full((3, 3), 0.8), [[np.nan, 0.1, 0.9], [0.2, np.nan, 1.0]], [[0.1, 0.2], [0.3, 0.4]]],
    ids=["nothing is known", "all the same", "some are lost", "the level is out of reach"],
)
def test_a_picture_of_any_diagram_can_be_drawn(values):
    drawn(picture(VIEW, diagram_by_hand(values), (None, curves_by_hand()), None))


@pytest.mark.parametrize(("tasks", "paths"), [(1, 1), (2, 3), (3, 2), (5, 5), (9, 9)])
def test_a_picture_of_any_number_of_tasks_and_paths_can_be_drawn(tasks, paths):
    figure = picture(VIEW, GRADED, ((0.1, 0.5), curves_by_hand(tasks, paths)), None)
    drawn(figure)


def test_a_picture_of_gates_that_are_much_slower_than_weights_can_be_drawn():
    drawn(picture(VIEW, GRADED, ((0.1, 0.5), curves_by_hand(timescales__gates=4.0)), None))


def test_a_picture_of_runs_that_were_lost_can_be_drawn():
    curves = curves_by_hand()
    lost = dataclasses.replace(curves, data=curves.data.where(curves.data.step < 2))
    drawn(picture(VIEW, GRADED, ((0.1, 0.5), lost), None))
