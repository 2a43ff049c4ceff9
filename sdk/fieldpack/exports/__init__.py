"""Exports for apps that exist: what one of them loads today, and whether a directory is that.

A folder holds one consumer: its facts as data, the rules that a directory must keep, and the writer.
"""
