"""Random numbers with the runs last.

JAX's own bits by Threefry, Wishart's second moments, the shuffle of examples.
What they are for is said by inputs, starts and teachers.
"""
