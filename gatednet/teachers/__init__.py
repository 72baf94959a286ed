"""Teachers: the maps that the tasks demand.

`base.py` says what they are; each other file holds a kind, `modes.py` what several share.
When a task comes is said by curricula.
"""
