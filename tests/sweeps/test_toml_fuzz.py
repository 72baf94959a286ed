"""Texts that are nearly experiments, plans and sweeps: each is read, or refused in one line."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatednet import Experiment, SettingError, from_toml, to_toml
from gatednet.sweeps.axes import Axis
from gatednet.sweeps.spec import changed, load_spec, parse_axis, sweep_of
from gatednet.sweeps.text import from_text, to_text
from gatednet.toml import parse, value_of
from tests.sweeps.tools import grid, small

SPEC = """\
base = "fig2-flexible"
save = ["loss", "weights"]
every = 20
[set]
"network.inputs" = 4
"network.outputs" = 2
"curriculum.block_length" = 0.01
steps = 40
inputs = { kind = "Population" }
[axes]
gates = { path = "timescales.gates", values = [0.02, 0.05], labels = ["a", "b"] }
norm = { path = ["objective.norm", "initial.gates"], values = [[0, 1]], labels = [1] }
tau = { path = "timescales.weights", geomspace = [0.1, 1.0, 3] }
seed = 2
"""
EXPERIMENT, PLAN = to_toml(small()), to_text(grid())
# Pieces that parsers stumble over.
ODD = st.sampled_from(
    ["", "=", ".", ",", "#", "\n", '"', "'", "[", "]", "[[", "{}", "{", "}", "[]", "-", "1", "0", "-0.0", "nan", "inf",
     "1e400", "1" * 400, "1" * 5000, "5e-324", "2147483648", "9223372036854775808", "true", "1979-05-27",
     "07:32:00", "1979-05-27T07:32:00Z", '"\\u0000"', '"\\ud800"', "\0", "\ud800", "\ufeff", "é", "x" * 300,
     "[" * 2000, "{a=" * 2000, ".".join("a" * 3000), "[1]", '{ kind = "Optax" }', 'kind = "Phases"', '"loss"', "seed",
     "a = {}", "\na = 1", "\n[a]\n", "_", "+1", "0x1F", "1_000", '"""', "\r\n", "\t", "range = [0, 100000000]"]
)  # fmt: skip


@st.composite
def nearly(draw: Any, text: str) -> str:
    """A text with a few pieces replaced, doubled, taken out or put in."""
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(text)))
        stop = draw(st.integers(start, min(start + draw(st.sampled_from([0, 1, 4, 30])), len(text))))
        piece = draw(st.one_of(ODD, st.text(max_size=3), st.just(text[start:stop] * 2)))
        text = text[:start] + piece + text[stop:]
    return text


def values(text: str) -> Iterable[str]:
    """A text with one of its values replaced by each of the odd pieces."""
    lines = text.splitlines()
    for place, line in enumerate(lines):
        name, equals, _ = line.partition(" = ")
        if equals:
            for odd in ("{}", "[]", "1" * 400, "1979-05-27", "[[[1]]]", '""', "nan", "true", "{ a = { b = 1 } }", "-1"):
                yield "\n".join([*lines[:place], f"{name} = {odd}", *lines[place + 1 :]])


def check(read: Callable[[str], Any], text: str) -> Any:
    """What a text is read as, None where it is refused; the refusal is one line that can be printed anywhere."""
    try:
        return read(text)
    except SettingError as error:
        refusal = str(error)
    assert refusal.isprintable(), ascii(refusal)
    assert 0 < len(refusal) <= 2000
    return None


def check_experiment(text: str) -> None:
    found = check(from_toml, text)
    assert found is None or from_toml(to_toml(found)) == found


def check_plan(text: str) -> None:
    found = check(from_text, text)
    assert found is None or from_text(to_text(found)) == found


def check_spec(text: str) -> None:
    found = check(lambda text: sweep_of(parse(text)), text)
    assert found is None or from_text(to_text(found)) == found


def check_argument(text: str) -> None:
    name, _, value = text.partition("=")
    found = check(lambda value: changed(small(), {name: value_of(value)}), value)
    assert found is None or isinstance(found, Experiment)
    axis = check(parse_axis, text)
    assert axis is None or isinstance(axis, Axis)


ARGUMENT = st.sampled_from(
    ["dt=0.001", "timescales.gates=0.1", 'inputs={kind="Gaussian", batch=3}', "curriculum.order=[0, 1]",
     'rule={kind="Optax", weights="adam", weights_options={b1=0.5}}', "a=dt=linspace(0.1,1,3)", "a=steps=40,80",
     "seed=seed=1,2"]
).flatmap(nearly)  # fmt: skip
TEXTS = [
    (check_experiment, nearly(EXPERIMENT)),
    (check_plan, nearly(PLAN)),
    (check_spec, nearly(SPEC)),
    (check_argument, ARGUMENT),
]


@given(st.data())
@settings(max_examples=100)
def test_texts_are_read_or_refused_in_one_line(data: st.DataObject) -> None:
    checked, texts = data.draw(st.sampled_from(TEXTS))
    checked(data.draw(texts))


@pytest.mark.slow
@pytest.mark.parametrize(("checked", "texts"), TEXTS, ids=["experiment", "plan", "spec", "argument"])
def test_texts_at_length(checked: Callable[[str], None], texts: st.SearchStrategy[str]) -> None:
    @given(texts)
    @settings(max_examples=10_000)
    def each(text: str) -> None:
        checked(text)

    each()


@pytest.mark.parametrize(("checked", "text"), [(check_plan, PLAN), (check_spec, SPEC)], ids=["plan", "spec"])
def test_every_value_may_be_anything(checked: Callable[[str], None], text: str) -> None:
    for each in values(text):
        checked(each)


def test_texts_that_are_known_to_be_read():
    assert from_toml(EXPERIMENT) == small()
    assert from_text(PLAN) == grid()
    assert sweep_of(parse(SPEC)).shape == (2, 1, 3, 2)


@pytest.mark.parametrize("content", [b"\xef\xbb\xbf" + SPEC.encode(), SPEC.replace("\n", "\r\n").encode()])
def test_files_as_other_systems_write_them(content, tmp_path):
    (tmp_path / "mine.toml").write_bytes(content)
    assert load_spec(tmp_path / "mine.toml") == sweep_of(parse(SPEC))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a = " + "[" * 5000 + "]" * 5000, "no TOML that can be read: RecursionError"),
        (
            ".".join(["a"] * 3000) + " = 1",
            "no TOML that can be read: tables and lists are nested 3000 deep, allowed are",
        ),
        ("a = " + "1" * 5000, "no TOML that can be read: ValueError: Exceeds the limit"),
        ("[set]\nnosuch = {}", "unknown path 'nosuch'"),
        ("[set.nosuch]", "unknown path 'nosuch'"),
        ("[set.timescales.nosuch]", "unknown path 'timescales.nosuch'"),
        ("[set]\ndt = {}", r"Experiment\.dt is \{\}, allowed is a finite number above 0"),
    ],
)
def test_refusals_of_texts(text, message):
    start = 'base = "fig2-flexible"\nsave = ["loss"]\nevery = 20\naxes = { seed = 2 }\n'
    with pytest.raises(SettingError, match=message):
        sweep_of(parse(start + text))


def test_an_empty_table_of_a_part_changes_nothing():
    assert changed(small(), {"timescales": {}}) == small()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.1", 0.1), ("true", True), ("word", "word"), ("'a b'", "a b"), ("[1, [2]]", [1, [2]]), ("1 ", 1),
        ('{kind = "Population"}', {"kind": "Population"}), ("[\n1,\n2]", [1, 2]),
        # More than a value is a word as it stands, which no number allows.
        ("1\nx=2", "1\nx=2"), ("1\n[x]", "1\n[x]"), ("1 # faster", "1 # faster"), ("1, 2", "1, 2"), ("1,", "1,"),
        ("1]\nx=[2", "1]\nx=[2"), ("", ""), ("#", "#"), ("1" * 5000, "1" * 5000), ("[" * 5000, "[" * 5000),
    ],
)  # fmt: skip
def test_a_value_is_one_value(text, value):
    assert value_of(text) == value
    assert type(value_of(text)) is type(value)


@pytest.mark.parametrize("name", ["x" * 300 + ".toml", "a\0.toml", "."])
def test_names_that_no_file_can_have(name, tmp_path):
    with pytest.raises(SettingError, match=r"cannot be read: "):
        load_spec(tmp_path / name)


def test_what_is_no_file_is_not_waited_for(tmp_path):
    (tmp_path / "zero.toml").symlink_to("/dev/zero")
    with pytest.raises(SettingError, match=r"zero\.toml cannot be read: no regular file"):
        load_spec(tmp_path / "zero.toml")
