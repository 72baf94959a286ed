import numpy as np
import pytest

from gatednet.figures import fig08_relearning as fig08
from gatednet.figures.pipeline import make, read_files
from gatednet.figures.registry import FIGURES
from gatednet.figures.toolkit.archive import open_data
from gatednet.figures.toolkit.panels import look
from tests.figures.drawing import faults

ROWS = [(1, 1, 0.25), (1, 1, 0.75), (2, 1, 0.75), (1, 8, 0.5), (2, 8, 1.0)]


@pytest.fixture
def human(tmp_path):
    path = tmp_path / "human.csv"
    path.write_text("trial,practice,score\n" + "".join(f"{a},{b},{c}\n" for a, b, c in ROWS))
    return read_files([FIGURES["fig8"]], {"human": path})


def test_steps_are_counted_from_each_switch(data, stores):
    """One update after the n-th switch is the second step of block n."""
    stored = stores("fig8")["fig8"].dataset().loss_every_step.transpose("regime", "seed", "every_step").values
    shown = data("fig8").loss.transpose("regime", "seed", "switch", "after").values
    for switch in range(4):
        first = 100 * (switch + 1) + 1
        np.testing.assert_array_equal(shown[:, :, switch], stored[:, :, first : first + 5])


def test_ratios_of_means():
    runs = np.stack([np.full((3, 5), value) for value in (1.0, 3.0)]) * np.array([8.0, 4.0, 1.0])[:, None]
    np.testing.assert_allclose(fig08.ratios(runs), [0.5, 0.25])


def test_human_data_make_a_third_panel(data, human):
    given = fig08.with_file(data("fig8"), "human", human["human"])
    with look():
        figure = fig08.draw(given)
        assert faults(figure) == {}
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["A", "B", "C"]
    crosses, practices = ([text.get_text() for text in legend.get_texts()] for legend in figure.legends)
    assert (crosses[-1], practices) == ("published", ["practice 1", "practice 8"])
    novice, expert = (container.lines[0].get_xydata() for container in figure.axes[2].containers)
    np.testing.assert_allclose(novice, [(1, 0.5), (2, 0.75)])
    np.testing.assert_allclose(expert, [(1, 0.5), (2, 1.0)])
    assert fig08.claims(given) == fig08.claims(data("fig8"))


def test_human_data_are_kept_beside_the_picture(stores, human, tmp_path):
    make(FIGURES["fig8"], stores("fig8"), tmp_path, ["svg"], files=human)
    back = open_data(tmp_path / "fig8.zarr.zip")
    np.testing.assert_array_equal(back.human_score.values, [score for *_, score in ROWS])
    assert "**C** Scores of human learners" in (tmp_path / "fig8.md").read_text()


def test_caption_says_that_there_are_none(made):
    folder, _ = made("fig8")
    assert "drawn without human data, since they are not shipped" in (folder / "fig8.md").read_text()
