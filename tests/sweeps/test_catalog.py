"""The paper's experiments and sweeps."""

import dataclasses
import functools
import importlib
import subprocess
import sys

import numpy as np
import pytest

from gatednet import ChosenInitial, Experiment, PublishedInitial, PublishedTeachers, SettingError, from_toml, to_toml
from gatednet.sweeps.catalog import EXPERIMENTS, SWEEPS, experiment, fig02, fig05, sweeps_of
from gatednet.sweeps.planning import cost
from gatednet.sweeps.planning.cost import cost_of
from gatednet.sweeps.sweep import Sweep
from gatednet.sweeps.text import from_text, to_text
from gatednet.toml import plain

# A thousand parts are built, and each is checked by its own rules.
pytestmark = pytest.mark.usefixtures("unchecked_annotations")


def test_listing_the_catalog_does_not_start_jax():
    program = (
        "import sys; from gatednet.sweeps.catalog import SWEEPS; assert len(SWEEPS) > 3; sys.exit('jax' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


@pytest.mark.parametrize("known", [EXPERIMENTS, SWEEPS], ids=["experiments", "sweeps"])
def test_every_entry_has_a_line_about_it(known):
    for name, entry in known.items():
        assert entry.name == name
        assert entry.summary
        assert "\n" not in entry.summary


@pytest.mark.parametrize("known", [EXPERIMENTS, SWEEPS], ids=["experiments", "sweeps"])
def test_what_is_listed_is_what_modules_declare(known):
    groups = dict.fromkeys((entry.module, entry.group) for entry in known.values())
    declared = [each for module, group in groups for each in getattr(importlib.import_module(module), group)]
    assert [(each.name, each.summary) for each in declared] == [(each.name, each.summary) for each in known.values()]


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_experiment(name):
    built = experiment(name)
    assert isinstance(built, Experiment)
    assert from_toml(to_toml(built)) == built


def kind_of(sweep):
    """What decides how a sweep is traced, but for numbers: the types of its experiment's parts."""
    return tuple(type(getattr(sweep.experiment, each.name)) for each in dataclasses.fields(sweep.experiment))


@pytest.fixture(scope="module")
def untraced():
    """Kinds of sweeps whose variables were not traced yet: that takes a second each, and tests of figures run all."""
    return {kind_of(sweep) for name in SWEEPS for sweep in sweeps_of(name).values()}


@pytest.mark.parametrize("name", SWEEPS)
def test_every_sweep(name, untraced, monkeypatch):
    group = sweeps_of(name)
    assert group
    for store, sweep in group.items():
        assert isinstance(sweep, Sweep)
        assert from_text(to_text(sweep)) == sweep
        # Realised block lengths are those of the axis, or with floors, as published, up to a step less.
        lengths = [axis for axis in sweep.axes if "curriculum.block_length" in axis.paths]
        for axis in lengths:
            if sweep.experiment.curriculum.rounding == "nearest":
                # Along the other axes of the schedule, such as orders of the tasks, they are the same.
                along = [axis.values if sweep.axes[place] is axis else [1.0] for place in sweep.schedule_places]
                expected = functools.reduce(np.multiply.outer, along)
                np.testing.assert_allclose(
                    *np.broadcast_arrays(sweep.block_steps * sweep.experiment.dt, expected), rtol=1e-12
                )
            else:
                floors = [length // sweep.experiment.dt for length in axis.values]
                np.testing.assert_array_equal(sweep.block_steps, floors)
        with monkeypatch.context() as patch:
            if kind_of(sweep) not in untraced:
                # Which its bytes and chunks alone need.
                patch.setattr(Sweep, "variables", ())
                patch.setattr(cost, "plan_of", lambda sweep: ())
            assert cost_of(sweep, 1).seconds < 600, store
        untraced.discard(kind_of(sweep))


def test_required_names_are_there():
    assert {"fig2-flexible", "fig2-forgetful", "fig4-symmetric", "fig5-left", "fig5-right"} <= set(EXPERIMENTS)
    assert {"fig2", "fig2-published", "fig4", "fig5"} <= set(SWEEPS)
    assert set(sweeps_of("fig5")) == {"fig5-left", "fig5-right", "fig5-left-fine", "fig5-right-fine"} <= set(SWEEPS)


def test_unknown_names_get_the_nearest_known_one():
    with pytest.raises(SettingError, match="unknown experiment 'fig2-flexibl': did you mean 'fig2-flexible'"):
        experiment("fig2-flexibl")
    with pytest.raises(SettingError, match="unknown sweep 'fig55': did you mean 'fig5'"):
        sweeps_of("fig55")


def test_a_regime_of_the_sweep_is_the_experiment_of_its_name():
    (sweep,) = sweeps_of("fig2").values()
    for point, name in enumerate(sweep.axes[0].coordinates):
        assert sweep.cell({0: point}) == experiment(f"fig2-{name}")


PUBLISHED = [name for name in SWEEPS if name.endswith("-published")]


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_starts_change_starts_teachers_and_blocks_alone(name):
    """The rest is what the sweep without them has, whatever is saved of it and how long runs are."""
    changed = ("initial", "teachers", "curriculum", "inputs", "steps")
    others = [sweep.experiment for each in SWEEPS if each not in PUBLISHED for sweep in sweeps_of(each).values()]
    rest = [{key: value for key, value in plain(other).items() if key not in changed} for other in others]
    for sweep in sweeps_of(name).values():
        given = sweep.experiment
        assert given.curriculum.rounding == "floor"
        if isinstance(given.initial, ChosenInitial):
            # The two-dimensional model, of which blocks alone are published ones.
            assert name == "figa1-published"
            continue
        assert isinstance(given.initial, PublishedInitial)
        assert isinstance(given.teachers, PublishedTeachers)
        assert {key: value for key, value in plain(given).items() if key not in changed} in rest


def test_figures_with_published_starts():
    assert [f"fig{each}-published" for each in ("2", "a12", "5", "6", "a4", "8", "a1", "a3", "a14", "a16")] == PUBLISHED
    assert experiment("fig2-flexible").block_steps == 1000
    (sweep,) = sweeps_of("fig2-published").values()
    assert int(sweep.block_steps) == 999
    (sweep,) = sweeps_of("fig8-published").values()
    assert int(sweep.block_steps) == 99


def test_settings_of_the_paper():
    flexible, forgetful = experiment("fig2-flexible"), experiment("fig2-forgetful")
    assert (flexible.timescales.weights, flexible.timescales.gates, flexible.duration) == (1.3, 0.03, 20.0)
    assert (flexible.objective.norm, flexible.objective.nonnegativity) == (0.909, 0.0909)
    assert (forgetful.timescales.gates, forgetful.objective.norm, forgetful.objective.nonnegativity) == (1.3, 0.0, 0.0)
    right = experiment("fig5-right")
    assert right.timescales.gates == 0.005
    assert right.objective.norm == pytest.approx(0.1 * 50 / 6)
    assert right.objective.nonnegativity == pytest.approx(0.1 * 10 / 6)
    left = sweeps_of("fig5-left")["fig5-left"]
    assert left.cell({0: 0}).objective.reduction == "mean"
    assert left.cell({0: 0}).teachers.scale == "unit"
    assert left.cell({0: 1}).objective.reduction == "sum"
    assert left.cell({0: 1}).teachers.scale == "input"
    assert left.experiment.duration == 7.0
    toy = experiment("fig4-symmetric")
    assert toy.curriculum.order == (1, 0)
    assert toy.initial.gates == (1.0, 0.0)


@pytest.mark.parametrize("name", ["fig5-left-fine", "fig5-right-fine"])
def test_fine_maps_span_the_published_axes(name):
    (sweep,) = sweeps_of(name).values()
    length, across, _ = sweep.axes
    assert (len(length), len(across)) == (fig05.FINE, fig05.FINE)
    assert (length.values[0], length.values[-1]) == (0.1, 1.0)
    ends = fig05.GATE_TIMESCALES if name == "fig5-left-fine" else fig05.STRENGTHS
    assert across.coordinates[0] == ends[0]
    assert across.coordinates[-1] == pytest.approx(ends[-1])
    assert len(np.unique(sweep.block_steps)) == fig05.FINE


def test_seeds_of_figure_2_are_a_parameter():
    assert fig02.both(3).shape == (2, 3)
    assert fig02.published().shape == (2, 100)
