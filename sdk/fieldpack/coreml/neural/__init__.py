"""The older Core ML format: neural networks as a list of layers, and pipelines of models.

Before ML Programs (iOS 15) a network was a ``NeuralNetwork`` message: layers with parameters and
weights inside one ``.mlmodel`` file. Such files are still shipped, and run here on any machine.

=====================  =====================================================================
module                 holds
=====================  =====================================================================
``tables``             the protobuf messages, in the notation of ``coreml.schema``
``schema``             those messages compiled at first use
``weights``            ``WeightParams`` -> float32 array, whatever it is stored as
``network``            ``read_network``: layers, labels and mappings behind one object; no torch
``border``             features of an app <-> blobs of a network, with the rank rules
``layer``              binds one layer message to its file under ``layers``
``interpreter``        ``NeuralInterpreter``: runs a network layer by layer
``pipeline``           ``PipelineRunner``: runs models one after the other
=====================  =====================================================================
"""
