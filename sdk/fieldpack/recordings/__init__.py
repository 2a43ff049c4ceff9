"""Recordings: windows in, detections with times out.

``pooling.py`` joins the scores of windows.
"""
