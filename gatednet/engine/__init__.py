"""The loop over steps.

`save.py` says what is saved, `lane.py` runs a lane, `batch.py` packs lanes, `compiler.py` and `size.py` their cost.
No formula of the model stands here.
"""
