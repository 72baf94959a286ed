"""What tests of the command line share: stores, of which what changes one changes a copy, and a browser."""

import json

import filelock
import pytest

from tests.cli.tools import SPEC, Answer, gatednet


@pytest.fixture(scope="session")
def answered(tmp_path_factory, worker_id):
    """The folder of a name and what a command answered in it, once for all processes that share out the tests."""
    own = tmp_path_factory.getbasetemp()
    parent = own if worker_id == "master" else own.parent

    def of(name, *command, **files):
        folder, said = parent / name, parent / f"{name}.json"
        with filelock.FileLock(parent / f"{name}.lock"):
            if not said.exists():
                folder.mkdir()
                for file, text in files.items():
                    (folder / f"{file}.toml").write_text(text)
                said.write_text(json.dumps(gatednet(*command, folder=folder)))
        return folder, Answer(*json.loads(said.read_text()))

    return of


@pytest.fixture(scope="session")
def swept(answered):
    """A folder with a spec, mine.toml, and the finished store that `gatednet sweep` made of it; and its answer."""
    return answered("swept", "sweep", "mine.toml", mine=SPEC)


@pytest.fixture(scope="session")
def reproduced(answered):
    """A folder with what `gatednet reproduce fig4` wrote, and its answer."""
    return answered("reproduced", "reproduce", "fig4")


@pytest.fixture(scope="module")
def browser():
    """A browser, for as long as the tests of one file."""
    from tests.cli.browser import launched

    with launched() as started:
        yield started
