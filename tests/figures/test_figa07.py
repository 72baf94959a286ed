import numpy as np
import pytest

from gatednet.figures import figa07_regimes as figa07

SIDES = list(figa07.PUBLISHED)


@pytest.fixture(scope="module")
def as_published(data):
    """The dataset with the published tables in the place of our runs that are made and matched so."""
    given = data("figa7").copy(deep=True)
    matching, convention = figa07.PUBLISHED_AS
    for side in SIDES:
        here = (given.matching == matching) & (given.convention == convention)
        table = given[f"{side}_published"].fillna(0.5).broadcast_like(given[side])
        given[side] = given[side].where(~here, table)
    return given


def test_rows_and_columns_are_those_of_the_published_tables(data):
    given = data("figa7")
    np.testing.assert_allclose(given.row, [20, 15, 10, 5, 2.5])
    np.testing.assert_allclose(given.left_column, [2, 2.67, 3.2, 4, 5.33], atol=0.005)
    np.testing.assert_allclose(given.right_column, [0, 0.2, 0.25, 0.3, 0.35], atol=1e-12)


def test_published_tables_hold_all_claims_about_them(as_published):
    for claim in figa07.claims(as_published):
        # Differences of a table to itself are none, and with fewer runs than were published no number holds.
        assert claim.measured.value == pytest.approx(0) or claim.range.margin(claim.measured.value) >= 0, claim


def test_total_alignment_is_that_of_the_stored_units(data, stores):
    stored = stores("figa7")["figa7-left"].dataset().unit_alignment
    one = stored.isel(convention=0, block_length=1, gate_timescale=3, seed=1).values.reshape(
        stored.sizes["step"], 20, 20
    )
    best = one.mean(axis=0).argmax(axis=1)
    ours = data("figa7").left.sel(matching="as released", convention="averaged").isel(row=1, left_column=3, seed=1)
    assert float(ours) == pytest.approx(float(one[-1, np.arange(20), best].mean()), abs=1e-6)


def test_a_row_is_beyond_where_the_boundary_is_two_cells_off():
    table = np.array([[0.9, 0.9, np.nan, np.nan], [0.9, 0.9, 0.9, np.nan]])
    values = np.where(np.isnan(table), 0.3, table)[None]
    assert figa07.rows_beyond(values, table) == 0
    values[0, 0] = 0.9
    assert figa07.rows_beyond(values, table) == 1
