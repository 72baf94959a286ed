"""What all tests share: devices, checked annotations, reproducible property tests."""

import gc
import os
import pkgutil

import hypothesis
import jaxtyping
import pytest

import gatednet
from gatednet.sweeps.devices import use_all_cores
from tests.annotations import checked

# Before JAX starts: what is spread over devices is tested on two, as on a cluster's node.
os.environ["JAX_NUM_CPU_DEVICES"] = "2"
use_all_cores()

# Thousands of traced programs stay alive in caches: to go through them every few hundred objects takes a twentieth of
# the time of the tests.
gc.set_threshold(50_000, 20, 100)

# Annotations of the model are checked at every call. Only what is imported after these lines is.
# Kernels are compiled from single values, which have no shapes.
OTHERS = {"sweeps", "figures", "explore", "kernels"}
MODEL = [f"gatednet.{each.name}" for each in pkgutil.iter_modules(gatednet.__path__) if each.name not in OTHERS]
jaxtyping.install_import_hook(MODEL, f"{checked.__module__}.{checked.__name__}")

hypothesis.settings.register_profile("local", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "local")


@pytest.fixture(scope="session", autouse=True)
def features_cache(tmp_path_factory):
    """A cache of features for all tests, and the processes that they start; one for all workers of pytest-xdist."""
    own = tmp_path_factory.getbasetemp()
    os.environ["GATEDNET_CACHE"] = str((own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "cache")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """Tests of a file that are compiled alike follow each other: what was compiled otherwise is forgotten."""
    files = {file: place for place, file in enumerate(dict.fromkeys(item.path for item in items))}
    items.sort(key=lambda item: (files[item.path], item.get_closest_marker("optimized") is not None))


def pytest_sessionfinish():
    """Pytest goes through all objects five times at the end, to hear of what cannot be raised: once is enough."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    """Tests about last bits or speed have the mark "optimized"; what others compile need not be fast."""
    optimized = item.get_closest_marker("optimized")
    # Not before annotations are checked.
    from tests.compilation import optimize

    optimize(*optimized.args if optimized else (0,))


@pytest.fixture(scope="module")
def unchecked_annotations():
    """Values of the wrong type come to the package's own checks, as they do for its users."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """With `--dist loadscope`, scopes are those of `scope_of`."""
    if config.getvalue("dist") != "loadscope":
        return None
    from tests.scopes import Scopes

    return Scopes(config, log)
