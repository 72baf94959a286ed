import numpy as np
import xarray

from gatednet.figures import figa03_redundant_paths as figa03


def dataset(use):
    return xarray.Dataset({"use": (("seed", "task", "path"), np.asarray(use, float))})


def test_late_use_is_read_at_the_ends_of_the_last_blocks_of_each_task():
    targets, per_block = [0, 1] * 4, 5
    gates = np.full((len(targets) * per_block + 1, 4), np.nan)
    for block, target in enumerate(targets):
        gates[(block + 1) * per_block] = target + np.arange(4) if block >= 2 else 100.0
    np.testing.assert_array_equal(figa03.late_use(gates, targets), [[0, 1, 2, 3], [1, 2, 3, 4]])


def test_paths_without_a_task_come_in_the_order_of_their_use():
    use = np.array([[[0.1, 0.0, 0.3, 0.9], [0.0, 0.8, 0.2, 0.0]], [[0.9, 0.0, 0.0, 0.2], [0.0, 0.0, 0.7, 0.0]]])
    np.testing.assert_array_equal(figa03.order_of_use(use), [[3, 1, 2, 0], [0, 2, 3, 1]])


def test_pictures_do_not_depend_on_which_task_is_shared():
    data = dataset(
        [
            [[1, 0, 0, 0], [0, 1, 0, 0]],
            [[1, 0, 0, 0], [0, 0.6, 0.4, 0]],
            [[0.6, 0, 0.4, 0], [0, 1, 0, 0.05]],
            [[0.6, 0, 0.4, 0], [0, 0.5, 0, 0.5]],
        ]
    )
    shown = [figa03.shows(data, picture) for picture in figa03.PICTURES]
    np.testing.assert_array_equal(shown, [[1, 0, 0, 0], [0, 1, 1, 0], [0, 0, 0, 1]])


def test_nearest_run_is_the_published_one():
    data = dataset([[[1, 0, 0, 0], [0, 1, 0, 0]], [[1, 0, 0, 0], [0, 0.6, 0.4, 0]]]).expand_dims(
        cost=["without", "with"]
    )
    assert [figa03.nearest_run(data, cost) for cost in figa03.COSTS] == [0, 1]
