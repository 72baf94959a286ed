"""The page of `gatednet explore` in a browser: what a visitor sees, does, and takes along."""

import re
import signal
import xml.etree.ElementTree as ET

import pytest
from playwright.sync_api import expect

from gatednet import SettingError, with_values
from gatednet.sweeps.catalog import experiment
from gatednet.sweeps.spec import load_spec
from gatednet.toml import value_of
from tests.cli.browser import (
    HEIGHT,
    MISSING,
    PLOTS,
    WIDTH,
    Visit,
    button,
    choose,
    chromium,
    enter,
    field,
    focused,
    has_focus,
    kept,
    message,
    no_errors,
    paper,
    query,
    serving,
    settings,
    slider,
    values,
    verdict,
)

# Not every machine has a browser.
pytestmark = pytest.mark.skipif(chromium() is None, reason=MISSING)

GATES, BLOCKS = "timescales.gates [time]", "curriculum.block_length [time]"
SENTENCE = re.compile(
    r"^(flexible|in between|forgetful): relative specialization \d\.\d\d( ± \d\.\d\d)? over \d seeds? \(.*\); "
    r"loss over the last two blocks \d\S*$"
)
# Seconds within which an ended server, and the workers of closed pages, are gone.
PROMPT = 5
SEEDS = "seeds=2"
# Cells along a side of the diagram that is shown.
SIDE = "Bokeh.documents[0]?.get_model_by_name('diagram').renderers[0].data_source.data.image[0]?.shape[0]"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """One server for all pages of this file."""
    with serving(folder=tmp_path_factory.mktemp("explore")) as served:
        yield served


@pytest.fixture
def visit(browser, server):
    """A visitor. Whatever they do, nothing is asked of another host, and no script fails."""
    visiting = Visit(browser, server.link)
    yield visiting
    visiting.context.close()
    assert visiting.errors == []
    assert visiting.hosts == {server.host}


@pytest.fixture
def page(visit):
    """The page with its numbers; the default has more seeds, which take longer."""
    return visit.page(SEEDS)


def frames(page):
    """Left, top, right and bottom of the diagram, the verdict and the plots that are seen."""
    parts = [*page.locator(".bk-Figure:visible").all(), *page.locator(".verdict p").all()]
    boxes = [each.bounding_box() for each in parts]
    return [(box["x"], box["y"], box["x"] + box["width"], box["y"] + box["height"]) for box in boxes]


def is_patch(frame):
    """Whether a frame of a connection is the header of a message with changes."""
    return isinstance(frame, str) and "PATCH-DOC" in frame


def reached(page, name, most=150):
    """Whether at most `most` presses of Tab lead to something by its name."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if focused(page) == name:
            return True
    return False


def test_a_page_starts_with_a_verdict_and_asks_no_other_host(visit, server):
    page = visit.page()
    expect(verdict(page)).to_have_text(SENTENCE)
    assert message(page).all_inner_texts() in ([], [""])
    expect(page).to_have_title("gatednet explore")
    assert f"ws://{server.host}/ws" in {each.split("?")[0] for each in visit.requests}
    assert visit.hosts == {server.host}


def test_all_that_counts_is_seen_at_once(page):
    for pinned in (False, True):
        if pinned:
            button(page, "pin / unpin").click()
            expect(page.locator(".verdict p")).to_have_count(2)
        found = frames(page)
        assert len(found) == (11 if pinned else 6)
        for left, top, right, bottom in found:
            assert 0 <= left < right <= WIDTH
            assert 0 <= top < bottom <= HEIGHT
        assert page.evaluate("document.documentElement.scrollWidth") <= WIDTH


def test_a_slider_moves_by_the_keyboard_and_all_follows(page):
    before = verdict(page).inner_text()
    handle = slider(page, GATES)
    handle.focus()
    for _ in range(40):
        page.keyboard.press("ArrowRight")
    at = field(page, GATES)
    place = float(handle.get_attribute("aria-valuenow") or "nan")
    expect(at).to_have_value(f"{0.003 * 100 ** (place / 1000):.4g}")
    assert handle.get_attribute("aria-valuetext") == at.input_value()
    page.wait_for_url(re.compile(rf"set=timescales\.gates={re.escape(at.input_value())}&"))
    expect(verdict(page)).not_to_have_text(before)
    expect(verdict(page)).to_have_text(SENTENCE)
    assert handle.get_attribute("aria-valuenow") == f"{place:.1f}"


def test_a_place_of_a_slider_is_one_message_and_so_is_what_follows(page, visit):
    other = visit.context.new_page()
    sent, received = [], []

    def listen(socket):
        socket.on("framesent", lambda frame: sent.append(is_patch(frame)))
        socket.on("framereceived", lambda frame: received.append(is_patch(frame)))

    other.on("websocket", listen)
    other.goto(page.url)
    expect(verdict(other)).to_be_visible()
    # The slider is that of an axis: the diagram stays, and comes before.
    other.wait_for_function(f"{SIDE} == 128")
    handle = slider(other, GATES)
    handle.focus()
    before = settings(other)
    sent.clear()
    received.clear()
    handle.press("ArrowRight")
    expect(field(other, GATES)).not_to_have_value("0.03")
    other.wait_for_function("(before) => location.search != before", arg=f"?{page.url.partition('?')[2]}")
    expect(other.locator(".status")).to_have_text(re.compile("^curves in"))
    assert settings(other) != before
    assert sum(sent) == 1
    # Where curves take long, their settings come before.
    assert sum(received) in (1, 2)


def test_a_style_sheet_that_is_given_its_own_text_stays(page):
    stays = """(text) => {
      const sheet = document.createElement('style')
      sheet.textContent = 'p { color: red }'
      const before = sheet.firstChild
      sheet.textContent = text
      return [sheet.firstChild === before, sheet.textContent]
    }"""
    assert page.evaluate(stays, "p { color: red }") == [True, "p { color: red }"]
    assert page.evaluate(stays, "p { color: blue }") == [False, "p { color: blue }"]


def test_a_value_is_typed(page):
    before = verdict(page).inner_text()
    enter(page, GATES, "0.2")
    page.wait_for_url(re.compile(r"set=timescales\.gates=0\.2&"))
    expect(verdict(page)).not_to_have_text(before)
    expect(verdict(page)).to_have_text(re.compile(r"^forgetful: "))
    assert slider(page, GATES).get_attribute("aria-valuenow") == "912.0"


def test_every_slider_is_named_as_its_field(page):
    for base in ("fig2-flexible", "fig6-regularised"):
        field(page, "experiment").select_option(base)
        page.wait_for_url(re.compile(f"base={base}&"))
        handles = page.get_by_role("slider")
        names = {each.get_attribute("aria-label") for each in handles.all()}
        assert len(names) == handles.count() == 10
        assert {GATES, BLOCKS, "dt [time]"} < names
        for each in handles.all():
            of = field(page, each.get_attribute("aria-label") or "").first
            expect(of).to_be_visible()
            # The nearest of a thousand places is told, and the number itself is shown.
            told = float(each.get_attribute("aria-valuetext") or "nan")
            assert told == pytest.approx(float(of.input_value()), rel=0.01)


def test_a_bad_value_is_refused_as_by_the_command_line_and_nothing_changes(page):
    enter(page, GATES, "0.02")
    page.wait_for_url(re.compile(r"gates=0\.02&"))
    expect(verdict(page)).to_have_text(SENTENCE)
    address = page.url
    for bad in ("abc", "-1"):
        with pytest.raises(SettingError) as refused:
            with_values(experiment("fig2-flexible"), {"timescales.gates": value_of(bad)})
        enter(page, GATES, bad)
        expect(message(page)).to_have_text(re.compile(rf"^(set: )?{re.escape(str(refused.value))}$"))
        assert page.url == address
        expect(verdict(page)).to_have_text(SENTENCE)
    enter(page, GATES, "0.2")
    expect(message(page)).to_be_hidden()
    page.wait_for_url(re.compile(r"gates=0\.2&"))


def test_a_click_in_the_diagram_chooses_a_cell_and_a_button_pins_it(page):
    choose(page, 0.3, 0.5)
    page.wait_for_url(re.compile(r"set=curriculum\.block_length=\S+&set=timescales\.gates="))
    first = settings(page)
    assert list(first) == ["curriculum.block_length", "timescales.gates"]
    assert field(page, GATES).input_value() == first["timescales.gates"]
    button(page, "pin / unpin").click()
    page.wait_for_url(re.compile(r"&pin="))
    assert query(page)["pin"] == [f"{first['timescales.gates']},{first['curriculum.block_length']}"]
    expect(page.locator(".verdict p")).to_have_count(2)
    choose(page, 0.75, 0.3)
    page.wait_for_url(lambda url: f"={first['timescales.gates']}&" not in url)
    second = settings(page)
    assert float(second["timescales.gates"]) > float(first["timescales.gates"])
    assert float(second["curriculum.block_length"]) < float(first["curriculum.block_length"])
    expect(page.locator(".verdict p").nth(1)).to_have_text(re.compile(r"^pinned: flexible: "))
    expect(verdict(page)).to_have_text(re.compile(r"^forgetful: "))
    button(page, "pin / unpin").click()
    page.wait_for_url(lambda url: "pin=" not in url)
    expect(page.locator(".verdict p")).to_have_count(1)


def test_a_part_of_the_time_can_be_looked_at_and_the_whole_again(page):
    seen = "(name) => { const {start, end} = Bokeh.documents[0].get_model_by_name(name).x_range; return [start, end] }"
    level = "(name) => Bokeh.documents[0].get_model_by_name(name).renderers.find((each) => each.name == 'lines').level"
    whole = page.evaluate(seen, "chosen-loss")
    assert whole == [0, 20]
    plot = page.locator(".bk-Figure").nth(2)
    plot.hover()
    page.mouse.wheel(0, -300)
    page.wait_for_function(f"(name) => ({seen})(name)[0] > 0", arg="chosen-loss")
    for name in PLOTS[:3]:
        start, end = page.evaluate(seen, name)
        assert 0 < start < end < 20
        # Lines that go on beyond the frame are cut off by it.
        assert page.evaluate(level, name) == "glyph"
    # It stays while settings change.
    before = verdict(page).inner_text()
    enter(page, GATES, "0.05")
    expect(verdict(page)).not_to_have_text(before)
    assert page.evaluate(seen, "chosen-gates") == [start, end]
    plot.dblclick()
    page.wait_for_function(f"(name) => ({seen})(name)[0] == 0", arg="chosen-loss")
    assert [page.evaluate(seen, name) for name in PLOTS[:3]] == [whole] * 3
    assert {page.evaluate(level, name) for name in PLOTS[:3]} == {"overlay"}


def test_a_copied_link_shows_the_same(visit, page):
    enter(page, GATES, "0.05")
    field(page, "objective.reduction").select_option("mean")
    field(page, "colour").select_option("specialization")
    enter(page, "seeds", "3")
    button(page, "pin / unpin").click()
    choose(page, 0.3, 0.7)
    page.wait_for_url(re.compile(r"block_length=.*&show=specialization&.*seeds=3&pin="))
    sentences = page.locator(".verdict p")
    expect(sentences).to_have_count(2)
    expect(verdict(page)).to_have_text(re.compile("over 3 seeds"))
    button(page, "copy link").click()
    link = page.evaluate("navigator.clipboard.readText()")
    assert link == page.url

    other = visit.page(link.split("?", 1)[1])
    expect(other.locator(".verdict p")).to_have_text(sentences.all_inner_texts())
    assert values(other) == values(page)
    assert other.url == page.url


def test_a_link_with_a_bad_value_says_so_and_shows_the_default(visit):
    default = visit.page()
    expected, sentence = values(default), verdict(default).inner_text()
    default.close()
    for bad, line in {
        "set=timescales.gates=-1": r"Timescales\.gates is -1(\.0)?, allowed is a finite number above 0",
        "set=timescales.gates=0.2&seeds=many": r"seeds is 'many', allowed is a whole number",
        "base=<img src=x onerror=document.title=1>": r"unknown experiment '<img src=x onerror=document\.title=1>'",
    }.items():
        page = visit.page(bad)
        expect(message(page)).to_have_text(re.compile(line))
        assert "\n" not in message(page).inner_text()
        assert values(page) == expected
        expect(verdict(page)).to_have_text(sentence)
        # The address is what is seen, and not what was refused.
        page.wait_for_url(re.compile(r"\?base=fig2-flexible&x="))
        expect(page).to_have_title("gatednet explore")
        page.close()


@pytest.mark.slow
def test_the_tour_can_be_left_or_goes_through_its_steps(page):
    title = page.locator(".tour h2")
    expect(title).to_be_hidden()
    assert reached(page, "tour")
    page.keyboard.press("Enter")
    expect(title).to_be_visible()
    has_focus(page, "next")
    assert reached(page, "end tour", most=1)
    page.keyboard.press("Space")
    expect(title).to_be_hidden()
    has_focus(page, "tour")
    expect(button(page, "end tour")).to_be_hidden()
    for step, (pressed, pinned) in enumerate([("tour", 1), *[("next", 1)] * 3, ("next", 0)], 1):
        before = verdict(page).inner_text()
        button(page, pressed).click()
        expect(title).to_have_text(re.compile(rf"^{step} of 5: \w"))
        expect(page.locator(".tour p")).to_have_text(re.compile(r"\w.*\.$"))
        expect(page.locator(".verdict p")).to_have_count(1 + pinned)
        if step > 1:
            expect(verdict(page)).not_to_have_text(before)
        expect(message(page)).to_be_hidden()
        assert max(bottom for *_, bottom in frames(page)) <= HEIGHT
    button(page, "done").click()
    expect(title).to_be_hidden()
    expect(button(page, "tour")).to_be_visible()


def test_the_keyboard_is_enough(page):
    assert reached(page, "experiment")
    assert reached(page, GATES)
    page.keyboard.press("Control+A")
    page.keyboard.type("0.02")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"timescales\.gates=0\.02&"))
    places = {}
    for sign, pressed in zip("←↓↑→", ("Enter", "Space", "Enter", "Space"), strict=True):
        assert reached(page, sign)
        before = page.url
        page.keyboard.press(pressed)
        page.wait_for_url(lambda url, before=before: url != before)
        has_focus(page, sign)
        places[sign] = {path: float(value) for path, value in settings(page).items()}
    gates, blocks = "timescales.gates", "curriculum.block_length"
    assert places["←"][gates] == places["↓"][gates] < 0.02
    assert places["↓"][blocks] < places["↑"][blocks]
    assert places["→"][gates] == pytest.approx(0.02, rel=1e-3)
    assert reached(page, "pin / unpin")
    page.keyboard.press("Space")
    page.wait_for_url(re.compile(r"&pin="))
    has_focus(page, "pin / unpin")
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "pin=" not in url)


def test_another_experiment_is_chosen_by_the_keyboard(page):
    assert reached(page, "experiment")
    page.keyboard.type("fig2-forgetful")
    page.wait_for_url(re.compile(r"base=fig2-forgetful&"))
    expect(verdict(page)).to_have_text(re.compile(r"^forgetful: "))
    assert settings(page) == {}


@pytest.mark.slow
def test_the_dark_theme_darkens_the_page_and_is_in_the_link(visit, page):
    light = paper(page)
    assert reached(page, "dark")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"theme=dark"))
    has_focus(page, "light")
    page.wait_for_function("(light) => getComputedStyle(document.body).backgroundColor != light", arg=light)
    dark = paper(page)
    assert sum(map(int, re.findall(r"\d+", dark)[:3])) < 150 < 600 < sum(map(int, re.findall(r"\d+", light)[:3]))
    assert paper(visit.page(page.url.split("?", 1)[1])) == dark
    button(page, "light").click()
    page.wait_for_function("(light) => getComputedStyle(document.body).backgroundColor == light", arg=light)


def test_what_is_shown_can_be_kept(page, tmp_path):
    enter(page, GATES, "0.05")
    button(page, "pin / unpin").click()
    expect(page.locator(".verdict p")).to_have_count(2)
    files = {kind: kept(page, kind, tmp_path) for kind in ("Python", "TOML", "PNG", "SVG")}
    assert [each.name for each in files.values()] == [f"explore.{ending}" for ending in ("py", "toml", "png", "svg")]
    script = files["Python"].read_text()
    compile(script, "explore.py", "exec")
    assert "gates = 0.05" in script
    sweep = load_spec(files["TOML"])
    assert (sweep.runs, sweep.experiment.timescales.gates) == (64 * 64 * 2, 0.05)
    assert files["PNG"].read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    assert ET.parse(files["SVG"]).getroot().tag == "{http://www.w3.org/2000/svg}svg"
    again = kept(page, "TOML", tmp_path)
    assert again == files["TOML"]
    assert button(page, "TOML").is_enabled()


@pytest.mark.slow
def test_ten_tabs_are_served_and_nothing_works_on_when_they_are_closed(visit, server):
    assert server.idle(30)
    tabs = [visit.tab(f"seeds=8&set=timescales.gates={0.02 + 0.01 * number:g}") for number in range(10)]
    for each in tabs:
        expect(verdict(each)).to_have_text(SENTENCE)
    # All their diagrams would take minutes.
    assert server.working() >= len(tabs) / 2
    for each in tabs:
        each.close()
    assert server.idle(PROMPT), f"{server.working()} workers are left"


def test_a_server_ends_at_once_with_its_pages_open_and_has_met_no_error(browser, server):
    visiting = Visit(browser, server.link)
    visiting.page()
    answer, seconds = server.end(signal.SIGINT)
    visiting.context.close()
    assert (answer.code, answer.out) == (130, "")
    assert answer.err.endswith("gatednet: interrupted\n")
    assert seconds < PROMPT
    assert no_errors(answer.err), answer.err
