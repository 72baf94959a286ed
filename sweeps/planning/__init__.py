"""What a sweep is before it runs: chunks, cost, devices.

`plan.py` cuts the grid, `cost.py` and `speed.py` estimate time and size.
Nothing here computes a run or writes a file.
"""
