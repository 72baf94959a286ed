"""Objectives: the loss, as the paper writes it, of a task loss and constraints.

`base.py` puts them together, `task_loss.py` and `constraint.py` say what each is; each other file holds a kind, or a
map that takes constraints implicitly. Gradients are `jax.grad` of the loss and stand nowhere.
"""
