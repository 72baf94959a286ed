"""Networks: parameters, and the map that is computed from them.

`base.py` says what a network is; each other file holds a kind.
No loss and no rule belong here.
"""
