"""Fieldpack: server-trained nature models, packed and proven for phones."""

__version__ = "0.1.0"
