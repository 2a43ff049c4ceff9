"""What the model files of a bundle say of themselves, so that nobody has to guess what goes in and comes out.

``inputs`` and ``outputs`` put the contract into the neutral facts of ``tensor_facts``; ``in_tflite`` writes
them as TFLite's standard metadata, which MediaPipe reads, ``in_coreml`` as a Core ML model description;
``about`` is what both say of the model. A file alone is then enough to feed it rightly; the bundle stays
the authority.
"""
