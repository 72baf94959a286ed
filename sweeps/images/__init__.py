"""Images and the features that a network takes from them.

`datasets.py` finds or downloads, `extractor.py` trains, `features.py` caches, `labelled.py` hands them to sweeps.
The network itself is `gatednet.vision`.
"""
