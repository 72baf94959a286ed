"""Files beside each other are of one result, and what is refused is refused before anything is written."""

import shutil

import pytest

from tests.cli.tools import contents, copy_of, refusal, together

# Each changes a copy of what `reproduce fig4` wrote, gives a command, and says how it is refused.
REFUSED = {}


def refused(message):
    """A case of a command that is refused with a message."""

    def known(prepare):
        REFUSED[prepare.__name__] = prepare, message
        return prepare

    return known


@refused("pictures/fig4.pdf would stay beside a new fig4 and may show something else: it has no record or was changed")
def a_picture_that_was_changed(folder):
    (folder / "pictures" / "fig4.pdf").write_bytes(b"%PDF of mine")
    return "figure fig4 --format png"


@refused("pictures/fig4.svg would stay beside a new fig4 and may show something else: it has no record or was changed")
def a_picture_without_a_record(folder):
    (folder / "pictures" / ".fig4.json").unlink()
    return "reproduce fig4 --format png,pdf"


@refused("pictures/fig4.png is no file, allowed is a file, which is replaced, or nothing")
def a_folder_in_the_place_of_a_picture(folder):
    (folder / "pictures" / "fig4.png").unlink()
    (folder / "pictures" / "fig4.png").mkdir()
    return "figure fig4"


@refused("pictures/fig4.md is a link, allowed is a file, which is replaced, or nothing")
def a_link_in_the_place_of_a_caption(folder):
    (folder / "pictures" / "fig4.md").rename(folder / "notes.md")
    (folder / "pictures" / "fig4.md").symlink_to("../notes.md")
    return "reproduce fig4"


@refused("pictures/claims.json is no file, allowed is a file, which is replaced, or nothing")
def a_folder_in_the_place_of_the_claims(folder):
    (folder / "pictures" / "claims.json").unlink()
    (folder / "pictures" / "claims.json").mkdir()
    return "reproduce fig4"


@refused("runs/fig4-cycle is the store of another plan: ")
def a_later_store_of_another_plan(folder):
    # The first one would be computed anew.
    for name in ("fig4-symmetric", "fig4-cycle"):
        shutil.rmtree(folder / "runs" / name)
    copy_of(folder / "runs" / "fig4-blocks", folder / "runs" / "fig4-cycle")
    return "reproduce fig4"


@refused("pictures/fig4-symmetric.png is no file, allowed is a file, which is replaced, or nothing")
def a_folder_in_the_place_of_a_simulation(folder):
    (folder / "pictures" / "fig4-symmetric.png").mkdir()
    return "simulate fig4-symmetric"


@refused("observable 'alignment' is of tasks that are maps, and those of Permutations are not")
def what_cannot_be_saved_of_images_that_are_not_looked_for(folder):
    del folder
    return "simulate fig7-flexible --save alignment"


@pytest.fixture(scope="module")
def told(reproduced, tmp_path_factory):
    """For each case the contents of its folder before, its answer, and the folder."""
    before, calls = {}, []
    for name, (prepare, _) in REFUSED.items():
        folder = copy_of(reproduced[0], tmp_path_factory.mktemp("refused") / name)
        calls.append((folder, prepare(folder).split()))
        before[name] = contents(folder)
    answers = together(calls)
    return {name: (before[name], answer, call[0]) for name, answer, call in zip(REFUSED, answers, calls, strict=True)}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_changes_nothing(name, told):
    before, answer, folder = told[name]
    assert refusal(answer).startswith(REFUSED[name][1])
    assert contents(folder) == before


COMMANDS = (
    "--format png",
    "--set steps=500 --format png",
    "--seed 2 --format png",
    "--set steps=500 --seed 2 --format png",
    "--every 500 --format png",
    "--save weight_norm --format png",
    "--every 1 --seed 0 --format svg",
)


@pytest.fixture(scope="module")
def simulated(tmp_path_factory):
    """A folder of simulations of one experiment in many settings, and the name that each was given."""
    folder = tmp_path_factory.mktemp("simulated")
    answers = together([(folder, ["simulate", "fig4-symmetric", *each.split()]) for each in COMMANDS])
    assert {answer.code for answer in answers} == {0}, answers
    names = [answer.out.splitlines()[0].rpartition(".")[0] for answer in answers]
    return folder, dict(zip(COMMANDS, names, strict=True))


def test_results_of_other_settings_have_other_names(simulated):
    folder, names = simulated
    assert names["--format png"] == "pictures/fig4-symmetric"
    assert names["--seed 2 --format png"] == "pictures/fig4-symmetric-seed2"
    assert names["--set steps=500 --seed 2 --format png"] == names["--set steps=500 --format png"] + "-seed2"
    # What is set as it is anyway makes no other result.
    assert names["--every 1 --seed 0 --format svg"] == "pictures/fig4-symmetric"
    different = [name for each, name in names.items() if each.endswith("png")]
    assert len(set(different)) == len(different)
    for name in different:
        assert (folder / f"{name}.png").exists()
        assert (folder / f"{name}.md").exists()


def test_a_picture_in_another_format_of_the_same_run_joins_the_first(simulated):
    folder, _ = simulated
    names = {path.name for path in (folder / "pictures").glob("fig4-symmetric.*")}
    assert names == {f"fig4-symmetric.{suffix}" for suffix in ("png", "svg", "md", "zarr.zip")}
