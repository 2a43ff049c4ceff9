"""Delivery: what a reader with the public key notices of a bundle that is not the signed one, and what a
version costs that comes from a registry, also over a line that breaks."""
