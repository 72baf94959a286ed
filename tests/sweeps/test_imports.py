"""Modules with a user's own parts: their names, the digests of their source, and stores that record them."""

import gc
import importlib
import re
import sys
import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

import gatednet
from gatednet import REGISTRY, Save, SettingError, Teachers
from gatednet.experiment import PARTS
from gatednet.sweeps import UnrecordedSourceWarning, load_spec
from gatednet.sweeps.execution.cluster import check_sendable, use_sources
from gatednet.sweeps.execution.run import run_sweep
from gatednet.sweeps.imports import NOT_RECORDED, check_names, import_from_folder, import_parts, source_of
from gatednet.sweeps.store.store import Store
from gatednet.sweeps.store.verify import verify
from gatednet.sweeps.sweep import Sweep
from gatednet.sweeps.text import from_text, outline, to_text
from tests.cli.test_own_parts import SPEC
from tests.cli.tools import contents, python
from tests.sweeps.tools import grid, small

pytestmark = pytest.mark.usefixtures("numbered", "quick_files")

PARTS_TEXT = """
from gatednet import Observable, Teachers
from gatednet.observables import REGISTRY

class {name}(Teachers):
    pass

def quarter(snapshot):
    return 0.25 * snapshot.loss

REGISTRY["quarter_loss"] = Observable("quarter_loss", "a quarter of the task loss", quarter)
"""


@pytest.fixture
def modules(tmp_path, monkeypatch):
    """Writes modules into a folder that Python looks into, and forgets all of them at the end."""
    folder = tmp_path / "modules"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    before, known = set(sys.modules), dict(REGISTRY)

    def write(name, text=""):
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(textwrap.dedent(text))
        importlib.invalidate_caches()
        return path

    yield write
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", None)).startswith(str(tmp_path)):
            del sys.modules[name]
    REGISTRY.clear()
    REGISTRY.update(known)
    gc.collect()


def own(module, name, save=("loss",)):
    """A sweep with a part of a module that is imported."""
    return Sweep(small(teachers=getattr(sys.modules[module], name)()), grid().axes, Save(save, 20))


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ("my_parts", r"modules are 'my_parts', allowed is a list of names"),
        (3, r"modules are 3, allowed is a list of names"),
        ([3], r"module is 3, allowed is the name of a module, such as my_parts or lab\.parts"),
        (["a b"], r"module is 'a b', allowed is the name of a module"),
        ([".parts"], r"module is '\.parts', allowed"),
        (["parts."], r"module is 'parts\.', allowed"),
        (["my.class"], r"module is 'my\.class', allowed"),
        (["pärts"], r"module is 'pärts', allowed"),
        (["parts.py"], r"'parts\.py', allowed is the name of a module, not of its file, such as parts$"),
        (["sys"], r"'sys', which is a name of Python's standard library"),
        (["os.path"], r"'os\.path', which is a name of Python's standard library"),
        (["gatednet"], r"'gatednet', which is a name of gatednet; allowed is a module of your own"),
        (["jax.numpy"], r"'jax\.numpy', which is a name of a library"),
        (["__main__"], r"'__main__', which is a name of the program itself"),
    ],
)
def test_names_that_are_refused(names, message):
    for use in (check_names, import_parts, lambda names: load_spec("nowhere.toml", imports=names)):
        with pytest.raises(SettingError, match=message):
            use(names)
    with pytest.raises(SettingError, match=message):
        Sweep(small(), grid().axes, Save(("loss",), 20), imports=names)


@given(st.lists(st.text(max_size=20) | st.integers() | st.none() | st.sampled_from(["a", "lab.parts", "os", "a.py"])))
def test_names_are_kept_or_refused_in_one_line(names):
    try:
        kept, said = check_names(names), ""
    except SettingError as error:
        kept, said = None, str(error)
    assert "\n" not in said
    if kept is None:
        assert not all(name in ("a", "lab.parts") for name in names)
    else:
        assert list(kept) == list(dict.fromkeys(names))
        assert all(re.fullmatch(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*", name, re.ASCII) for name in kept)


def test_the_digest_of_a_module_is_that_of_its_file_when_it_was_imported(modules):
    modules("plain_module.py", "x = 1\n")
    import_parts(["plain_module"])
    first = source_of("plain_module")
    assert first == "9e26bf369911c45c243c684147b23fc9e1dcfcf257d299a1c632016a6fcd33f4"
    # What runs is what was imported, and not what is written there now.
    modules("plain_module.py", "x = 22\n")
    assert source_of("plain_module") == first
    importlib.reload(sys.modules["plain_module"])
    assert source_of("plain_module") != first
    with pytest.raises(SettingError, match=r"module nowhere is not imported"):
        source_of("nowhere")


def test_the_digest_of_a_package_is_that_of_all_its_files(modules):
    modules("lab_package/__init__.py", "from lab_package import parts\n")
    modules("lab_package/parts.py")
    table = modules("lab_package/table.csv", "1,2\n")
    import_parts(["lab_package"])

    def again():
        importlib.reload(sys.modules["lab_package"])
        return source_of("lab_package")

    first = again()
    (table.parent / "__pycache__").mkdir()
    (table.parent / "__pycache__" / "parts.pyc").write_bytes(b"x")
    (table.parent / ".parts.py.swp").write_bytes(b"x")
    assert again() == first
    table.write_text("1,3\n")
    assert again() != first
    table.write_text("1,2\n")
    assert again() == first
    table.rename(table.with_name("other.csv"))
    assert again() != first


def test_modules_are_found_by_the_parts_and_observables_that_they_define(modules):
    modules("lab_base.py", PARTS_TEXT.format(name="BaseTeachersOfLab"))
    modules("lab_parts.py", "import lab_base\n\nclass TeachersOfLab(lab_base.BaseTeachersOfLab):\n    pass\n")
    modules("unused_parts.py")
    import_parts(["lab_parts", "unused_parts"])
    assert (grid().imports, dict(grid().sources)) == ((), {})
    assert own("lab_base", "BaseTeachersOfLab").imports == ("lab_base",)
    found = own("lab_parts", "TeachersOfLab")
    assert found.imports == ("lab_base", "lab_parts")
    assert dict(found.sources) == {name: source_of(name) for name in found.imports}
    assert Sweep(small(), grid().axes, Save(("loss", "quarter_loss"), 20)).imports == ("lab_base",)
    named = Sweep(small(), grid().axes, Save(("loss",), 20), imports=["unused_parts"])
    assert named.imports == ("unused_parts",)
    with pytest.raises(SettingError, match="module nowhere is not imported"):
        Sweep(small(), grid().axes, Save(("loss",), 20), imports=["nowhere"])


def test_a_plan_has_its_modules_and_one_without_is_as_before(modules):
    modules("lab_parts.py", PARTS_TEXT.format(name="TeachersOfPlan"))
    import_parts(["lab_parts"])
    sweep = own("lab_parts", "TeachersOfPlan", ("loss", "quarter_loss"))
    text = to_text(sweep)
    assert f'[imports]\nlab_parts = "{source_of("lab_parts")}"\n' in text
    assert from_text(text) == sweep
    assert "imports" not in to_text(grid())
    del sys.modules["lab_parts"]
    assert outline(text).missing == ["lab_parts"]
    assert outline(text).shape == (3, 2, 2)
    with pytest.raises(SettingError, match=r"it needs the module lab_parts, whose code runs only if you say so"):
        from_text(text)
    for wrong, message in (
        ("imports = 3", "imports is 3"),
        ("[imports]\na = 1", r"imports\.a is 1, allowed is a digest"),
    ):
        with pytest.raises(SettingError, match=message):
            outline(re.sub(r"\[imports\]\n.+", wrong, text))


@pytest.fixture
def made(modules, tmp_path):
    """A store with parts of a module, its sweep, and what writes the module again."""
    modules("lab_parts.py", PARTS_TEXT.format(name="TeachersOfStore"))
    import_parts(["lab_parts"])
    sweep = own("lab_parts", "TeachersOfStore", ("loss", "quarter_loss"))
    run_sweep(sweep, tmp_path / "store", chunk_runs=4)
    return tmp_path / "store", sweep, modules


def test_a_store_is_read_without_its_modules(made):
    folder, sweep, _ = made
    values = Store.open(folder).dataset().quarter_loss.values
    del sys.modules["lab_parts"], REGISTRY["quarter_loss"]
    store = verify(folder)
    assert store.finished
    assert (store.grid.shape, len(store.grid)) == ((3, 2, 2), 4)
    assert store.variables == sweep.variables
    assert (store.dataset().quarter_loss.values == values).all()
    for what in (lambda: store.sweep, lambda: store.plan):
        with pytest.raises(
            SettingError, match=r"store: it needs the module lab_parts, whose code .* --import lab_parts"
        ):
            what()


def test_what_a_store_says_of_its_variables_is_what_the_sweep_says(tmp_path):
    sweep = grid()
    run_sweep(sweep, tmp_path / "store", chunk_runs=4)
    store = Store.open(tmp_path / "store")
    assert store.variables == sweep.variables
    assert list(store.grid.chunks(sweep.static_places)) == list(store.plan.chunks())


def test_a_store_goes_on_with_the_same_source_alone(made):
    folder, sweep, modules = made
    (folder / "done" / "0.0.0.json").unlink()
    modules("lab_parts.py", PARTS_TEXT.format(name="TeachersOfStore") + "# Another line.\n")
    importlib.reload(sys.modules["lab_parts"])
    gc.collect()
    other = own("lab_parts", "TeachersOfStore", ("loss", "quarter_loss"))
    before = contents(folder)
    message = (
        r"store was begun with other parts: the source of lab_parts is \w{12}… there and \w{12}… here; allowed are"
    )
    for run in (run_sweep, lambda sweep, folder: Store.open(folder).require(sweep)):
        with pytest.raises(SettingError, match=message):
            run(other, folder)
    with pytest.raises(SettingError, match=r"module lab_parts is used only there; allowed are"):
        run_sweep(grid(), folder)
    # The sweep from before would now be run with the other source.
    with pytest.raises(SettingError, match=message):
        run_sweep(sweep, folder)
    assert contents(folder) == before
    modules("lab_parts.py", PARTS_TEXT.format(name="TeachersOfStore"))
    importlib.reload(sys.modules["lab_parts"])
    gc.collect()
    again = own("lab_parts", "TeachersOfStore", ("loss", "quarter_loss"))
    assert run_sweep(again, folder).mended == ()
    assert verify(folder).finished
    modules("lab_parts.py", PARTS_TEXT.format(name="TeachersOfStore") + "# Another line.\n")
    importlib.reload(sys.modules["lab_parts"])
    gc.collect()
    assert run_sweep(own("lab_parts", "TeachersOfStore", ("loss", "quarter_loss")), folder, restart=True).fresh


def test_a_plan_of_an_earlier_version_names_no_modules_and_goes_on(made, monkeypatch, tmp_path):
    _, sweep, _ = made
    with monkeypatch.context() as patch:
        patch.setattr("gatednet.sweeps.store.creation.to_text", lambda sweep: without_imports(to_text(sweep)))
        Store.create(tmp_path / "old", sweep, 4)
    assert "imports" not in (tmp_path / "old" / "plan.toml").read_text()
    assert run_sweep(sweep, tmp_path / "old").fresh
    assert not run_sweep(sweep, tmp_path / "old").fresh
    # Nothing tells then which module is lacking, and nothing of it is needed to verify.
    monkeypatch.setattr("gatednet.toml.kinds", lambda part: {})
    store = verify(tmp_path / "old")
    assert store.variables == sweep.variables
    with pytest.raises(SettingError, match=r"plan\.toml is of another version: .*unknown kind"):
        _ = store.sweep


def without_imports(text):
    return re.sub(r"\[imports\]\n(.+\n)+\n", "", text)


class Homeless(Teachers):
    """A part of a module that has no file, as that of a script or notebook."""


def test_parts_of_a_script_or_notebook_are_said_not_to_be_recorded(tmp_path, monkeypatch):
    monkeypatch.setattr(Homeless, "__module__", "__main__")
    sweep = Sweep(small(teachers=Homeless()), grid().axes, Save(("loss",), 20))
    assert (sweep.imports, dict(sweep.sources)) == ((), {"__main__": NOT_RECORDED})
    with pytest.warns(
        UnrecordedSourceWarning, match="parts of __main__ have no source file that the store could record"
    ):
        run_sweep(sweep, tmp_path / "store")
    assert not run_sweep(sweep, tmp_path / "store").fresh
    assert Store.open(tmp_path / "store").sweep == sweep
    with pytest.raises(
        SettingError, match=r"parts of __main__ cannot reach the workers of a cluster, allowed are those"
    ):
        check_sendable(sweep.sources)
    text = (tmp_path / "store" / "plan.toml").read_text().replace("Homeless", "Vanished")
    with pytest.raises(SettingError, match=r"unknown kind 'Vanished'.*; some of its parts are of __main__, which must"):
        from_text(text)


def test_a_module_of_the_folder_that_is_hidden_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    (tmp_path / "pytest.py").write_text("")
    # Whether it is imported already, as this one, or is only installed.
    with pytest.raises(SettingError, match=r"module pytest of this folder is hidden by .*__init__\.py; allowed is"):
        import_from_folder(["pytest"])
    assert sys.path[-1] == str(tmp_path)


def test_a_worker_needs_the_same_source(modules, monkeypatch, tmp_path):
    modules("lab_parts.py", "x = 1\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    use_sources({"lab_parts": "9e26bf369911c45c243c684147b23fc9e1dcfcf257d299a1c632016a6fcd33f4"})
    with pytest.raises(SettingError, match="its source of lab_parts is not that of this machine; allowed is the same"):
        use_sources({"lab_parts": "0" * 64})
    with pytest.raises(SettingError, match="module nowhere_at_all is not found"):
        use_sources({"nowhere_at_all": "0" * 64})


def test_a_file_runs_what_the_program_permits(modules, tmp_path):
    modules("my_parts.py", PARTS_TEXT.format(name="SizedTeachers"))
    spec = tmp_path / "mine.toml"
    spec.write_text(SPEC.replace("twice_the_loss", "quarter_loss").replace("teachers.size", "teachers.correlation"))
    spec.write_text(spec.read_text().replace("[1.0, 3.0]", "[0.1, 0.2]"))
    for imports in ((), ["other"]):
        with pytest.raises(
            SettingError, match=r"mine\.toml: import: it needs the module my_parts, whose code runs only"
        ):
            load_spec(spec, imports=imports)
    assert "my_parts" not in sys.modules
    sweep = load_spec(spec, imports=["my_parts"])
    assert (sweep.imports, type(sweep.experiment.teachers).__module__) == (("my_parts",), "my_parts")
    # The program has imported it by now.
    assert load_spec(spec) == sweep


OWNERS = """
import gatednet
from gatednet.sweeps import Axis, Sweep

class SpectralTeachers(gatednet.Teachers):
    pass

for what in (
    lambda: Sweep(gatednet.Experiment(teachers=SpectralTeachers()), (Axis.seeds(1),), gatednet.Save(("loss",), 20)),
    lambda: gatednet.from_toml('[teachers]\\nkind = "SpectralTeachers"\\n'),
):
    try:
        what()
    except gatednet.SettingError as error:
        print(error)
"""


def test_a_kind_has_one_owner(tmp_path):
    # In a process of its own: what is kept of a class would change other tests.
    (tmp_path / "lab_parts.py").write_text(OWNERS)
    answer = python("-c", "import lab_parts", folder=tmp_path)
    both = "gatednet.teachers.spectral and by lab_parts"
    line = f"kind 'SpectralTeachers' is defined by {both}, allowed is one name for each"
    assert [said.rpartition("teachers: ")[2] for said in answer.out.splitlines()] == [line, line], answer


def test_every_public_kind_is_known_whatever_was_imported_before(tmp_path):
    script = (
        "from gatednet.toml import PARTS, kinds; print(sorted(name for part in PARTS.values() for name in kinds(part)))"
    )
    answer = python("-c", script, folder=tmp_path)
    public = [getattr(gatednet, name) for name in gatednet.__all__]
    parts = [each for each in public if isinstance(each, type) and issubclass(each, tuple(PARTS.values()))]
    concrete = {each.__name__ for each in parts if not getattr(each, "__abstractmethods__", None)}
    assert {"Population", "Phases", "Optax", "DeepLinear", "CrossEntropy", "InTeacherSpace"} <= concrete
    assert sorted(concrete) == eval(answer.out)
