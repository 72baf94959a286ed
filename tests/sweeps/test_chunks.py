import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatednet import Save
from gatednet.sweeps.axes import Axis
from gatednet.sweeps.planning.plan import MOST_BYTES, MOST_RUNS, Plan, plan_of
from gatednet.sweeps.store.store import Store
from gatednet.sweeps.sweep import Sweep
from tests.sweeps.tools import grid, small

SAVE = Save(("loss",), 20)


def values(count: int) -> tuple[float, ...]:
    return tuple(0.01 * (point + 1) for point in range(count))


@st.composite
def grids(draw: st.DrawFn) -> tuple[Axis, ...]:
    """Up to four axes in any order, one of them static at times."""
    axes = [
        Axis("gates", "timescales.gates", values(draw(st.integers(1, 7)))),
        Axis("length", "curriculum.block_length", values(draw(st.integers(1, 5)))),
        Axis.seeds(draw(st.integers(1, 6))),
        Axis("order", "objective.norm_order", (1, 2)),
    ]
    return tuple(draw(st.lists(st.sampled_from(axes), min_size=1, max_size=4, unique=True)))


@given(grids(), st.integers(1, 300))
@settings(max_examples=60)
def test_chunks_tile_the_grid_and_each_is_a_chunk_of_the_arrays(axes, runs):
    sweep = Sweep(small(), axes, SAVE)
    plan = plan_of(sweep, runs)
    covered = np.zeros(sweep.shape, int)
    chunks = list(plan.chunks())
    assert len(chunks) == len(plan) == len({chunk.name for chunk in chunks})
    for chunk in chunks:
        covered[chunk.region] += 1
        assert chunk.runs <= plan.chunk_runs <= max(runs, 1)
        assert all(start % step == 0 for start, step in zip(chunk.start, plan.chunk_shape, strict=True))
        assert plan.chunk(chunk.index) == chunk
        for place in sweep.static_places:
            assert chunk.shape[place] == 1
    assert np.all(covered == 1)
    # Those of one static group come after each other, so that each compiles once.
    groups = [plan.group(chunk) for chunk in chunks]
    assert groups == sorted(groups)


@given(grids(), st.sampled_from(["paired", "independent"]), st.integers(1, 300))
@settings(max_examples=60)
def test_a_request_holds_the_values_of_every_cell(axes, noise, runs):
    sweep = Sweep(small(), axes, SAVE, noise=noise)
    plan = plan_of(sweep, runs)
    for chunk in plan.chunks():
        request = plan.request(chunk)
        cells = np.indices(chunk.shape).reshape(len(chunk.shape), -1).T + np.asarray(chunk.start)
        for run, cell in enumerate(cells):
            for axis, point in zip(sweep.axes, cell, strict=True):
                if axis.is_seed:
                    assert request.seeds[run] == axis.values[point]
                elif axis.name == "order":
                    assert request.experiment.objective.norm_order == axis.values[point]
                else:
                    assert request.values[axis.path][run] == axis.values[point]
        starts = len(set(zip(request.seeds.tolist(), request.streams.tolist(), strict=True)))
        assert starts <= plan.most_draws


def streams(sweep: Sweep) -> dict[tuple[object, ...], int]:
    """The stream of each run of a sweep in one chunk by its coordinates, in the order of their names."""
    plan = Plan(sweep, sweep.shape)
    (chunk,) = plan.chunks()
    cells = np.indices(sweep.shape).reshape(len(sweep.shape), -1).T
    names = sorted((axis.name, place) for place, axis in enumerate(sweep.axes))
    return {
        tuple(sweep.axes[place].coordinates[cell[place]] for _, place in names): int(stream)
        for cell, stream in zip(cells, plan.request(chunk).streams, strict=True)
    }


def test_independent_noise_differs_by_cell_and_not_by_seed_and_depends_on_nothing_else():
    sweep = grid(noise="independent")
    found = streams(sweep)
    assert len(set(found.values())) == 6
    for (gates, length, _), stream in found.items():
        assert found[gates, length, 0] == stream
    more = dataclasses.replace(sweep, axes=(Axis("gates", "timescales.gates", (0.3, 0.1, 0.05, 0.02)), *sweep.axes[1:]))
    assert found.items() <= streams(more).items()
    turned = dataclasses.replace(sweep, axes=sweep.axes[::-1])
    assert streams(turned) == found
    # Stored results depend on the hash.
    assert found[0.02, 0.01, 0] == 3427077703


def test_paired_cells_share_one_stream():
    assert set(streams(grid()).values()) == {0}


def test_chunks_are_cut_along_the_axes_of_the_schedule_first():
    axes = (
        Axis("length", "curriculum.block_length", values(50)),
        Axis("gates", "timescales.gates", values(40)),
        Axis.seeds(3),
    )
    assert plan_of(Sweep(small(), axes, SAVE), 240).chunk_shape == (2, 40, 3)
    assert plan_of(Sweep(small(), axes[::-1], SAVE), 240).chunk_shape == (3, 40, 2)


def test_chunks_are_bounded_in_runs_and_bytes():
    axes = (Axis("norm", "objective.norm", values(2**8)), Axis.seeds(2**9))
    plan = plan_of(Sweep(small(), axes, SAVE))
    assert plan.chunk_runs <= MOST_RUNS
    assert len(plan) > 1
    large = plan_of(Sweep(small(steps=40_000), axes, Save(("loss_every_step",), 40_000)))
    assert large.chunk_runs * 4 * 40_000 <= MOST_BYTES


def test_a_small_sweep_is_one_chunk_for_each_static_group():
    axes = (Axis("order", "objective.norm_order", (1, 2)), *grid().axes)
    assert plan_of(Sweep(small(), axes, SAVE)).chunk_shape == (1, 3, 2, 2)


def test_a_write_that_is_no_chunk_is_refused(tmp_path):
    store = Store.create(tmp_path / "store", grid(), chunk_runs=4)
    chunk = next(store.plan.chunks())
    longer = dataclasses.replace(chunk, stop=tuple(size for size in store.sweep.shape))
    with pytest.raises(ValueError, match="not a chunk of the arrays"):
        store.write(longer, {})
    assert math.prod(store.plan.counts) == len(store.plan)
