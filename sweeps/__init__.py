"""Grids of experiments, run many at once into labelled arrays on disk.

The public names stand in `__init__.pyi` and are imported when they are first used: the catalog is listed without JAX.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
