"""Learning rules: how a gradient changes the parameters.

`base.py` says what a rule is; each other file holds a kind.
No rule knows a network or a loss.
"""
