"""Searches for a value of each run: what is found is a crossing, and everything else is as in any sweep."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatednet import Proximal, Save, SettingError, simulate, with_values
from gatednet.sweeps.axes import Axis
from gatednet.sweeps.bisection import (
    ABOVE,
    BELOW,
    FALLING,
    HIGH,
    LOW,
    NOT_FINITE,
    OUTCOME,
    RISING,
    VALUE,
    Bisection,
)
from gatednet.sweeps.execution.run import run_sweep
from gatednet.sweeps.execution.search import Searching
from gatednet.sweeps.planning.cost import cost_of
from gatednet.sweeps.planning.plan import Request, plan_of
from gatednet.sweeps.planning.stability import stiffness_of
from gatednet.sweeps.spec import sweep_of
from gatednet.sweeps.store.store import Store
from gatednet.sweeps.store.verify import verify
from gatednet.sweeps.sweep import Sweep
from gatednet.sweeps.text import from_text, to_text
from gatednet.toml import parse
from tests.sweeps.test_run import Interrupting, equal
from tests.sweeps.tools import small

SAVE = Save(("loss",), 20)
WEIGHTS = Bisection("timescales.weights", 0.05, 2.0, "loss", 0.2, 12)


def searched(search=WEIGHTS, **options):
    """Six runs: three time constants of the gates, two seeds."""
    axes = (Axis("gates", "timescales.gates", (0.02, 0.05, 0.1)), Axis.seeds(2))
    return Sweep(small(), axes, SAVE, search=search, **options)


def level_between(path, low, high):
    """A level between the losses at both ends, in all runs."""
    ends = [
        simulate(with_values(small(), {path: end, "timescales.gates": gates}), SAVE, seeds=[0, 1]).loss.values[:, -1]
        for end in (low, high)
        for gates in (0.02, 0.05, 0.1)
    ]
    first, second = np.concatenate(ends[:3]), np.concatenate(ends[3:])
    assert max(first.min(), second.min()) > min(first.max(), second.max())
    return 0.5 * (min(first.max(), second.max()) + max(first.min(), second.min()))


class Known:
    """In the place of simulations: a function of the value alone, and how often it was asked."""

    def __init__(self, function):
        self.function, self.asked = function, []

    def __call__(self, request):
        values = request.values["timescales.weights"]
        self.asked.append(values)
        function = self.function

        class Ready:
            def cancel(self):
                pass

            def fetch(self):
                return {"loss": np.stack([np.zeros_like(values), function(values)], axis=1)}

        return Ready()


def found(function, search=WEIGHTS, runs=1):
    known = Known(function)
    nothing = np.zeros(runs, np.int64)
    return Searching(search, Request(small(), {}, nothing, nothing), known).fetch(), known


@settings(max_examples=60, deadline=None)
@given(root=st.floats(0.051, 1.99), rises=st.booleans(), rounds=st.integers(1, 40))
def test_the_bracket_holds_the_crossing_and_is_halved_every_round(root, rises, rounds):
    search = dataclasses.replace(WEIGHTS, rounds=rounds)
    results, known = found(lambda value: search.level + (value - root) * (1 if rises else -1), search)
    low, high = results[LOW][0], results[HIGH][0]
    # A root that was asked for itself is an end, but for rounding.
    assert low - 1e-12 <= root <= high + 1e-12
    assert high - low == pytest.approx((search.high - search.low) / 2**rounds, rel=1e-3)
    assert results[VALUE][0] == pytest.approx(0.5 * (low + high))
    assert results[OUTCOME][0] == (RISING if rises else FALLING)
    assert len(known.asked) == search.simulations == rounds + 2


def test_runs_are_searched_each_on_its_own():
    roots = np.array([0.3, 0.9, 1.7])
    results, _ = found(lambda value: WEIGHTS.level + value - roots, runs=3)
    np.testing.assert_allclose(results[VALUE], roots, atol=1e-3)


@pytest.mark.parametrize(
    ("function", "outcome"),
    [
        (lambda value: value - 9, BELOW),
        (lambda value: value + 9, ABOVE),
        (lambda value: np.where(value > 1.9, np.nan, value - 9), NOT_FINITE),
        (lambda value: np.where((value > 0.5) & (value < 1.5), np.nan, value - 0.9), NOT_FINITE),
        # What happens between ends on one side is not seen.
        (lambda value: np.where((value > 0.5) & (value < 1.5), np.nan, value - 9), BELOW),
    ],
)
def test_without_a_crossing_there_is_a_code_and_no_number(function, outcome):
    results, _ = found(function)
    assert results[OUTCOME][0] == outcome
    assert np.isnan([results[name][0] for name in (VALUE, LOW, HIGH)]).all()


def test_a_stored_search_is_that_of_single_runs(tmp_path):
    """Where each run is simulated on its own at both ends of its bracket, the level is between the two."""
    sweep = searched(dataclasses.replace(WEIGHTS, level=level_between(WEIGHTS.path, WEIGHTS.low, WEIGHTS.high)))
    data = run_sweep(sweep, tmp_path / "store").dataset().load()
    assert (data.search_outcome == FALLING).any() or (data.search_outcome == RISING).any()
    for gates in data.gates.values:
        for seed in data.seed.values:
            run = data.sel(gates=gates, seed=seed)
            if run.search_outcome > FALLING:
                continue
            sides = []
            for name in (LOW, HIGH):
                values = {"timescales.weights": float(run[name]), "timescales.gates": gates}
                alone = simulate(with_values(small(), values), SAVE, seeds=[int(seed)])
                sides.append(float(alone.loss[0, -1]) >= sweep.search.level)
            assert sides == ([False, True] if run.search_outcome == RISING else [True, False])


def test_chunks_interruptions_and_verification_change_nothing(tmp_path):
    sweep = searched()
    one = run_sweep(sweep, tmp_path / "one").dataset().load()
    with pytest.raises(KeyboardInterrupt):
        run_sweep(sweep, tmp_path / "two", chunk_runs=2, progress=Interrupting())
    assert 0 < len(Store.open(tmp_path / "two").done) < 3
    assert equal(one, run_sweep(sweep, tmp_path / "two").dataset())
    assert equal(one, verify(tmp_path / "two").dataset())
    assert one.search_value.attrs["units"] == "time"
    assert one.search_outcome.attrs["flag_meanings"].split()[RISING] == "found_rising"
    with pytest.raises(SettingError, match=r"search\.rounds is 12 there and 3 here"):
        run_sweep(searched(dataclasses.replace(WEIGHTS, rounds=3)), tmp_path / "one")


def test_lengths_of_blocks_are_whole_steps(tmp_path):
    search = Bisection("curriculum.block_length", 0.002, 0.02, "loss", 0.0, 8)
    # Of one run, since others differ by more than the length of blocks does.
    ends = [
        float(simulate(with_values(small(), {search.path: end}), SAVE).loss[-1]) for end in (search.low, search.high)
    ]
    search = dataclasses.replace(search, level=sum(ends) / 2)
    data = run_sweep(Sweep(small(), (Axis.seeds(1),), SAVE, search=search), tmp_path / "store").dataset()
    assert "block_steps" not in data.coords
    there = (data.search_outcome <= FALLING).values
    assert there.any()
    steps = np.stack([data[name].values[there] / 1e-3 for name in (LOW, HIGH)])
    np.testing.assert_allclose(steps, np.round(steps), atol=1e-6)
    np.testing.assert_allclose(np.diff(steps, axis=0), 1.0, atol=1e-6)


def test_entries_of_blocks_are_as_many_as_the_shortest_blocks_have():
    search = Bisection("curriculum.block_length", 0.005, 0.02, "loss", 0.2, 2)
    axes = (Axis.seeds(2),)
    assert Sweep(small(), axes, Save(("loss", "block_loss"), 20), search=search).most_blocks == 8
    assert Sweep(small(), axes, Save(("loss", "block_loss"), 20)).most_blocks == 4


def test_every_simulation_counts():
    plain, sweep = searched(None), searched()
    assert (plain.simulations, sweep.simulations) == (1, 14)
    assert cost_of(sweep, 1).steps == 14 * cost_of(plain, 1).steps
    moving = searched(Bisection("initial.weight_scale", 0.001, 0.1, "loss", 0.2, 3))
    assert plan_of(moving).most_draws == 6
    assert plan_of(sweep).most_draws == 2


def test_ends_that_are_too_stiff_are_told():
    stiff = searched(Bisection("objective.norm", 1.0, 100.0, "loss", 0.2, 3))
    line = stiffness_of(stiff)
    assert line is not None
    # At τ_c = .1 they are just short enough.
    assert "in 2 of 3 cells" in line
    assert stiffness_of(dataclasses.replace(stiff, experiment=small(rule=Proximal()))) is None
    assert stiffness_of(searched(Bisection("objective.norm", 1.0, 2.0, "loss", 0.2, 3))) is None


def test_a_plan_with_a_search_is_read_again():
    sweep = searched()
    assert from_text(to_text(sweep)) == sweep
    assert "search" not in to_text(searched(None)).split("[axes")[0]


SPEC = """
base = "fig5-right"
save = ["total_alignment"]
every = 7000
[axes]
gates = { path = "timescales.gates", values = [0.01, 0.02] }
[search]
path = "curriculum.block_length"
low = 0.1
high = 1
observable = "total_alignment"
level = 0.8
rounds = 10
"""


def test_a_file_says_what_is_searched():
    assert sweep_of(parse(SPEC)).search == Bisection("curriculum.block_length", 0.1, 1.0, "total_alignment", 0.8, 10)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("rounds = 10", "", "search: the key 'rounds' is missing"),
        ("rounds = 10", "rouns = 10", "search: unknown key 'rouns': did you mean 'rounds'"),
        ("rounds = 10", "rounds = 0", r"search\.rounds is 0, allowed is a whole number, at least 1"),
        ("rounds = 10", "rounds = 53", r"search\.rounds is 53"),
        ("low = 0.1", "low = 1.0", r"search\.high is 1\.0, allowed is a number above search\.low, 1"),
        ("low = 0.1", "low = nan", r"search\.low is nan, allowed is a finite number"),
        ("low = 0.1", "low = true", r"search\.low is True, allowed is a finite number"),
        ("low = 0.1", "low = -1", r"search = -1\.0: Blocked\.block_length is -1\.0, allowed is a"),
        ("low = 0.1", "low = 0.0001", r"axes at .*search = 0\.0001"),
        ("curriculum.block_length", "dt", r"search\.path is 'dt', allowed is that of a real number other than dt"),
        ("curriculum.block_length", "steps", r"search\.path is 'steps', allowed is that of a real number"),
        ("curriculum.block_length", "objective.reduction", "allowed is that of a real number"),
        ("curriculum.block_length", "curriculum.block_lenght", "did you mean 'curriculum.block_length'"),
        ("curriculum.block_length", "timescales.gates", "path 'timescales.gates' is also in axis 'gates'"),
        ('observable = "total_alignment"', 'observable = "loss"', r"search\.observable is 'loss', allowed is one that"),
        ('"total_alignment"', '"alignment"', r"with the dimensions step, task, path, allowed is a number at the last"),
        ('"total_alignment"', '"block_loss"', "with the dimensions block, allowed is a number at the last save"),
        ("gates = {", "search_low = {", "axis 'search_low' is named like a result of a search"),
        ("gates = {", "search = {", "axis 'search' is named twice"),
    ],
)  # fmt: skip
def test_what_cannot_be_searched_is_refused(old, new, message):
    with pytest.raises(SettingError, match=message) as refused:
        sweep_of(parse(SPEC.replace(old, new)))
    assert str(refused.value).isprintable()


def test_a_search_is_no_table():
    with pytest.raises(SettingError, match="search: is 3, allowed is a table with the keys path, low"):
        sweep_of(parse("search = 3\n" + SPEC.partition("[search]")[0]))
    with pytest.raises(SettingError, match="search is 3, allowed is"):
        searched(3)
