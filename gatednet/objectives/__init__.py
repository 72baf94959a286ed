"""Objectives: the loss, as the paper writes it.

`base.py` has the squared error and the constraints on gates; each other file holds a kind.
Gradients are `jax.grad` of it and stand nowhere.
"""
