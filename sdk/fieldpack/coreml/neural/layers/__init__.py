"""Layers of neural networks, one kind a file; see ``neural.layer`` for what a file holds."""
