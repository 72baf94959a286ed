from .axes import Axis as Axis
from .devices import use_all_cores as use_all_cores
from .execution.run import run_sweep as run_sweep
from .files import WriteError as WriteError
from .imports import UnrecordedSourceWarning as UnrecordedSourceWarning
from .spec import load_spec as load_spec
from .store.store import Store as Store
from .sweep import Sweep as Sweep
