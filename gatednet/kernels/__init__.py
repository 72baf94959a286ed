"""Kernels: the loop over steps, compiled by another compiler than XLA, with the state of the runs in registers.

`vector.py` compiles for processors with `emitter.py` and its tables, `handler.py` is what XLA calls, `choice.py` says
what this machine has, and `parts.py` has kernels of parts of a step. Nothing here knows the model: no formula, and none
of its parts.
"""
