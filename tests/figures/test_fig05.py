import numpy as np
import pytest

from gatednet.figures import fig05_regimes as fig05

SIDES = list(fig05.PUBLISHED)


@pytest.fixture(scope="module")
def as_published(data):
    """The dataset with the published tables in the place of our averaged runs."""
    given = data("fig5").copy(deep=True)
    for side in SIDES:
        table = given[f"{side}_published"].broadcast_like(given[side].sel(convention="averaged"))
        given[side] = given[side].where(given.convention != "averaged", table)
    return given


def test_rows_and_columns_are_those_of_the_published_tables(data):
    given = data("fig5")
    np.testing.assert_allclose(given.row, [10, 8, 6, 4, 1])
    np.testing.assert_allclose(given.left_column, [5, 2.5, 1.67, 1.25, 1], atol=0.005)
    np.testing.assert_allclose(given.right_column, [0, 0.05, 0.1, 0.15, 0.2], atol=1e-12)
    assert list(given.convention.values) == ["averaged", "as released"]


@pytest.mark.parametrize("side", SIDES)
def test_cells_are_where_they_are_in_the_store(side, data, stores):
    stored = stores("fig5")[f"fig5-{side}"].dataset().total_alignment.isel(step=-1)
    column = stored.dims[2]
    one = stored.isel({"convention": 1, "block_length": 3, column: 2, "seed": 1})
    assert data("fig5")[side].isel({"convention": 1, "row": 3, f"{side}_column": 2, "seed": 1}) == float(one)


@pytest.mark.parametrize("side", SIDES)
def test_fine_map_meets_the_coarse_one_in_its_corners(side, data):
    """Both are of the population here, and of the same seeds."""
    given = data("fig5")
    coarse = given[side].sel(convention="averaged").mean("seed")
    fine = given[f"{side}_fine"]
    assert fine[f"{side}_fine_row"][0] == pytest.approx(float(given.row[-1]))
    np.testing.assert_allclose(fine[0, 0], coarse[-1, 0], atol=1e-4)


def test_published_tables_hold_all_claims_about_them(as_published):
    for claim in fig05.claims(as_published):
        if "released code" not in claim.sentence:
            assert claim.verdict == "holds", claim
