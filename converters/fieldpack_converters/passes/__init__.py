"""Compression passes: one method a file, run in the order of a recipe on an open source model."""
