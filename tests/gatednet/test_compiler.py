"""Options of the compiler: those that this version of XLA knows, found in as few compilations as that takes."""

import pytest

from gatednet.engine import compiler


@pytest.mark.parametrize(
    ("unknown", "trials"), [({}, 1), ({"xla_no_such_option": True}, 2), ({"xla_nor_this": 1, "xla_nor_that": 2}, 3)]
)
def test_unknown_options_are_left_out(unknown, trials, monkeypatch):
    tried = []
    asked = compiler._unknown
    monkeypatch.setattr(compiler, "_WANTED", {**compiler._WANTED, **unknown})
    monkeypatch.setattr(compiler, "_unknown", lambda options: (tried.append(dict(options)), asked(options))[1])
    # What others have found stays theirs.
    found = compiler.compiler_options.__wrapped__()
    assert found == {name: value for name, value in compiler._WANTED.items() if name not in unknown}
    assert len(tried) == trials
