"""Nothing on the page of `gatednet explore` stands under names that are not its own, at no moment."""

import pytest
from playwright.sync_api import expect

from tests.cli.browser import MISSING, PLOTS, Visit, button, chromium, enter, field, lines, message, serving, verdict
from tests.cli.tools import TIMEOUT

# Not every machine has a browser.
pytestmark = pytest.mark.skipif(chromium() is None, reason=MISSING)

WEIGHTS = "timescales.weights [time]"

# Notes what the page shows, under which names, whenever a model changes and in between.
WATCH = """() => {
  const models = new Map()
  // Looked up once: all models of the page are gone through for each name.
  const model = (name) => {
    if (!models.has(name)) models.set(name, Bokeh.documents[0].get_model_by_name(name))
    return models.get(name)
  }
  const element = (name) => Bokeh.index.find_one(model(name)).el
  const text = (root, selector) => {
    const found = []
    const visit = (root) => {
      for (const each of root.querySelectorAll('*')) {
        if (each.shadowRoot) visit(each.shadowRoot)
        if (each.matches(selector)) found.push(each.innerText)
      }
    }
    visit(root.shadowRoot)
    return found.join(' ')
  }
  // Arrays come anew with each change, and one is looked at hundreds of times.
  const sums = new WeakMap()
  const sum = (values) => {
    if (!sums.has(values)) {
      sums.set(values, Array.from(values).reduce((all, each, at) => all + (at % 97 + 1) * (each || 0), 0))
    }
    return sums.get(values)
  }
  const has = (name, state) => element(name).classList.contains(state)
  const look = () => {
    const diagram = model('diagram'), loss = model('chosen-loss')
    const image = diagram.renderers[0].data_source.data.image[0]
    const drawn = loss.renderers.find((each) => each.name == 'lines')
    const lines = drawn.visible ? drawn.data_source.data.ys : []
    return {
      axes: diagram.below[0].axis_label + ' ' + diagram.left[0].axis_label,
      name: diagram.right.map((each) => each.text ?? '').join(''),
      scale: diagram.right[0].color_mapper.low + ' ' + diagram.right[0].color_mapper.high,
      query: model('address').value,
      tour: text(element('tour'), 'h2'),
      map: image ? image.shape.join() + ' ' + sum(image) : null,
      mapGrey: has('diagram-frame', 'stale'),
      waiting: has('diagram-frame', 'waiting'),
      edge: diagram.renderers[1].data_source.data.xs.length,
      curves: lines.length ? sum(lines[0]) : null,
      curvesGrey: has('chosen', 'stale'),
      verdict: model('verdict').elements[0].html,
    }
  }
  window.seen = []
  window.note = () => {
    const found = look()
    if (JSON.stringify(found) != JSON.stringify(seen.at(-1))) seen.push(found)
  }
  note()
  // What is painted, and what could be: between two changes of one message nothing is.
  const painted = () => { note(); window.painting = requestAnimationFrame(painted) }
  painted()
  window.watching = setInterval(note, 2)
}"""
SEEN = "() => { clearInterval(watching); cancelAnimationFrame(painting); note(); return seen }"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """One server for all pages of this file."""
    with serving(folder=tmp_path_factory.mktemp("names")) as served:
        yield served


@pytest.fixture(scope="module")
def visiting(browser, server):
    """A visitor, in whose tabs no script fails."""
    visiting = Visit(browser, server.link)
    yield visiting
    visiting.context.close()
    assert visiting.errors == []


@pytest.fixture(scope="module")
def page(visiting):
    """A page with its diagram, which all tests go on with: none of them minds where it begins."""
    page = visiting.page("seeds=1")
    drawn(page)
    return page


def drawn(page):
    """Wait until a diagram of the settings that are named is there."""
    page.wait_for_function(
        """() => {
          const diagram = Bokeh.documents[0]?.get_model_by_name('diagram')
          const frame = Bokeh.index.find_one(Bokeh.documents[0]?.get_model_by_name('diagram-frame'))?.el
          const current = frame && !frame.classList.contains('stale') && !frame.classList.contains('waiting')
          return current && diagram.renderers[0].data_source.data.image.length == 1
        }""",
        timeout=1000 * TIMEOUT,
    )


def watched(page, change):
    """What the page showed from before a change until its own diagram is there."""
    page.evaluate(WATCH)
    change()
    # Everything that changes a view is in its address; a finer diagram of the view before is no answer.
    page.wait_for_function("seen.length > 1 && seen.at(-1).query != seen[0].query")
    drawn(page)
    return page.evaluate(SEEN)


def never_old_under_new(seen, names):
    """Whether nothing from before stood undimmed once one of the `names` had changed."""
    before, after = seen[0], seen[-1]
    assert any(before[name] != after[name] for name in names), seen
    assert after["map"] is not None
    assert after["map"] != before["map"]
    for each in seen:
        if any(each[name] != before[name] for name in names):
            assert each["map"] != before["map"] or each["mapGrey"], each
            assert each["curves"] != before["curves"] or each["curvesGrey"], each
            assert each["verdict"] != before["verdict"], each
            assert each["map"] is not None or each["edge"] == 0, each


def test_other_axes_clear_the_diagram_at_once_and_leave_the_curves(page):
    sentence = verdict(page).inner_text()
    for name, option in (("up", "objective.norm"), ("across", "dt"), ("scale", "linear")):
        seen = watched(page, lambda name=name, option=option: field(page, name).first.select_option(option))
        before = seen[0]
        for each in seen:
            if each["axes"] != before["axes"]:
                assert each["map"] != before["map"], each
                assert not each["mapGrey"]
        assert any(each["map"] is None and each["edge"] == 0 for each in seen)
        assert {each["curves"] for each in seen} == {before["curves"]}
        assert not any(each["curvesGrey"] for each in seen)
    assert verdict(page).inner_text() == sentence


def test_another_observable_has_its_own_name_and_scale(page):
    before = page.evaluate("Bokeh.documents[0].get_model_by_name('diagram').right[1].text")
    assert before == "total alignment"
    seen = watched(page, lambda: field(page, "colour").select_option("loss"))
    assert seen[-1]["name"] == "loss"
    # The map from before may become finer until the loss has its name there.
    named = [each for each in seen if each["name"] != before]
    assert not {each["map"] for each in seen if each["name"] == before} & {each["map"] for each in named} - {None}
    scales = {each["scale"] for each in named if each["map"] is not None}
    assert len(scales) == 1
    assert scales != {"0 1"}


def test_an_unrelated_setting_greys_the_diagram_until_its_own_is_there(page):
    seen = watched(page, lambda: enter(page, WEIGHTS, "1.5"))
    never_old_under_new(seen, ["query"])
    # The map from before may have become finer until then.
    assert any(each["mapGrey"] and each["map"] not in (None, seen[-1]["map"]) for each in seen)
    assert all(each["map"] is not None for each in seen)


def test_another_experiment_clears_the_page_at_once(page):
    seen = watched(page, lambda: field(page, "experiment").select_option("fig6-regularised"))
    never_old_under_new(seen, ["query", "axes", "tour"])
    assert any(each["map"] is None and each["waiting"] for each in seen)
    named = [each for each in seen if each["query"] != seen[0]["query"]]
    assert {each["scale"] for each in named} == {"0 1"}


@pytest.mark.slow
def test_tour_steps_clear_the_page_at_once_and_so_does_an_experiment_of_fewer_tasks(visiting, page):
    for number in range(5):
        seen = watched(page, button(page, "next" if number else "tour").click)
        never_old_under_new(seen, ["query", "axes", "tour"])
        expect(message(page)).to_be_hidden()
    assert [len(lines(page, plot)) for plot in PLOTS[:3]] == [1, 4, 16]
    seen = watched(page, lambda: field(page, "experiment").select_option("fig2-forgetful"))
    never_old_under_new(seen, ["query"])
    assert [len(lines(page, plot)) for plot in PLOTS[:3]] == [1, 2, 4]
    expect(verdict(page)).to_be_visible()
    assert visiting.errors == []
