"""Damaged Core ML files, made by thousands from whole ones, and what the reader says to them."""
