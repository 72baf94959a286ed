"""Inputs: the second moments or examples that a step sees.

`base.py` says what they are; each other file holds a kind.
Files of images belong to sweeps/images.
"""
