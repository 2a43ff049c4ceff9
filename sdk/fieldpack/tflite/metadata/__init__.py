"""TFLite's standard metadata: what a ``.tflite`` file tells any app about its inputs and outputs.

``schema`` states the facts of the public schema; ``packing`` writes a metadata buffer, ``reading`` reads one,
both from those facts; ``attaching`` puts one into a file, with the files that it names behind the model, and
leaves every byte of the model where it computes.
"""
