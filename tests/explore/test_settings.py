"""What a page can set of an experiment."""

import dataclasses
import math

import pytest

from gatednet import DeepLinear, Population, SettingError, paths, with_values
from gatednet.explore.settings import controls_of, span_of
from gatednet.explore.source import Live, live
from gatednet.settings import Word
from gatednet.sweeps.catalog import EXPERIMENTS, experiment

NAMES = [name for name in EXPERIMENTS if not experiment(name).labelled]


def metadata(part, path):
    """What is written at the field of a dotted path, found by hand."""
    *above, name = path.split(".")
    for each in above:
        part = getattr(part, each)
    (field,) = (each for each in dataclasses.fields(part) if each.name == name)
    return field.metadata


def by_path(built):
    return {control.path: control for control in controls_of(built)}


@pytest.mark.parametrize("name", NAMES)
def test_every_value_of_every_experiment_has_a_control(name):
    built = live(name)
    known = paths(built)
    # Entries of lists have a number in their path.
    settable = {path for path in known if not path.startswith("inputs.") and not any(map(str.isdigit, path.split(".")))}
    controls = controls_of(built)
    assert len(controls) == len(settable)
    assert {control.path for control in controls} == settable
    for control in controls:
        written = metadata(built, control.path)
        assert control.value == known[control.path]
        assert type(control.value) is type(known[control.path])
        assert (control.meaning, control.units) == (written["meaning"], written["units"])
        assert control.allowed == str(written["rule"])
        assert control.meaning
        if control.options:
            assert control.value in control.options


@pytest.mark.parametrize("name", NAMES)
def test_finite_numbers_have_a_range_and_nothing_else_has(name):
    for control in controls_of(live(name)):
        assert (control.span is not None) == (isinstance(control.value, float) and math.isfinite(control.value))
        assert control.span is None or control.span.path == control.path
        assert not (control.span and control.options)


@pytest.mark.parametrize("name", NAMES)
def test_both_ends_of_every_range_are_allowed(name):
    built = live(name)
    for control in controls_of(built):
        if control.span is not None:
            for end in (control.span.low, control.span.high):
                assert paths(with_values(built, {control.path: end}))[control.path] == end


@pytest.mark.parametrize("name", NAMES)
def test_every_range_holds_the_value_that_is_set(name):
    outside = {
        control.path: (control.value, control.span)
        for control in controls_of(live(name))
        if control.span is not None and not control.span.low <= control.value <= control.span.high
    }
    assert outside == {}


@pytest.mark.parametrize("name", NAMES)
def test_what_is_compiled_anew_comes_last(name):
    controls = controls_of(live(name))
    flags = [control.compiles for control in controls]
    assert flags == sorted(flags)
    # Floats and words alone are traced.
    assert flags == [not isinstance(control.value, float | Word) for control in controls]
    assert {False, True} == set(flags)


@pytest.mark.parametrize("name", NAMES)
def test_the_first_view_of_every_base_can_be_shown(name):
    source = Live([])
    view = source.default(name)
    source.check(view)
    assert source.experiment(view) == live(name)


def test_a_number_without_end_is_typed_and_has_a_range_from_then_on():
    shown = by_path(live("open2"))["curriculum.shown"]
    assert (shown.value, shown.span, shown.compiles) == (math.inf, None, False)
    fewer = by_path(with_values(live("open2"), {"curriculum.shown": 4.0}))["curriculum.shown"].span
    assert (fewer.low, fewer.high, fewer.scale) == (1.0, 40.0, "log")


def test_inputs_and_entries_of_lists_are_left_out():
    # The catalog's own experiment has batches.
    assert any(path.startswith("inputs.") for path in paths(experiment("fig2-flexible")))
    controls = by_path(experiment("fig2-flexible"))
    assert not any(path.startswith("inputs") for path in controls)
    assert "timescales.gates" in controls
    toy = live("fig4-symmetric")
    assert {"initial.weights.0.0.0", "initial.gates.0", "curriculum.order.0"} <= set(paths(toy))
    assert not {path for path in by_path(toy) if path.startswith(("initial.weights", "initial.gates"))}


def test_menus_have_the_options_that_are_allowed():
    controls = by_path(live("fig2-flexible"))
    assert controls["objective.reduction"].options == ("sum", "mean")
    assert controls["objective.norm_order"].options == (1, 2)
    assert controls["teachers.shared"].options == (False, True)
    assert controls["network.paths"].options == ()
    assert [controls[path].compiles for path in ("objective.reduction", "objective.norm_order", "network.paths")] == [
        False,
        True,
        True,
    ]


def test_two_layers_have_hidden_units_in_place_of_paths():
    assert isinstance(live("fig6-control").network, DeepLinear)
    controls = by_path(live("fig6-control"))
    assert "network.hidden" in controls
    assert "network.paths" not in controls


@pytest.mark.parametrize(
    ("path", "low", "high", "scale"),
    [
        ("timescales.gates", 0.003, 0.3, "log"),
        ("timescales.weights", 0.13, 13.0, "log"),
        ("dt", 1e-4, 1e-2, "log"),
        # From a tenth of its value to a block of each of two tasks in 20 units of time.
        ("curriculum.block_length", 0.1, 10.0, "log"),
        ("teachers.correlation", 0.0, 1.0, "linear"),
        ("objective.weight_cost", 0.0, 1.0, "linear"),
        ("objective.norm", 0.0909, 9.09, "log"),
    ],
)
def test_ranges_of_figure_2(path, low, high, scale):
    span = span_of(live("fig2-flexible"), path)
    assert (span.path, span.scale) == (path, scale)
    assert (span.low, span.high) == pytest.approx((low, high), rel=1e-12)


def test_ranges_stay_those_of_the_base_and_an_axis_has_the_value_within():
    source = Live([])
    view = source.default("fig2-flexible")
    for value, low, high in ((0.02, 0.003, 0.3), (0.3, 0.003, 0.3), (5.0, 0.5, 50.0)):
        moved = view.changed("timescales.gates", value)
        (span,) = (each.span for each in source.controls(moved) if each.path == "timescales.gates")
        assert (span.low, span.high) == pytest.approx((0.003, 0.3), rel=1e-12)
        axis = source.axes(moved)["timescales.gates"]
        assert (axis.low, axis.high) == pytest.approx((low, high), rel=1e-12)


def test_a_block_is_a_step_at_least_and_each_task_has_one():
    short = with_values(live("fig2-flexible"), {"dt": 0.05, "curriculum.block_length": 0.1})
    span = span_of(short, "curriculum.block_length")
    assert (span.low, span.high) == (0.05, 1.0)
    # Three tasks in 20 units of time.
    long = {"curriculum.block_length": 5.0, "teachers.tasks": 3, "network.outputs": 6}
    span = span_of(with_values(live("fig2-flexible"), long), "curriculum.block_length")
    assert (span.low, span.high) == (0.5, pytest.approx(20 / 3))


def test_negative_values_are_within_their_range():
    span = span_of(with_values(live("fig2-flexible"), {"initial.gates": -0.5}), "initial.gates")
    assert (span.low, span.scale) == (-0.5, "linear")


def test_a_step_is_a_block_at_most():
    built = with_values(live("fig2-flexible"), {"curriculum.block_length": 0.005})
    span = by_path(built)["dt"].span
    for end in (span.low, span.high):
        with_values(built, {"dt": end})


def test_a_page_has_the_population_as_inputs():
    assert live("fig2-flexible") == dataclasses.replace(experiment("fig2-flexible"), inputs=Population())
    # Inputs that are exact themselves stay as they are.
    exact = next(name for name in NAMES if experiment(name).inputs.exact)
    assert live(exact) == experiment(exact)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "fig7-flexible",
            "fig7-flexible learns from images, allowed are experiments of linear maps, or a store of it",
        ),
        ("fig2-flexibel", "unknown experiment 'fig2-flexibel': did you mean 'fig2-flexible'?"),
    ],
)
def test_refusals_of_bases(name, message):
    with pytest.raises(SettingError) as refused:
        live(name)
    assert str(refused.value) == message


def test_bases_are_the_experiments_of_linear_maps_with_a_line_about_each():
    assert dict(Live([]).bases()) == {name: EXPERIMENTS[name].summary for name in NAMES}
