"""Exports: what a consumer of bundles loads, written from the contract; ``consumers.py`` lists them.

A folder holds one consumer: its facts as data, its options (``command.py``), and the writer.
"""
