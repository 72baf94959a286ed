"""The law of motion: a problem is drawn, reduced, and moved by one step.

`problem.py` draws, `reduction.py` reduces and lifts, `dynamics.py` steps, `stability.py` bounds the step.
The loop over steps belongs to engine.
"""
