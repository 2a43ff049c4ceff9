"""ONNX files become PyTorch modules with static shapes: ``importer.import_onnx``.

``model_file.py`` reads and checks a file, ``graph.py`` brings its nodes into order, ``importer.py`` computes
what is known without the inputs (shapes among it) and binds the rest to the operator files of ``ops``;
``module.py`` runs the result.
"""
