import numpy as np

from gatednet.figures import figa11_four_blocks as figa11


def test_runs_go_on_from_a_quarter_of_the_one_block(stores):
    """To the digits that the plan keeps."""
    before = stores("figa10")["figa10"].dataset().sel(step=12_500)
    start = stores("figa11")["figa11"].dataset().sel(step=0)
    for name in ("weights", "gates"):
        np.testing.assert_allclose(start[name].values, before[name].values, atol=0.6e-6)


def test_lowest_values_are_those_of_whole_blocks(data):
    shown = data("figa11")
    assert list(shown.block.values) == [1, 2, 3, 4]
    third = shown.weight_difference.where((shown.time >= 10) & (shown.time < 15))
    np.testing.assert_array_equal(shown.lowest.sel(block=3), third.min("step"))


def test_the_first_two_blocks_are_no_inner_ones(data):
    """Claims about inner minima are lost where the blocks are counted from the other end."""
    reversed_blocks = data("figa11").copy()
    reversed_blocks["lowest"] = reversed_blocks.lowest[:, ::-1].assign_coords(block=[1, 2, 3, 4])
    verdicts = [claim.verdict for claim in figa11.claims(reversed_blocks)]
    assert verdicts[:3] == ["fails"] * 3
