"""Recorders: when an observable is recorded, and what is kept of its values.

`base.py` says what a recorder is; each other file holds one kind. The loop over steps calls recorders and knows none.
Nothing here knows an observable.
"""
