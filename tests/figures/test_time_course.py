import pytest

from figures.describe import targets_by_block
from figures.panels import look
from figures.time_course import OBSERVABLES, draw
from gatednet import (
    Blocked,
    Experiment,
    GatedLinear,
    Gaussian,
    Interleaved,
    Phase,
    Phases,
    Population,
    RowsInTurn,
    Save,
    Sum,
    Task,
    Teachers,
    simulate,
)


@pytest.mark.parametrize(("paths", "tasks"), [(1, 1), (2, 3), (5, 4)])
def test_all_paths_and_pairs_are_drawn(paths, tasks):
    experiment = Experiment(
        network=GatedLinear(paths=paths, inputs=8, outputs=2),
        teachers=Teachers(tasks=tasks),
        curriculum=Blocked(block_length=0.1),
        inputs=Population(),
        steps=400,
    )
    data = simulate(experiment, Save(OBSERVABLES, 20))
    with look():
        figure = draw(data, experiment)
    assert [len(axes.lines) for axes in figure.axes] == [1, paths, paths * tasks]
    # Four blocks; the first task is not shaded.
    assert len(figure.axes[0].patches) == sum(1 for block in range(4) if block % tasks)


def test_shading_follows_the_order_of_tasks():
    experiment = Experiment(curriculum=Blocked(block_length=0.1, order=(1, 1, 0)), inputs=Population(), steps=300)
    data = simulate(experiment, Save(OBSERVABLES, 100))
    with look():
        figure = draw(data, experiment)
    assert [patch.get_x() for patch in figure.axes[0].patches] == pytest.approx([0, 0.1])


def test_targets_are_numbered_as_they_are_first_shown():
    phases = Phases(
        0.1, (Phase((Task(1), Task(0)), blocks=3), Phase((Sum((0, 1)), RowsInTurn((1, 0)), Task(0)), blocks=0))
    )
    experiment = Experiment(curriculum=phases, inputs=Gaussian(20), steps=800)
    assert targets_by_block(experiment) == [0, 1, 0, 2, 3, 1, 2, 3]
    data = simulate(experiment, Save(OBSERVABLES, 100))
    with look():
        figure = draw(data, experiment)
    assert [patch.get_x() for patch in figure.axes[0].patches] == pytest.approx([0.1, 0.3, 0.4, 0.5, 0.6, 0.7])


def test_nothing_is_shaded_without_blocks():
    experiment = Experiment(curriculum=Interleaved(), inputs=Population(), steps=100)
    assert targets_by_block(experiment) == []
    with look():
        assert draw(simulate(experiment, Save(OBSERVABLES, 50)), experiment).axes[0].patches[:] == []
