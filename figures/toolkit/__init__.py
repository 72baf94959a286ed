"""What figures share: panels, statistics, claims, captions, tables.

`panels.py` and `claim.py` are where to begin.
No figure stands here, and none is named.
"""
