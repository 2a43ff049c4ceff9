"""Passes that train PyTorch modules."""
