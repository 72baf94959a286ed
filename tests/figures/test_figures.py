"""What holds for every registered figure."""

import functools
import re
from types import SimpleNamespace

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from gatednet import SettingError
from gatednet.figures.pipeline import few_of, make, open_stores, seeds_of, sweeps_for
from gatednet.figures.registry import FIGURES
from gatednet.figures.toolkit.archive import open_data
from gatednet.figures.toolkit.panels import SHADE, look, mark_quick, new_figure
from gatednet.figures.toolkit.pictures import pictures
from gatednet.figures.toolkit.result import FORMATS
from tests.figures import drawing
from tests.figures.conftest import IN_ALL_FORMATS
from tests.figures.test_registry import FEWEST_CLAIMS
from tests.slow import but_slow

# Forty networks, each with programs of its own, take minutes.
every_figure = pytest.mark.parametrize("name", but_slow(FIGURES, "open2"))
# What the pipeline does to any figure is tested on few: with seeds, without, and without any sweep.
some_figures = pytest.mark.parametrize("name", ["fig2", "fig4", "figa8"])


@every_figure
def test_every_variable_is_labelled(name, data):
    for variable in data(name).data_vars.values():
        assert variable.attrs["long_name"], variable.name
        assert variable.attrs["units"], variable.name


@every_figure
def test_every_claim_is_measured(name, data):
    claims = FIGURES[name].claims(data(name))
    assert len(claims) >= FEWEST_CLAIMS.get(name, 2)
    assert len({claim.sentence for claim in claims}) == len(claims)
    for claim in claims:
        assert np.isfinite(claim.measured.value), claim
        assert np.isfinite(claim.measured.standard_error), claim
        assert claim.measured.runs in (1, data(name).sizes.get("seed", 1)), claim
        assert len(claim.sentence) > 10, claim
        assert "Figure" in claim.source, claim
        assert len(claim.expected.why) > 10, claim


@every_figure
def test_claims_depend_on_the_data(name, data):
    """No claim holds whatever was simulated: each is gone where results are replaced by what no network does."""
    figure, given = FIGURES[name], data(name)
    published = [variable for variable in given.data_vars if str(variable).endswith("published")]
    results = [variable for variable in given.data_vars if variable not in published]
    patterns = [
        lambda shape: np.full(shape, -9.0),
        lambda shape: np.full(shape, 9.0),
        lambda shape: 1.0 * (np.arange(np.prod(shape)) % 4 == 0).reshape(shape),
        np.random.default_rng(0).standard_normal,
        # The same differences in every run, so that they are decided whatever the number of runs.
        lambda shape: np.arange(np.prod(shape), dtype=float).reshape(shape),
        lambda shape: np.arange(np.prod(shape), dtype=float)[::-1].reshape(shape),
    ]
    absurd = [{each: pattern(given[each].shape) for each in results} for pattern in patterns]
    # And the results themselves the wrong way round, in time and in everything else.
    absurd.append({each: np.flip(given[each].values) for each in results})
    held = {claim.sentence for claim in figure.claims(given)}
    while held and absurd:
        values = absurd.pop()
        claims = figure.claims(given.assign({each: given[each].copy(data=values[each]) for each in results}))
        held -= {claim.sentence for claim in claims if claim.verdict == "fails"}
    assert not held


@pytest.fixture(scope="session")
def drawn(data):
    """A figure as it is drawn, with the mark of few seeds, by its name; the last one is kept."""

    @functools.lru_cache(maxsize=1)
    def of(name):
        with look():
            figure = FIGURES[name].load().draw(data(name))
            mark_quick(figure, "quick: 3 of 10 seeds")
            figure.draw_without_rendering()
        return figure

    return of


@every_figure
def test_figure_is_drawn_with_all_panels(name, drawn):
    figure = drawn(name)
    letters = [axes.get_title(loc="left") for axes in figure.axes if axes.get_title(loc="left")]
    assert sorted(letters) == list(FIGURES[name].load().PANELS)
    for axes in figure.axes:
        assert _shows_data(axes), axes.get_title(loc="left")


def _shows_data(axes):
    """Whether there is a curve, a map, points or bars: shaded blocks and lines for reference are none."""
    curves = [line for line in axes.lines if np.isfinite(np.asarray(line.get_ydata(), float)).sum() > 2]
    bars = [patch for patch in axes.patches if patch.get_facecolor()[:3] != to_rgb(SHADE)]
    return bool(curves or bars or axes.images or axes.collections)


@every_figure
def test_texts_are_inside_and_do_not_cover_each_other(name, drawn):
    with look():
        assert drawing.texts_off_the_page(drawn(name)) == drawing.texts_over_each_other(drawn(name)) == []


def shown(folder):
    """The files of a folder, but for records."""
    return [path for path in folder.iterdir() if not path.name.startswith(".")]


@every_figure
def test_everything_is_written_beside_the_picture(name, data, stores, made):
    folder, claims = made(name)
    names = {path.name for path in shown(folder)}
    formats = FORMATS if name in IN_ALL_FORMATS else ("svg",)
    assert names == {f"{name}.{suffix}" for suffix in (*formats, "md", "zarr.zip")}
    # Text is text in both vector formats: type 3 fonts are drawings.
    if "pdf" in formats:
        assert (folder / f"{name}.png").read_bytes().startswith(b"\x89PNG")
        assert (folder / f"{name}.pdf").read_bytes().startswith(b"%PDF")
        assert b"/Type3" not in (folder / f"{name}.pdf").read_bytes()
    assert (folder / f"{name}.svg").read_text().count("<text") > 10
    back = open_data(folder / f"{name}.zarr.zip")
    for variable, values in data(name).data_vars.items():
        np.testing.assert_array_equal(back[variable].values, values.values)
    caption = (folder / f"{name}.md").read_text()
    for claim in claims:
        assert claim.sentence in caption
        assert claim.expected.why in caption
        assert f"| {claim.origin} |" in caption
    few = few_of(FIGURES[name], stores(name))
    # The small stores have fewer seeds than the paper, where it has several.
    marked = [
        f"({few})" in caption.splitlines()[0],
        "quick" in caption,
        "quick" in (folder / f"{name}.svg").read_text(),
    ]
    assert marked == [few is not None] * 3
    assert len(re.findall(r"^\* .*τ_w = ", caption, re.MULTILINE)) >= 1


@every_figure
def test_claims_are_the_same_from_the_data_beside_the_picture(name, made):
    folder, claims = made(name)
    assert FIGURES[name].claims(open_data(folder / f"{name}.zarr.zip")) == claims


@some_figures
def test_pictures_are_the_same_every_time(name, stores, made, tmp_path):
    folder, _ = made(name)
    # Of the formats the one that is text, and holds every number that is drawn.
    make(FIGURES[name], stores(name), tmp_path, ["svg"])
    assert {path.suffix for path in shown(tmp_path)} == {".svg", ".md", ".zip"}
    for path in shown(tmp_path):
        assert path.read_bytes() == (folder / path.name).read_bytes(), path.name


def test_all_formats_are_the_same_every_time(stores, made, tmp_path):
    folder, _ = made("fig4")
    make(FIGURES["fig4"], stores("fig4"), tmp_path)
    for path in shown(folder):
        assert path.read_bytes() == (tmp_path / path.name).read_bytes(), path.name


def test_pictures_say_how_many_of_the_seeds_there_are(stores, tmp_path):
    # The small stores of Figure 2 have three seeds, the catalog ten, and a hundred orders of blocks.
    few = "quick: 3 of 10, 3 of 100 seeds"
    assert few_of(FIGURES["fig2"], stores("fig2")) == few
    make(FIGURES["fig2"], stores("fig2"), tmp_path, ["svg"])
    assert few in (tmp_path / "fig2.svg").read_text()
    assert (tmp_path / "fig2.md").read_text().splitlines()[0].endswith(f" ({few})")


@pytest.mark.parametrize("name", ["fig4", "figa8"])
def test_without_seeds_nothing_is_missing(name, stores):
    assert few_of(FIGURES[name], stores(name)) is None


@pytest.mark.parametrize("name", FIGURES)
def test_the_seeds_of_the_catalog_are_not_marked(name):
    planned = {store: SimpleNamespace(sweep=sweep) for store, sweep in sweeps_for(FIGURES[name]).items()}
    assert few_of(FIGURES[name], planned) is None
    # Nor are more, and the counts of several stores are told once each.
    quick = {store: SimpleNamespace(sweep=sweep) for store, sweep in sweeps_for(FIGURES[name], quick=True).items()}
    seeds = {(seeds_of(quick[store].sweep), seeds_of(planned[store].sweep)) for store in planned}
    few = [f"{there} of {all_of_them}" for there, all_of_them in seeds if there < all_of_them]
    said = few_of(FIGURES[name], quick)
    assert (said is None) == (not few)
    if said is not None:
        assert sorted(said.removeprefix("quick: ").removesuffix(" seeds").split(", ")) == sorted(few)


@pytest.mark.parametrize("name", ["fig2", "fig5"])
def test_stores_of_another_plan_are_refused(name, stores):
    runs = next(iter(stores(name).values())).folder.parent
    with pytest.raises(SettingError, match="is the store of another plan"):
        open_stores(FIGURES[name], runs)


def test_missing_store_is_refused_with_the_command_that_makes_it(tmp_path):
    with pytest.raises(SettingError, match=f"fig4-symmetric does not exist: `gatednet sweep \\S* --out {tmp_path}`"):
        open_stores(FIGURES["fig4"], tmp_path)


def test_pictures_have_no_date():
    with look():
        figure = new_figure(1, 1)
        figure.text(0.5, 0.5, "a")
        made = pictures(figure, ("pdf", "svg"))
    assert b"CreationDate" not in made["pdf"]
    assert b"dc:date" not in made["svg"]
