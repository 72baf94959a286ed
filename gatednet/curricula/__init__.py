"""Curricula: which target comes at which step.

`base.py` says what a curriculum is, `targets.py` what a target is; each other file holds a kind.
What a task demands is said by teachers.
"""
