"""Writing the older format: an ML Program said again as the layers of a neural network.

Apps that link a single ``.mlmodel``, or run on iOS 13 and 14, take neural networks only, and current
converters no longer make good ones. ``translation`` goes through a program, ``ops`` has one file a family of
operators, ``network_writer`` holds the layers, ``stored`` the weights in the forms of both formats. What the
older format cannot say (control flow, state, activations in integers) is refused by name.
"""
