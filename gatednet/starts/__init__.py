"""Starts: the parameters at step 0.

`base.py` says what a start is; each other file holds a kind, `restart.py` continues stored runs.
Nothing here is learned.
"""
