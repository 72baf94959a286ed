"""The folder of a sweep: arrays, records, digests.

`store.py` is the way in; `folder.py`, `parts.py` and `records.py` say what lies where.
Nothing here computes a run.
"""
