"""The same model quantised by other tools, each in a worker process and with its tool's defaults.

Every target takes the float file or the source model, calibration arrays as ``.npy`` in the layout and
scale of that model's input, and a path to write to; it returns the path. Those whose result no engine of
Fieldpack runs also take the evaluation array, and return the scores. ``answered.py`` calls them.
"""
