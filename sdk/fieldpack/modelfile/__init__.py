"""One model file by itself, with or without a bundle around it: run it, and say what it is.

``open_model`` opens a file of either format behind one class, ``given`` reads its inputs from files,
``summary`` says what came out; ``explanation`` and ``tflite_explanation`` say what stands in a file
without running it. A bundle knows more (contract, labels, golden vectors): ``fieldpack.predict``.
"""
