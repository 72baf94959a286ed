"""A page over a sweep on disk, against the arrays of its store."""

import dataclasses
from urllib.parse import parse_qs

import numpy as np
import pytest

from gatednet import Save, simulate, with_values
from gatednet.explore.export import picture
from gatednet.explore.stored import Stored
from gatednet.explore.verdict import verdict_of
from gatednet.explore.view import Span, from_query
from gatednet.sweeps.axes import Axis
from gatednet.sweeps.bisection import Bisection
from gatednet.sweeps.execution.run import run_sweep
from gatednet.sweeps.sweep import Sweep
from tests.cli.tools import flip
from tests.explore.stores import GATES, LENGTHS, REDUCTIONS, curves_of, diagram_of, refused, run
from tests.explore.tools import SomeLost, short
from tests.explore.visitor import Visitor
from tests.sweeps.tools import small


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return run(tmp_path_factory.mktemp("stores") / "a store", (REDUCTIONS, GATES, LENGTHS, Axis.seeds([3, 5])))


@pytest.fixture(scope="module")
def source(store):
    return Stored(store.folder)


@pytest.fixture(scope="module")
def data(store):
    return store.dataset().load()


def test_the_first_view_has_the_first_two_axes_of_numbers(source):
    view = source.default()
    assert (view.base, view.observable, view.seeds) == ("a store", "total_alignment", 2)
    assert (view.y.path, view.x.path) == ("speed", "length")
    # In the middle of the diagram; and the first of a menu.
    assert view.changes == (("convention", "as released"), ("length", LENGTHS.values[1]), ("speed", GATES.values[2]))
    source.check(view)
    assert dict(source.bases()) == {"a store": "a stored sweep"}


def test_a_view_of_a_store_survives_its_address(source):
    view = source.default().at((1.0, 0.4)).changed("convention", "averaged")
    found = from_query(parse_qs(view.query()), source.default())
    source.check(found)
    assert source.experiment(found) == source.experiment(view)
    assert dict(found.changes) == dict(view.changes)


def test_ranges_reach_half_a_cell_beyond_the_values(source):
    spans = source.axes(source.default())
    assert set(spans) == {"speed", "length"}
    assert (spans["length"].low, spans["length"].high) == pytest.approx((0.3, 0.9))
    assert (spans["length"].scale, spans["speed"].scale) == ("linear", "log")
    np.testing.assert_allclose(spans["length"].values(3), LENGTHS.values)
    np.testing.assert_allclose(spans["speed"].values(4), GATES.values)


@pytest.mark.parametrize("convention", ["as released", "averaged"])
@pytest.mark.parametrize("observable", ["total_alignment", "loss", "specialization"])
def test_a_diagram_is_the_mean_over_the_seeds_of_what_is_stored(source, data, convention, observable):
    view = dataclasses.replace(source.default().changed("convention", convention), observable=observable)
    diagram = diagram_of(source, view)
    stored = data[observable].values
    # Axes are in the order convention, speed, length, seed, and then steps.
    at = stored[["as released", "averaged"].index(convention)]
    expected = (at if observable == "specialization" else at[..., -1]).astype(float).mean(axis=2)
    np.testing.assert_allclose(diagram.values, expected, rtol=1e-6)
    np.testing.assert_allclose(diagram.y, GATES.values)
    np.testing.assert_allclose(diagram.x, LENGTHS.values)
    assert diagram.runs == 48


def test_axes_change_places(source):
    view = source.default()
    turned = dataclasses.replace(view, x=view.y, y=view.x)
    np.testing.assert_array_equal(diagram_of(source, turned).values, diagram_of(source, view).values.T)


def test_of_blocks_the_last_one_is_shown(source, data):
    view = dataclasses.replace(source.default(), observable="block_loss")
    values = data.block_loss.values[0]
    # 200 steps begin blocks of 40, 60 and 80 steps: 5, 4 and 3 of them.
    last = np.stack([values[:, place, :, blocks - 1] for place, blocks in enumerate((5, 4, 3))], axis=1)
    assert np.isfinite(last).all()
    assert np.isnan(values[:, 2, :, 3:]).all()
    np.testing.assert_allclose(diagram_of(source, view).values, last.astype(float).mean(axis=-1), rtol=1e-6)


def test_curves_are_those_of_the_nearest_cell(source):
    view = source.default().at((0.62, 0.1))
    curves = curves_of(source, view)
    cell = {"timescales.gates": GATES.values[1], "curriculum.block_length": LENGTHS.values[1]}
    assert curves.experiment == with_values(short(steps=200), cell)
    assert cell["timescales.gates"] == pytest.approx(0.0965, abs=1e-3)
    runs = simulate(curves.experiment, Save(("loss", "specialization"), 20), seeds=[3, 5])
    np.testing.assert_allclose(curves.data.loss.values, runs.loss.values, rtol=1e-5)
    np.testing.assert_allclose(curves.time, np.arange(11) * 0.2)
    assert "over 2 seeds" in verdict_of(curves).reason
    assert f"{runs.specialization.values.mean():.2f}" in verdict_of(curves).reason


def test_curves_of_another_cell_leave_other_axes_as_they_are(source, data):
    view = source.default().changed("convention", "averaged")
    curves = curves_of(source, view, (0.81, 2.0))
    np.testing.assert_array_equal(curves.data.loss.values, data.loss.values[1, 3, 2])
    assert curves.experiment.objective.reduction == "mean"
    assert curves.experiment.teachers.scale == "unit"
    assert curves.experiment.timescales.gates == 1.0


def test_paths_of_stored_curves_are_in_the_order_of_their_tasks(source, data):
    view = source.default().at((0.8, 0.03))
    for seed in range(2):
        stored, gates = data.alignment.values[0, 0, 2, seed], data.gates.values[0, 0, 2, seed]
        swapped = stored[-1, 0, 1] + stored[-1, 1, 0] > np.trace(stored[-1])
        expected = gates[:, ::-1] if swapped else gates
        np.testing.assert_array_equal(curves_of(source, view).data.gates.values[seed], expected)
    assert curves_of(source, view).in_plane


def test_each_axis_has_a_control_with_its_values(source):
    view = source.default().changed("convention", "averaged").changed("speed", 0.9)
    controls = {control.path: control for control in source.controls(view)}
    assert list(controls) == ["convention", "speed", "length"]
    assert controls["convention"].options == ("as released", "averaged")
    assert controls["convention"].value == "averaged"
    assert controls["convention"].meaning == "values of objective.reduction, teachers.scale"
    assert controls["speed"].value == 1.0
    assert controls["speed"].options == GATES.values
    assert controls["length"].allowed == "0.4, 0.6, 0.8"
    assert not any(control.compiles for control in controls.values())


def test_what_colours_a_diagram_is_what_the_store_has_of_each_run(source):
    assert set(source.observables()) == {"loss", "total_alignment", "specialization", "block_loss"}


def test_a_picture_of_a_store_can_be_drawn(source):
    view = source.default()
    picture(view, diagram_of(source, view), ((0.6, 0.1), curves_of(source, view)), curves_of(source, view, (0.8, 1.0)))


@pytest.mark.usefixtures("numbered")
def test_damage_after_opening_is_told_and_not_drawn(tmp_path):
    axes = (
        Axis("speed", "timescales.gates", (0.1, 0.2)),
        Axis("length", "curriculum.block_length", (0.01, 0.02)),
        Axis.seeds(2),
    )
    folder = run(tmp_path / "store", axes, Save(("loss", "gates"), 10), small()).folder
    source = Stored(folder)
    view = source.default()
    before = diagram_of(source, view).values
    path = next(each for each in (folder / "arrays.zarr/loss/c").rglob("*") if each.is_file())
    name, content = path.relative_to(folder).as_posix(), path.read_bytes()
    for damage, reason in (
        (lambda: flip(path), "does not agree with its digest"),
        (path.unlink, "is missing"),
    ):
        damage()
        for attempt in (lambda: diagram_of(source, view), lambda: curves_of(source, view)):
            chunk = name.split("/c/")[1].rpartition("/")[0].replace("/", ".")
            expected = f"{folder} is damaged in chunk {chunk}: {name} {reason}; run the sweep again to mend it"
            assert refused(attempt) == expected
        # Everything else of a page goes on.
        assert source.sweep_table(view)["axes"]["seed"] == [0, 1]
        assert source.controls(view)
        path.write_bytes(content)
        np.testing.assert_array_equal(diagram_of(source, view).values, before)
    # A store in which metadata are damaged is not opened.
    flip(folder / "arrays.zarr/zarr.json")
    assert "is damaged: arrays.zarr/zarr.json does not agree with its digest" in refused(lambda: Stored(folder))


@pytest.mark.usefixtures("numbered")
def test_a_page_tells_of_damage_and_goes_on(tmp_path):
    axes = (Axis("speed", "timescales.gates", (0.1, 0.2)), Axis("length", "curriculum.block_length", (0.01, 0.02)))
    folder = run(tmp_path / "store", axes, Save(("loss",), 10), small()).folder
    path = next(each for each in (folder / "arrays.zarr/loss/c").rglob("*") if each.is_file())
    content = path.read_bytes()
    path.write_bytes(content[::-1])
    visitor = Visitor(Stored(folder)).come()
    visitor.until(lambda: visitor.message)
    assert "is damaged in chunk" in visitor.message
    assert "does not agree with its digest; run the sweep again to mend it" in visitor.message
    visitor.until(lambda: not visitor.busy)
    assert visitor.diagram is None
    assert visitor.chosen is None
    path.write_bytes(content)
    visitor.page.show(visitor.page.view.at((0.01, 0.2)))
    visitor.until(lambda: visitor.diagram is not None)
    np.testing.assert_array_equal(visitor.diagram.values, [[0, 1], [2, 3]])
    visitor.page.close()


def test_a_store_of_a_search_is_refused(tmp_path):
    search = Bisection("timescales.weights", 0.1, 1.0, "loss", 0.1, 1)
    run_sweep(Sweep(small(), (GATES, LENGTHS), Save(("loss",), 20), search=search), tmp_path / "found")
    assert "found is of a search, whose runs have values of their own" in refused(lambda: Stored(tmp_path / "found"))


@pytest.mark.usefixtures("numbered")
def test_axes_are_shown_in_increasing_order(tmp_path):
    gates = Axis("speed", "timescales.gates", (0.9, 0.1, 0.5))
    lengths = Axis("length", "curriculum.block_length", (0.03, 0.02, 0.01))
    store = run(tmp_path / "store", (gates, lengths, Axis.seeds(2)), Save(("loss",), 40), small())
    source = Stored(store.folder)
    view = source.default()
    diagram = diagram_of(source, view)
    assert diagram.y.tolist() == [0.1, 0.5, 0.9]
    assert diagram.x.tolist() == [0.01, 0.02, 0.03]
    # Runs are numbered by row, column and seed as they are stored.
    numbers = np.arange(18.0).reshape(3, 3, 2).mean(axis=-1)
    np.testing.assert_array_equal(diagram.values, numbers[[1, 2, 0]][:, ::-1])
    # And the cell that is chosen is still its own.
    assert source.experiment(view.at((0.03, 0.1))) == with_values(
        small(), {"timescales.gates": 0.1, "curriculum.block_length": 0.03}
    )


@pytest.mark.parametrize(
    "values",
    [
        (0.1, 0.2, 0.3),
        (0.1, 0.2, 0.4, 0.8),
        (0.1, 1.0),
        (0.1, 0.2, 0.4, 0.6, 0.8),
        (0.0075, 0.01, 0.0125, 0.015, 0.02),
    ],
    ids=["even", "geometric", "two", "uneven", "uneven, as in Figure A7"],
)
@pytest.mark.usefixtures("numbered")
def test_a_cell_is_drawn_where_its_value_is(tmp_path, values):
    # A diagram is drawn in columns of one width along the range of its axis, and a cell is marked, and found by a
    # click, by its place in that range.
    axes = (Axis("length", "curriculum.block_length", (0.01, 0.02)), Axis("speed", "timescales.gates", values))
    source = Stored(run(tmp_path / "store", axes, Save(("loss",), 40), small()).folder)
    view = source.default()
    shown = diagram_of(source, view).values[0]
    for number, value in enumerate(values):
        assert shown[int(view.x.place(value) * len(shown))] == number
    for column, number in enumerate(shown):
        cell = view.x.value((column + 0.5) / len(shown)), 0.01
        assert source.experiment(view.at(cell)).timescales.gates == values[int(number)]


@pytest.mark.usefixtures("numbered")
def test_without_seeds_each_cell_is_its_run(tmp_path):
    axes = (
        Axis("speed", "timescales.gates", (0.1, 0.2)),
        Axis("length", "curriculum.block_length", (0.01, 0.02)),
    )
    source = Stored(run(tmp_path / "store", axes, Save(("loss",), 10), small()).folder)
    view = source.default()
    assert view.seeds == 1
    np.testing.assert_array_equal(diagram_of(source, view).values, [[0, 1], [2, 3]])
    curves = curves_of(source, view, (0.02, 0.1))
    assert dict(curves.data.loss.sizes) == {"seed": 1, "step": 5}
    assert (curves.data.loss.values == 1).all()


@pytest.mark.usefixtures("numbered")
def test_whole_numbers_are_axes_too_and_truth_values_are_menus(tmp_path):
    axes = (
        Axis("same", "teachers.shared", (False, True)),
        Axis("order", "objective.norm_order", (1, 2)),
        Axis("length", "curriculum.block_length", (0.01, 0.02)),
    )
    source = Stored(run(tmp_path / "store", axes, Save(("loss",), 40), small()).folder)
    view = source.default()
    assert set(source.axes(view)) == {"order", "length"}
    chosen = from_query(parse_qs(view.changed("same", True).query()), view)
    source.check(chosen)
    assert source.experiment(chosen).teachers.shared is True
    np.testing.assert_array_equal(diagram_of(source, chosen).values, [[4, 5], [6, 7]])


@pytest.mark.usefixtures("numbered")
def test_a_store_of_both_ends_has_a_diagram_and_nothing_over_time(tmp_path):
    axes = (Axis("speed", "timescales.gates", (0.1, 0.2)), Axis("length", "curriculum.block_length", (0.01, 0.02)))
    save = Save(("loss", "gates", "alignment", "teacher_component", "specialization", "total_alignment"), 40)
    source = Stored(run(tmp_path / "store", axes, save, small()).folder)
    view = source.default().at((0.01, 0.1))
    np.testing.assert_array_equal(diagram_of(source, view).values, [[0, 1], [2, 3]])
    curves = curves_of(source, view)
    # The first run has the number 0.
    assert curves.data.specialization.values.tolist() == [0]
    assert "step" not in curves.data.dims
    assert not {"loss", "gates", "alignment", "teacher_component"} & set(curves.data.data_vars)
    assert not curves.in_plane
    assert verdict_of(curves).word == "forgetful"
    picture(view, diagram_of(source, view), (None, curves), None)


@pytest.mark.parametrize("observable", ["loss", "block_loss"])
def test_a_cell_that_lost_one_of_its_runs_has_no_value(tmp_path, monkeypatch, observable):
    monkeypatch.setattr("gatednet.sweeps.execution.run.Executors", SomeLost)
    axes = (
        Axis("speed", "timescales.gates", (0.1, 0.2)),
        Axis("length", "curriculum.block_length", (0.01, 0.02)),
        Axis.seeds(2),
    )
    source = Stored(run(tmp_path / "store", axes, Save(("loss", "block_loss"), 10), small()).folder)
    view = dataclasses.replace(source.default(), observable=observable)
    # Runs 0 to 7, two for each cell, of which 1, 4 and 7 are lost: of their blocks the first is known.
    np.testing.assert_array_equal(diagram_of(source, view).values, [[np.nan, 2.5], [np.nan, np.nan]])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda view: dataclasses.replace(view, base="fig2"), "base is 'fig2', allowed is the store, 'a store'"),
        (
            lambda view: dataclasses.replace(view, observable="los"),
            "unknown observable 'los': did you mean 'loss'?",
        ),
        # Saved, and not a number for each run.
        (
            lambda view: dataclasses.replace(view, observable="gates"),
            "unknown observable 'gates': known are block_loss, loss, specialization, total_alignment",
        ),
        (
            lambda view: dataclasses.replace(view, x=Span("lengths", 0.1, 1.0)),
            "'lengths' cannot be an axis: did you mean 'length'?",
        ),
        (
            lambda view: dataclasses.replace(view, x=Span("convention", 0.1, 1.0)),
            "'convention' cannot be an axis: known are length, speed",
        ),
        (
            lambda view: dataclasses.replace(view, x=Span("length", 0.4, 0.8)),
            "range of length is 0.4 to 0.8 (linear), allowed is that of the store, 0.3 to 0.9 (linear)",
        ),
        (
            lambda view: dataclasses.replace(view, x=dataclasses.replace(view.x, scale="log")),
            "range of length is 0.3 to 0.9 (log), allowed is that of the store, 0.3 to 0.9 (linear)",
        ),
        (
            lambda view: dataclasses.replace(view, seeds=3),
            "seeds is 3, allowed are those of the store, 2",
        ),
        (lambda view: view.changed("sped", 0.1), "unknown axis 'sped': did you mean 'speed'?"),
        (
            lambda view: view.changed("convention", "as published"),
            "convention is 'as published', allowed are as released, averaged",
        ),
        (lambda view: view.changed("convention", 1), "convention is 1, allowed are as released, averaged"),
        (lambda view: view.changed("length", "long"), "length is 'long', allowed are 0.4, 0.6, 0.8"),
    ],
)
def test_refusals_of_views(source, change, message):
    assert refused(lambda: source.check(change(source.default()))) == message


@pytest.mark.parametrize("text", ["[1, 2]", "nan"])
def test_values_of_an_address_that_are_no_numbers_are_refused(source, text):
    view = from_query({"set": [f"length={text}"]}, source.default())
    assert refused(lambda: source.check(view)).endswith("allowed are 0.4, 0.6, 0.8")
