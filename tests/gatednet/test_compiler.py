"""How XLA is asked to compile: with the options that it knows, and with Python's garbage collector at rest."""

import gc

import pytest

from gatednet.engine import compiler
from gatednet.memory import uncollected

pytestmark = pytest.mark.optimized


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


def test_operations_are_whole_where_all_cores_have_runs():
    whole = compiler.compiler_options(in_parts=False)
    assert whole == compiler.compiler_options() | {"xla_disable_hlo_passes": "cpu-parallel-task-assigner"}


@pytest.fixture
def collector():
    yield
    gc.unfreeze()
    gc.enable()


@pytest.mark.usefixtures("collector")
@pytest.mark.parametrize("enabled", [True, False])
def test_the_garbage_collector_rests_and_is_then_what_it_was(enabled):
    (gc.enable if enabled else gc.disable)()
    with uncollected():
        assert not gc.isenabled()
        with uncollected():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled() == enabled


@pytest.mark.usefixtures("collector")
def test_nobody_goes_through_what_is_there_after_the_last_thing():
    with uncollected(last=True):
        made = [[]]
    assert not any(each is made for each in gc.get_objects())
    assert gc.isenabled()


@pytest.mark.usefixtures("collector")
def test_the_collector_goes_on_after_an_error():
    with pytest.raises(RuntimeError), uncollected():
        raise RuntimeError
    assert gc.isenabled()
