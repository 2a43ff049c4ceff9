"""Running the flavours of a bundle, all behind one door.

``border.py`` carries arrays between the contract and a flavour's tensors, ``flavour.py``
opens a flavour of any kind, ``evaluate.py`` runs one over many examples in a worker process.
"""
