"""What an axis accepts is what its store holds: names, values and labels, by one rule."""

import numpy as np
import pytest
import xarray
from hypothesis import given, settings
from hypothesis import strategies as st

from gatednet import Optax, Options, Save, SettingError
from gatednet.sweeps.axes import Axis
from gatednet.sweeps.planning.plan import plan_of
from gatednet.sweeps.store.template import coordinates_of, empty_arrays
from gatednet.sweeps.sweep import Sweep
from gatednet.sweeps.text import from_text, to_text
from tests.sweeps.tools import grid, small

SAVE = Save(("loss",), 20)
LABELS = st.one_of(
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(max_size=4),
    st.booleans(),
    st.sampled_from([2**53 + 1, "a\0", "", -0.0]),
)


@given(st.lists(LABELS, min_size=1, max_size=4))
@settings(max_examples=30)
def test_labels_are_refused_or_read_back_equal(tmp_path_factory, labels):
    values = tuple(np.linspace(0.1, 0.2, len(labels)))
    try:
        axis = Axis("a", "timescales.gates", values, labels)
    except SettingError as error:
        refusal = str(error)
    else:
        refusal = ""
    assert refusal.isprintable()
    if refusal:
        return
    assert axis.labels == tuple(labels)
    folder = tmp_path_factory.mktemp("store")
    sweep = Sweep(small(), (axis,), SAVE)
    for name, content in empty_arrays(plan_of(sweep)).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    data = xarray.open_zarr(folder, chunks=None, consolidated=True)
    # As Python's own: NumPy's strings end at what looks like padding.
    assert [getattr(each, "item", lambda each=each: each)() for each in data.a.values] == list(axis.labels)
    assert data["timescales.gates"].values.tolist() == list(values)
    assert from_text(to_text(sweep)) == sweep


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ((10**30, 1), "axis 'a' has the label 1000000000000000000000000000000, allowed are whole numbers of 64 bits"),
        ((2**63, 1), "axis 'a' has the label 9223372036854775808, allowed are whole numbers of 64 bits"),
        (
            (2**53 + 1, 0.5),
            "has the label 9007199254740993, allowed are beside other numbers, whole ones that are exact",
        ),
        (("a", "a\0"), r"has the label 'a\\x00', allowed are strings that UTF-8 can hold, without NUL"),
        (("a", "\ud800"), r"has the label '\\ud800', allowed are strings that UTF-8 can hold, without NUL"),
        ((True, 2), "axis 'a' mixes kinds of labels, allowed are all numbers, all strings or all truth values"),
        ((0.0, -0.0), r"axis 'a' has -?0\.0 twice"),
        ((1, 1.0), r"axis 'a' has 1\.0 twice"),
        (({"b": 1}, "a"), r"axis 'a' has the label \{'b': 1\}, allowed are numbers, strings and truth values"),
        ({"b": 1, "c": 2}, r"axis 'a' has the labels \{'b': 1, 'c': 2\}, allowed is a list"),
    ],
)
def test_refused_labels(labels, message):
    with pytest.raises(SettingError, match=message):
        Axis("a", "timescales.gates", (0.1, 0.2), labels)


def test_labels_that_mix_whole_and_other_numbers_are_floats():
    axis = Axis("a", "timescales.gates", (0.1, 0.2), (1, np.float32(0.5)))
    assert axis.labels == (1.0, 0.5)
    assert [type(each) for each in axis.labels] == [float, float]


@pytest.mark.parametrize(
    ("axes", "message"),
    [
        # Each of these was written over the other, or could not be written at all.
        (
            (Axis("dt", "timescales.gates", (0.1, 0.2)), Axis("a", "dt", (1e-3, 2e-3), ("short", "long"))),
            "axis 'dt' is named like a coordinate of the store, the values of axis 'a' at this path",
        ),
        (
            (Axis("dt", "dt", (1e-3, 2e-3), ("short", "long")),),
            "axis 'dt' is named like a coordinate of the store, the values of axis 'dt' at this path",
        ),
        (
            (
                Axis("timescales.gates", "objective.norm", (0.1,)),
                Axis("z", ("timescales.gates", "timescales.weights"), ((0.1, 0.2),), ("a",)),
            ),
            "axis 'timescales.gates' is named like a coordinate of the store",
        ),
        # On some disks capital letters are no others.
        ((Axis("Loss", "dt", (1e-3,)),), "axis 'Loss' is named like an observable that is saved"),
        ((Axis("STEP", "dt", (1e-3,)),), "axis 'STEP' is named like a dimension of what is saved"),
        ((Axis("Time", "dt", (1e-3,)),), "axis 'Time' is named like a coordinate of the store"),
        ((Axis("a", "dt", (1e-3,)), Axis("A", "objective.norm", (1.0,))), "axis 'A' is named twice"),
    ],
)
def test_names_that_two_arrays_of_a_store_would_share(axes, message):
    with pytest.raises(SettingError, match=message):
        Sweep(small(), axes, SAVE)


@pytest.mark.parametrize("name", ["zarr.json", "Zarr.JSON", "x" * 101, "a/b", "a b", "é", 3, None, ".a", "_a", "a\n"])
def test_names_that_cannot_be_those_of_arrays(name):
    with pytest.raises(SettingError, match=r"^axis name is .*, allowed are up to 100 letters, digits"):
        Axis(name, "dt", (1e-3,))


def test_every_coordinate_has_a_place_of_its_own():
    axes = (
        Axis("a", "dt", (1e-3, 2e-3), ("short", "long")),
        Axis("z", ("timescales.gates", "timescales.weights"), ((0.1, 0.2),), ("both",)),
        Axis.seeds(2),
    )
    found = coordinates_of(Sweep(small(), axes, Save(("loss", "block_loss"), 20)))
    assert set(found) == {
        "a", "dt", "z", "timescales.gates", "timescales.weights", "seed", "step", "time", "block_steps", "blocks"
    }  # fmt: skip
    assert found["a"][1].tolist() == ["short", "long"]
    assert found["dt"][1].tolist() == [1e-3, 2e-3]


def test_columns_of_several_kinds_are_refused_and_not_written_as_strings():
    rule = Optax("sgd", "sgd", Options(nesterov=True, momentum=0.5))
    with pytest.raises(SettingError, match=r"^axis 'a' mixes kinds of values"):
        Axis("a", "rule.weights_options.nesterov", (True, 1), ("yes", "one"))
    axis = Axis("a", "rule.weights_options.nesterov", (np.bool_(True), False))
    assert coordinates_of(Sweep(small(rule=rule), (axis,), SAVE))["a"][1].dtype == bool


@pytest.mark.parametrize(
    ("axis", "message"),
    [
        (Axis("a", "objective.norm", (1.0, 1.0 + 1e-9)), r"has 1\.0 and 1\.000000001, which are the same in float32"),
        (
            Axis("a", ("objective.norm", "objective.reduction"), ((1.0, "sum"), (1 + 1e-9, "sum")), ("x", "y")),
            "has 'x' and 'y', which are the same in float32",
        ),
        (Axis("a", "timescales.gates", (1e-50, 1.0)), r"a = 1e-50: timescales\.gates is 1e-50, which is 0 in float32"),
        (
            Axis("a", "initial.gates", (1e50, 1.0)),
            r"a = 1e\+50: initial\.gates is 1e\+50, which is infinite in float32",
        ),
    ],
)
def test_values_that_the_precision_cannot_tell_apart_or_hold(axis, message):
    with pytest.raises(SettingError, match=message):
        Sweep(small(), (axis,), SAVE)
    assert len(Sweep(small(), (axis,), SAVE, precision="float64").axes[0]) == 2


def test_values_that_differ_only_beside_others_are_apart():
    both = (("objective.norm", "objective.reduction"), ((1.0, "sum"), (1.0, "mean"), (0.5, "sum")))
    assert len(Sweep(small(), (Axis("a", *both, ("x", "y", "z")),), SAVE).axes[0]) == 3
    # Lengths of blocks are counted in double precision.
    assert len(Sweep(small(), (Axis("a", "curriculum.block_length", (1.0, 1 + 1e-9)),), SAVE).axes[0]) == 2


def test_options_of_a_sweep_are_converted():
    known = grid()
    again = Sweep(known.experiment, iter(known.axes), known.save, np.bool_(True), np.str_("float32"), np.str_("paired"))
    assert again == Sweep(known.experiment, known.axes, known.save, True)
    assert from_text(to_text(again)) == again
    assert plan_of(known, np.int64(4)) == plan_of(known, 4)
    for wrong in (0, 2.0, True, "4", 2**31):
        with pytest.raises(SettingError, match=r"^chunk_runs is .*, allowed is a whole number, at least 1"):
            plan_of(known, wrong)
    with pytest.raises(SettingError, match=r"^axes is 3, allowed is"):
        Sweep(known.experiment, 3, known.save)


@pytest.mark.parametrize("made", [list, np.array, iter, lambda values: [np.float32(each) for each in values]])
def test_values_may_come_in_any_form(made):
    values = (0.5, 0.25)
    assert Axis(np.str_("a"), np.str_("dt"), made(values)) == Axis("a", "dt", values)
    assert hash(Axis("a", ["dt"], [made(each) for each in zip(values, strict=True)], ["x", "y"])) == hash(
        Axis("a", ("dt",), ((0.5,), (0.25,)), ("x", "y"))
    )
    assert Axis.linspace("a", "dt", np.float32(0.5), np.int64(1), np.int8(3)) == Axis("a", "dt", (0.5, 0.75, 1.0))


@pytest.mark.parametrize("path", [3, None, ("dt", 3), {"dt": 1}, np.datetime64("2020-01-01"), b"dt", ""])
def test_paths_that_are_none(path):
    with pytest.raises(SettingError, match=r"axis 'a'.*path"):
        Sweep(small(), (Axis("a", path, (1.0,), (1,)),), SAVE)
