"""`gatednet sweep` and `gatednet verify` from a file to a store."""

import re
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import xarray

from tests.cli.tools import SPEC, Answer, contents, copy_of, refusal, together


def opened(store):
    """A store as its readers open it, without this package."""
    return xarray.open_zarr(store / "arrays.zarr", chunks=None)


def test_a_file_becomes_a_store(swept):
    folder, answer = swept
    assert (answer.code, answer.out) == (0, "runs/mine: done, 4 runs\n"), answer.err
    data = opened(folder / "runs" / "mine")
    assert data.loss.dims == ("gates", "seed", "step")
    np.testing.assert_array_equal(data.gates, [0.02, 0.05])
    np.testing.assert_array_equal(data.step, [0, 20, 40])
    assert np.isfinite(data.loss).all()
    assert sorted(path.name for path in (folder / "runs").iterdir()) == ["mine"]


def test_progress_is_in_plain_lines_where_there_is_no_terminal(swept):
    _, answer = swept
    first, *_, last = answer.err.splitlines()
    assert first == "mine: 0 of 4 runs"
    assert re.fullmatch(r"mine: 4 of 4 runs · \S+ steps/s · 0 s left · compiled in \S+ s", last)
    assert all(character.isprintable() or character == "\n" for character in answer.err)


# Commands in the folder of the finished store, or in one of their own, with the same file and nothing else in it.
DRY = {
    "plain": "sweep mine.toml --dry-run",
    "seeds": "sweep mine.toml --dry-run --seeds 5 --out elsewhere",
    "name": "sweep mine.toml --dry-run --axis gates=timescales.gates=geomspace(0.01,1,9)",
    "path": "sweep mine.toml --dry-run --axis tau=timescales.gates=0.1",
    "static": "sweep mine.toml --dry-run --axis of=objective.norm_order=1,2",
    "catalog": "sweep fig5 --dry-run --seeds 2",
}
STIFF = {"stiff": "sweep stiff.toml --dry-run"}
FINISHED = {"again": "sweep mine.toml", "verify": "verify runs/mine"}
OTHERS = {
    "more": "sweep mine.toml --out more --axis gates=timescales.gates=0.02,0.03,0.05 --seeds 3",
    "diverging": "sweep mine.toml --out diverging --axis tau=timescales.weights=1e-12,0.1",
}
RESTART = {
    "without": "sweep mine.toml --seeds 1",
    "restart": "sweep mine.toml --seeds 1 --restart",
    "verify restarted": "verify runs/mine",
}


class Told(NamedTuple):
    """The folder of each group of commands, what was in it before and after, and what each command answered."""

    folders: dict[str, Path]
    before: dict[str, dict[str, bytes | None]]
    after: dict[str, dict[str, bytes | None]]
    answers: dict[str, Answer]


@pytest.fixture(scope="module")
def told(swept, tmp_path_factory):
    """All these commands, in one process."""
    parent = tmp_path_factory.mktemp("told")
    folders = {group: parent / group for group in ("finished", "dry", "others", "restart")}
    for group in ("finished", "restart"):
        copy_of(swept[0], folders[group])
    for group in ("dry", "others"):
        folders[group].mkdir()
        (folders[group] / "mine.toml").write_text(SPEC)
    stiff = SPEC.replace("steps = 40", 'steps = 40\n"objective.norm" = 100.0\ndt = 0.001')
    (folders["dry"] / "stiff.toml").write_text(stiff)
    commands = {"finished": FINISHED, "dry": {**DRY, **STIFF}, "others": OTHERS, "restart": RESTART}
    calls = [(folders[group], each.split()) for group, of_group in commands.items() for each in of_group.values()]
    before = {group: contents(folder) for group, folder in folders.items()}
    answers = together(calls)
    after = {group: contents(folder) for group, folder in folders.items()}
    names = [name for of_group in commands.values() for name in of_group]
    return Told(folders, before, after, dict(zip(names, answers, strict=True)))


def test_a_finished_store_is_left_as_it_is(told):
    again, found = told.answers["again"], told.answers["verify"]
    assert again == (0, "runs/mine: was finished already, 4 runs\n", "")
    assert found == (0, "runs/mine: every file agrees with its digest; 4 runs in 1 chunks, finished\n", "")
    assert told.after["finished"] == told.before["finished"]


def test_a_dry_run_writes_nothing(told):
    answers = [told.answers[name] for name in DRY]
    assert {(answer.code, answer.err) for answer in answers} == {(0, "")}
    assert told.after["dry"] == told.before["dry"]


def test_a_dry_run_says_what_it_would_take(told):
    assert re.fullmatch(
        r"runs/mine: 4 runs \(2 gates × 2 seed\) of 40 steps, 1 compiles, \d\S* [KM]?i?B before compression, "
        r"about \d.* on this machine\n",
        told.answers["plain"].out,
    )
    assert told.answers["seeds"].out.startswith("elsewhere/mine: 10 runs (2 gates × 5 seed) of 40 steps")
    stores = [line.split(":")[0] for line in told.answers["catalog"].out.splitlines()]
    assert stores == [f"runs/fig5-{name}" for name in ("left", "right", "left-fine", "right-fine")]


def test_axes_take_the_place_of_their_name_or_path_or_are_new(told):
    assert "18 runs (9 gates × 2 seed)" in told.answers["name"].out
    assert "2 runs (1 tau × 2 seed)" in told.answers["path"].out
    assert "8 runs (2 gates × 2 of × 2 seed) of 40 steps, 2 compiles" in told.answers["static"].out


def test_more_values_and_seeds_change_no_other_run(swept, told):
    assert told.answers["more"][:2] == (0, "more/mine: done, 9 runs\n")
    more = opened(told.folders["others"] / "more" / "mine").sel(gates=[0.02, 0.05], seed=[0, 1])
    xarray.testing.assert_identical(more.loss.load(), opened(swept[0] / "runs" / "mine").loss.load())


def test_a_restart_replaces_a_store(told):
    assert "runs/mine is the store of another plan" in refusal(told.answers["without"])
    assert told.answers["restart"][:2] == (0, "runs/mine: done, 2 runs\n")
    assert told.answers["verify restarted"].code == 0
    runs = told.folders["restart"] / "runs"
    assert opened(runs / "mine").sizes["seed"] == 1
    assert [path.name for path in runs.iterdir()] == ["mine"]


def test_runs_that_diverge_fail_the_sweep_and_are_marked_in_its_store(told):
    answer = told.answers["diverging"]
    assert answer.code == 1
    done, diverged = answer.out.splitlines()
    assert done == "diverging/mine: done, 8 runs"
    assert diverged == "4 runs left the finite numbers: see the variables result and result_step of the stores"
    result = opened(told.folders["others"] / "diverging" / "mine").result
    assert (result.sel(tau=1e-12) == 1).all()
    assert (result.sel(tau=0.1) == 0).all()


def test_a_constraint_that_is_too_stiff_is_warned_of_in_one_line(told):
    answer = told.answers["stiff"]
    assert (answer.code, answer.out.count("\n")) == (0, 1)
    assert answer.err == (
        "gatednet: warning: constraint objective.norm is too stiff for steps of dt in 2 of 2 cells: with these "
        "timescales.gates the rule Euler is stable up to dt = 0.0002, and Proximal at any dt\n"
    )
