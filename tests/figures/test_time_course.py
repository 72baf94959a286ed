import equinox as eqx
import pytest

from figures.describe import blocks_of
from figures.panels import look
from figures.time_course import OBSERVABLES, draw
from gatednet import Blocked, Experiment, GatedLinear, Population, Save, SettingError, Teachers, simulate


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


def test_other_curricula_are_refused():
    experiment = Experiment()
    assert blocks_of(experiment) is experiment.curriculum
    with pytest.raises(SettingError, match="curriculum is None, allowed for this picture is one in blocks"):
        blocks_of(eqx.tree_at(lambda each: each.curriculum, experiment, None))
