"""The files of one picture: of one result, whatever was there before and wherever a process ends."""

import contextlib
import os

import filelock
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatednet import SettingError
from gatednet.figures.toolkit import result
from gatednet.figures.toolkit.result import CAPTION, DATA, FORMATS, LOCK, Result
from gatednet.sweeps import WriteError
from tests.cli.tools import contents

CHANGING = ("fsync", "replace", "unlink")


def files(generation, *formats):
    """The files of a result, each of which says of which one."""
    return {each: f"{each} of {generation}".encode() for each in (*formats, DATA, CAPTION)}


def seen(folder):
    """The files that a user sees."""
    return {name: content for name, content in contents(folder).items() if not name.startswith(".")}


def named(given):
    """Files by their names in a folder."""
    return {f"fig.{suffix}": content for suffix, content in given.items()}


class Killed(BaseException):
    """In the place of a signal that ends a process at once."""


@contextlib.contextmanager
def killed_at(operation):
    """The process ends at a change of the disk: neither that nor any later one, such as cleaning up, is made."""
    made = {name: getattr(os, name) for name in CHANGING}
    left = [operation]

    def counted(name):
        def change(*args, **kwargs):
            left[0] -= 1
            if left[0] < 0:
                raise Killed
            return made[name](*args, **kwargs)

        return change

    try:
        for name in CHANGING:
            setattr(os, name, counted(name))
        with contextlib.suppress(Killed):
            yield left
    finally:
        for name, function in made.items():
            setattr(os, name, function)


def test_a_result_is_written_into_a_new_folder(tmp_path):
    given_files = files(1, "pdf", "png")
    paths = Result(tmp_path / "a" / "b", "fig").write(given_files)
    assert [path.name for path in paths] == ["fig.pdf", "fig.png", "fig.zarr.zip", "fig.md"]
    assert seen(tmp_path / "a" / "b") == named(given_files)
    assert sorted(set(contents(tmp_path / "a" / "b")) - set(named(given_files))) == [".fig.json", LOCK]


def test_pictures_of_other_data_go_where_they_are_not_written_again(tmp_path):
    ours = Result(tmp_path, "fig")
    ours.write(files(1, *FORMATS))
    ours.check(["png"])
    ours.write(files(2, "png"))
    assert seen(tmp_path) == named(files(2, "png"))


def test_pictures_of_the_same_data_stay(tmp_path):
    ours = Result(tmp_path, "fig")
    ours.write(files(1, "pdf"))
    ours.write(files(1, "png"))
    assert seen(tmp_path) == named(files(1, "pdf", "png"))
    # And go with them.
    ours.write(files(2, "svg"))
    assert seen(tmp_path) == named(files(2, "svg"))


def test_other_results_of_the_folder_are_left_alone(tmp_path):
    Result(tmp_path, "fig-seed3").write(files(1, *FORMATS))
    (tmp_path / "fig.txt").write_text("notes")
    before = contents(tmp_path)
    Result(tmp_path, "fig").write(files(2, "png"))
    assert {name: contents(tmp_path)[name] for name in before} == before


@pytest.mark.parametrize("how", ["no record", "changed"])
def test_a_picture_that_is_not_known_is_neither_deleted_nor_left_beside_another(how, tmp_path):
    ours = Result(tmp_path, "fig")
    if how == "changed":
        ours.write(files(1, *FORMATS))
    (tmp_path / "fig.pdf").write_bytes(b"mine")
    before = contents(tmp_path)
    for attempt in (lambda: ours.check(["png"]), lambda: ours.write(files(2, "png"))):
        with pytest.raises(
            SettingError, match=r"fig\.pdf would stay beside a new fig .* or to write pdf too$"
        ) as refused:
            attempt()
        assert "\n" not in str(refused.value)
        assert contents(tmp_path) == before
    # A format that is requested is replaced.
    ours.write(files(2, "png", "pdf"))
    assert named(files(2, "png", "pdf")).items() <= seen(tmp_path).items()


@pytest.mark.parametrize(
    "name", ["fig.png", "fig.svg", "fig.md", "fig.zarr.zip", ".fig.json", ".fig.writing.json", ".fig.new.json", LOCK]
)
@pytest.mark.parametrize("what", ["a folder", "a link"])
def test_what_is_no_file_is_not_replaced(name, what, tmp_path):
    if what == "a folder":
        (tmp_path / name).mkdir()
    else:
        (tmp_path / "elsewhere").write_text("mine")
        (tmp_path / name).symlink_to("elsewhere")
    before = contents(tmp_path)
    with pytest.raises(SettingError, match="is no file" if what == "a folder" else "is a link"):
        Result(tmp_path, "fig").check(["png"])
    assert contents(tmp_path) == before


def test_a_damaged_record_is_refused(tmp_path):
    Result(tmp_path, "fig").write(files(1, "png"))
    (tmp_path / ".fig.json").write_text("{}")
    with pytest.raises(SettingError, match=r"\.fig\.json is not what was written, allowed is to delete it$"):
        Result(tmp_path, "fig").check(["png"])


def test_a_folder_that_another_process_writes_is_waited_for(tmp_path, monkeypatch):
    monkeypatch.setattr(result, "_PATIENCE", 0.05)
    Result(tmp_path, "fig").write(files(1, "png"))
    before = contents(tmp_path)
    with filelock.FileLock(tmp_path / LOCK), pytest.raises(SettingError, match="is being written by another process"):
        Result(tmp_path, "fig").write(files(2, "png"))
    assert contents(tmp_path) == before


def test_a_full_disk_changes_nothing(tmp_path, monkeypatch):
    """Wherever it comes while new files are written aside; only then are old ones replaced."""
    ours = Result(tmp_path, "fig")
    ours.write(files(1, "png", "pdf"))
    before = contents(tmp_path)
    sync = os.fsync
    for working in range(5):
        left = [working]

        def full_disk(descriptor, left=left):
            left[0] -= 1
            if left[0] < 0:
                raise OSError(28, "No space left on device")
            sync(descriptor)

        monkeypatch.setattr(os, "fsync", full_disk)
        with pytest.raises(WriteError, match="cannot be written: No space left on device"):
            ours.write(files(2, "png", "svg"))
        assert contents(tmp_path) == before


def consistent(folder):
    """The result whose caption is there, None where there is none: then nobody takes its files for one."""
    there = seen(folder)
    if "fig.md" not in there:
        return None
    (generation,) = {content.rsplit(b" ", 1)[1] for content in there.values()}
    assert {"fig.md", "fig.zarr.zip"} < there.keys()
    return int(generation)


def test_a_kill_at_any_change_leaves_one_result_or_none_that_looks_complete(tmp_path):
    operation, ended = 0, set()
    while True:
        folder = tmp_path / str(operation)
        Result(folder, "fig").write(files(1, "pdf", "png"))
        with killed_at(operation) as left:
            Result(folder, "fig").write(files(2, "png", "svg"))
        ended.add(consistent(folder))
        if left[0] >= 0:
            break
        # Who comes next completes it, whatever it writes, and leaves nothing of the one that was interrupted.
        for generation, formats in ((2, ["png", "svg"]), (3, ["svg"])):
            Result(folder, "fig").check(formats)
            Result(folder, "fig").write(files(generation, *formats))
            assert seen(folder) == named(files(generation, *formats))
            assert set(contents(folder)) == {*named(files(generation, *formats)), ".fig.json", LOCK}
        operation += 1
    assert operation > 15
    assert ended == {1, None, 2}


WRITES = st.lists(
    st.tuples(st.integers(1, 3), st.sets(st.sampled_from(FORMATS), min_size=1), st.integers(0, 40)), max_size=8
)


@settings(max_examples=40, deadline=None)
@given(writes=WRITES)
def test_whatever_is_written_and_killed_in_a_row(writes, tmp_path_factory):
    folder = tmp_path_factory.mktemp("row")
    for generation, formats, operation in writes:
        with killed_at(operation) as left:
            Result(folder, "fig").write(files(generation, *sorted(formats)))
        found = consistent(folder) if folder.exists() else None
        if left[0] >= 0:
            assert found == generation
            assert named(files(generation, *formats)).items() <= seen(folder).items()
    Result(folder, "fig").write(files(9, "png"))
    assert set(contents(folder)) == {*named(files(9, "png")), ".fig.json", LOCK}
    assert seen(folder) == named(files(9, "png"))
