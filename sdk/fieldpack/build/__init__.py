"""From ``pack.toml`` to a bundle.

``pipeline.py`` is the road from end to end; ``examples.py`` writes the arrays that workers
read, ``conversion.py`` makes the flavours, ``borders.py`` finds how the contract meets their
tensors, ``measurement.py`` runs them and compares them with the source. Heavy frameworks run
in worker processes; this package stays light.
"""
