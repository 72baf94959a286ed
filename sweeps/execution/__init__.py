"""How the chunks of a plan are computed.

`run.py` is the way in; `executor.py` has the devices of this process, `cluster.py` those of others.
What a file is called is said by store.
"""
