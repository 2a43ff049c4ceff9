"""Recordings in, detections with times out: the reference of what an app does with a sound model.

``analyser.py`` is the door: ``columns.py`` and ``windows.py`` turn samples that arrive in chunks into
prepared windows, ``scores.py`` what the model gives into scores, ``detection.py`` and ``pooling.py`` the
scores of windows into detections.
"""
