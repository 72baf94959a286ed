"""What tests of the command line share: stores, of which what changes one changes a copy, and a browser."""

import pytest

from tests.cli.tools import SPEC, gatednet


@pytest.fixture(scope="session")
def swept(tmp_path_factory):
    """A folder with a spec, mine.toml, and the finished store that `gatednet sweep` made of it; and its answer."""
    folder = tmp_path_factory.mktemp("swept")
    (folder / "mine.toml").write_text(SPEC)
    return folder, gatednet("sweep", "mine.toml", folder=folder)


@pytest.fixture(scope="session")
def reproduced(tmp_path_factory):
    """A folder with what `gatednet reproduce fig4` wrote, and its answer."""
    folder = tmp_path_factory.mktemp("reproduced")
    return folder, gatednet("reproduce", "fig4", folder=folder)


@pytest.fixture(scope="module")
def browser():
    """A browser, for as long as the tests of one file."""
    from tests.cli.browser import launched

    with launched() as started:
        yield started
