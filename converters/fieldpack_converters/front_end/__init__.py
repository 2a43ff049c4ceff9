"""Sound front-ends as graphs: one list of plain operations, run by numpy, PyTorch or Keras.

``operations.py`` has the graph, ``transforms.py`` the exact ways to a Fourier transform, ``spectrogram.py``
what comes before and after; ``in_numpy.py``, ``in_torch.py`` and ``in_keras.py`` run a graph, and from the
last two TFLite and Core ML files are made as from any source model.
"""
