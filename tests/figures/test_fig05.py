import numpy as np
import pytest
import xarray

from gatednet.figures import fig05_regimes as fig05

SIDES = list(fig05.PUBLISHED)


@pytest.fixture(scope="module")
def as_published(data):
    """The dataset with the published tables in the place of our averaged runs, matched as they are."""
    given = data("fig5").copy(deep=True)
    matching, convention = fig05.PUBLISHED_AS
    for side in SIDES:
        here = (given.matching == matching) & (given.convention == convention)
        given[side] = given[side].where(~here, given[f"{side}_published"].broadcast_like(given[side]))
        starts = given[f"{side}_from_starts"]
        given[f"{side}_from_starts"] = starts.where(starts.matching != matching, given[f"{side}_published"])
    return given


def test_rows_and_columns_are_those_of_the_published_tables(data):
    given = data("fig5")
    np.testing.assert_allclose(given.row, [10, 8, 6, 4, 1])
    np.testing.assert_allclose(given.left_column, [5, 2.5, 1.67, 1.25, 1], atol=0.005)
    np.testing.assert_allclose(given.right_column, [0, 0.05, 0.1, 0.15, 0.2], atol=1e-12)
    assert list(given.convention.values) == ["averaged", "as released"]


def test_blocks_have_as_many_steps_as_the_published_ones(stores):
    steps = stores("fig5")["fig5-left"].dataset().block_steps
    assert list(steps.values) == [999, 800, 599, 400, 100]


@pytest.mark.parametrize("side", SIDES)
def test_cells_are_where_they_are_in_the_store(side, data, stores):
    stored = stores("fig5")[f"fig5-{side}"].dataset().total_alignment.isel(step=-1)
    column = stored.dims[2]
    one = stored.isel({"convention": 1, "block_length": 3, column: 2, "seed": 1})
    ours = (
        data("fig5")[side].sel(matching="one to one").isel({"convention": 1, "row": 3, f"{side}_column": 2, "seed": 1})
    )
    assert float(ours) == pytest.approx(float(one), abs=1e-6)


def test_paths_are_matched_by_their_last_record_or_by_all():
    """Both paths lean to the first task most of the time; the first one ends with it, the second with the other."""
    course = np.array([[[0.6, 0.8], [0.1, 0.1]], [[0.9, 0.2], [0.1, 0.7]]])
    alignment = xarray.DataArray(course[None], dims=("seed", "step", "task", "path"))
    found = fig05.matched(alignment)
    np.testing.assert_allclose(found[""].sel(matching="one to one"), 0.8)
    np.testing.assert_allclose(found[""].sel(matching="as released"), 0.15)
    np.testing.assert_allclose(found["_crossed"], 0.15)


def test_swapped_runs_are_counted_and_what_a_published_cell_needs(as_published):
    given = as_published.copy(deep=True)
    one, released = ({"matching": each, "convention": "averaged"} for each in fig05.MATCHINGS)
    given.left.loc[one], given.left.loc[released] = 1.0, 1.0
    given.left.loc[{**released, "row": 10.0, "left_column": 1.0, "seed": 0}] = 0.2
    given["left_crossed"][:] = 0.2
    assert fig05.swapped_runs(given, "left").sum() == fig05.swapped_runs(given, "left")[0, -1] == 1
    assert fig05.needed(given, "left")[0, -1] == pytest.approx(10 * (1 - 0.9193) / 0.8)


@pytest.mark.parametrize("side", SIDES)
def test_fine_map_meets_the_coarse_one_in_its_corners(side, data):
    """Both are of the population here, and of the same seeds."""
    given = data("fig5")
    coarse = given[side].sel(matching="one to one", convention="averaged").mean("seed")
    fine = given[f"{side}_fine"]
    assert fine[f"{side}_fine_row"][0] == pytest.approx(float(given.row[-1]))
    np.testing.assert_allclose(fine[0, 0], coarse[-1, 0], atol=1e-4)


def test_published_tables_hold_all_claims_about_them(as_published):
    claims = [claim for claim in fig05.claims(as_published) if claim.origin in ("picture", "ours")]
    assert len(claims) > 10
    for claim in claims:
        # With fewer runs than were published no number is said to hold.
        assert claim.range.margin(claim.measured.value) >= 0, claim
