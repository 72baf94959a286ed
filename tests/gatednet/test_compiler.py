import gc

import pytest

from gatednet.engine.compiler import uncollected


@pytest.fixture(autouse=True)
def as_it_was():
    yield
    gc.enable()


@pytest.mark.parametrize("enabled", [True, False])
def test_the_garbage_collector_rests_and_is_then_what_it_was(enabled):
    (gc.enable if enabled else gc.disable)()
    with uncollected():
        assert not gc.isenabled()
        with uncollected():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled() == enabled


def test_it_goes_on_after_an_error():
    with pytest.raises(RuntimeError), uncollected():
        raise RuntimeError
    assert gc.isenabled()
