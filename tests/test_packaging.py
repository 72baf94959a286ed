"""What a user gets who installs the package: as a wheel, from the source distribution, and as an editable checkout."""

import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("sweeps", "figures", "explore")
SCRIPT = """\
from gatednet import Experiment, Save, simulate
from gatednet.sweeps import Axis, Sweep, run_sweep


def count(sweep: Sweep) -> int:
    return sweep.runs


wrong: str = count(Sweep(Experiment(), (Axis.seeds(2),), Save(("loss",), 100)))
"""


def run(*command, folder):
    """What a command says; it must not fail."""
    # Nor does Python look for this checkout where it is told to.
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [str(each) for each in command], cwd=folder, env=variables, capture_output=True, text=True, timeout=600,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def environment(folder):
    """A fresh environment without this package that sees the libraries of this one; its Python."""
    run(sys.executable, "-m", "venv", folder, folder=folder.parent)
    python = folder / "bin" / "python"
    place = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", folder=folder).strip())
    # Files of paths are not read there, and so no editable install of this package.
    (place / "libraries.pth").write_text(f"{sysconfig.get_path('purelib')}\n", encoding="utf-8")
    return python


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """A clean checkout."""
    folder = tmp_path_factory.mktemp("checkout") / "source"
    run("git", "clone", "--quiet", "--no-hardlinks", ROOT, folder, folder=folder.parent)
    return folder


@pytest.fixture(scope="module")
def built(source):
    """The wheel, built from the source distribution, and the source distribution."""
    run(sys.executable, "-m", "build", "--outdir", source / "dist", source, folder=source)
    (wheel,), (archive,) = (source / "dist").glob("*.whl"), (source / "dist").glob("*.tar.gz")
    return wheel, archive


@pytest.mark.slow
def test_distributions_hold_one_package(built, source):
    wheel, archive = built
    with zipfile.ZipFile(wheel) as file:
        names = file.namelist()
    assert {name.split("/")[0] for name in names if "dist-info" not in name} == {"gatednet"}
    with tarfile.open(archive) as file:
        members = file.getmembers()
    assert not [member.name for member in members if member.issym() or member.islnk()]
    packed = {member.name.partition("/")[2] for member in members}
    for package in PACKAGES:
        for path in (source / package).rglob("*"):
            inside = f"gatednet/{path.relative_to(source).as_posix()}"
            if path.is_file() and "__pycache__" not in inside:
                assert inside in names, inside
                assert inside in packed, inside


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["wheel", "source distribution"])
def test_a_distribution_is_used_in_a_fresh_environment(kind, built, tmp_path):
    python = environment(tmp_path / "venv")
    distribution = built[0] if kind == "wheel" else built[1]
    run(python, "-m", "pip", "install", "--quiet", "--no-deps", distribution, folder=tmp_path)
    where = run(python, "-c", "import gatednet.sweeps as s; print(s.__file__)", folder=tmp_path)
    assert Path(where.strip()).is_relative_to(tmp_path / "venv")
    assert run(tmp_path / "venv" / "bin" / "gatednet", "--version", folder=tmp_path).startswith("gatednet ")
    assert "fig2" in run(tmp_path / "venv" / "bin" / "gatednet", "list", folder=tmp_path)
    assert run(
        python, "-m", "gatednet", "simulate", "fig2-flexible", "--set", "steps=20", "--every", "20", folder=tmp_path
    )


@pytest.mark.slow
def test_an_editable_install_is_found_by_a_type_checker(source, tmp_path):
    if shutil.which("basedpyright", path=str(Path(sys.executable).parent)) is None:
        pytest.skip("there is no type checker")
    python = environment(tmp_path / "venv")
    run(python, "-m", "pip", "install", "--quiet", "--no-deps", "--editable", source, folder=tmp_path)
    (tmp_path / "mine.py").write_text(SCRIPT, encoding="utf-8")
    checker = Path(sys.executable).parent / "basedpyright"
    done = subprocess.run(
        [checker, "--pythonpath", python, "--level", "error", "mine.py"],
        cwd=tmp_path, capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    # The one mistake is found because types are: names that are not resolved would be errors of their own.
    assert "1 error" in done.stdout, done.stdout
    assert '"int" is not assignable to "str"' in done.stdout, done.stdout
