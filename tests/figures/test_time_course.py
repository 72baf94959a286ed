import numpy as np
import pytest

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
    examples_of,
    simulate,
    with_values,
)
from gatednet.figures.single_run import observables
from gatednet.figures.time_course import draw
from gatednet.figures.toolkit.describe import targets_by_block
from gatednet.figures.toolkit.panels import look
from gatednet.sweeps.catalog.images import head
from tests.figures.drawing import faults


@pytest.mark.parametrize(("paths", "tasks"), [(1, 1), (2, 3), (5, 4)])
def test_all_paths_and_pairs_are_drawn(paths, tasks):
    experiment = Experiment(
        network=GatedLinear(paths=paths, inputs=8, outputs=2),
        teachers=Teachers(tasks=tasks),
        curriculum=Blocked(block_length=0.1),
        inputs=Population(),
        steps=400,
    )
    data = simulate(experiment, Save(observables(experiment), 20))
    with look():
        figure = draw(data, experiment)
        assert faults(figure) == {}
    assert [len(axes.lines) for axes in figure.axes] == [1, paths, paths * tasks]
    # Four blocks; the first task is not shaded.
    assert len(figure.axes[0].patches) == sum(1 for block in range(4) if block % tasks)


def test_shading_follows_the_order_of_tasks():
    experiment = Experiment(curriculum=Blocked(block_length=0.1, order=(1, 1, 0)), inputs=Population(), steps=300)
    data = simulate(experiment, Save(observables(experiment), 100))
    with look():
        figure = draw(data, experiment)
    assert [patch.get_x() for patch in figure.axes[0].patches] == pytest.approx([0, 0.1])


def test_targets_are_numbered_as_they_are_first_shown():
    phases = Phases(
        0.1, (Phase((Task(1), Task(0)), blocks=3), Phase((Sum((0, 1)), RowsInTurn((1, 0)), Task(0)), blocks=0))
    )
    experiment = Experiment(curriculum=phases, inputs=Gaussian(20), steps=800)
    assert targets_by_block(experiment) == [0, 1, 0, 2, 3, 1, 2, 3]
    data = simulate(experiment, Save(observables(experiment), 100))
    with look():
        figure = draw(data, experiment)
    assert [patch.get_x() for patch in figure.axes[0].patches] == pytest.approx([0.1, 0.3, 0.4, 0.5, 0.6, 0.7])


def test_nothing_is_shaded_without_blocks():
    experiment = Experiment(curriculum=Interleaved(), inputs=Population(), steps=100)
    assert targets_by_block(experiment) == []
    with look():
        assert draw(simulate(experiment, Save(observables(experiment), 50)), experiment).axes[0].patches[:] == []


def test_accuracy_takes_the_place_of_alignment_where_tasks_are_about_labels():
    numbers = np.random.default_rng(0)
    train, test = numbers.standard_normal((60, 64)), numbers.standard_normal((20, 64))
    examples = examples_of(train, np.arange(60) % 10, test, np.arange(20) % 10, 10)
    experiment = with_values(
        head("digits", "parity"), {"steps": 40, "inputs.batch": 20, "curriculum.block_length": 1.0}
    )
    data = simulate(experiment, Save(observables(experiment), 10), examples=examples)
    with look():
        figure = draw(data, experiment)
    assert figure.axes[2].get_ylabel() == "test accuracy"
    assert figure.axes[2].lines[0].get_ydata() == pytest.approx(data.accuracy.values)
