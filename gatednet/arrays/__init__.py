"""The parameters of a lane as arrays, the runs last.

The state, its cut into rows, their products and frames, and the matching of paths to teachers.
Nothing here knows an experiment.
"""
