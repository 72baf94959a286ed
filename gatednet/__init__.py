"""Gated linear networks that learn to switch tasks, simulated many runs at once (arXiv 2411.03840).

The public names stand in `__init__.pyi` and are imported at first use: the command answers before JAX starts.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
