"""Whole scenes: read window by window, answered tile by tile, put together, and written with their place.

``reading.py`` opens files and ``arrays.py`` xarrays as scenes; ``tiles.py`` cuts, ``answering.py`` answers,
``workers.py`` says where, ``mosaic.py`` puts together, ``journal.py`` knows what is done already;
``mapping.py`` is the whole way.
"""
