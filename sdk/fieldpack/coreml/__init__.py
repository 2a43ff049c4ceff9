"""Core ML files on any machine: read an ``.mlpackage`` or ``.mlmodel``, look inside, run it.

Nothing here calls Apple software, so what runs is a reference: figures made with it carry the
evidence class ``reference``, never ``device``.

=====================  =====================================================================
module                 holds
=====================  =====================================================================
``schema``             the protobuf messages, as a table compiled at first use
``blob``               the weight file (MILBlob version 2)
``value``              a typed MIL value -> numpy array, text or tuple
``manifest``           ``Manifest.json`` and the files it names
``feature``            what goes in and out, as declared to an app
``exchange``           arrays across that border, checked
``package``            ``open_package``: all of the above behind one object
``canonical``          ``canonicalise``: the same model gives the same bytes
``engine``             ``open_engine``: which of the engines below runs a file
``interpreter``        ``Interpreter``: runs a program with torch, one operator a file under ``ops``
``plan``               the program bound: constants computed ahead, steps, nested blocks
``arithmetic``         the two precisions
``state``              what a stateful program remembers from run to run
``tensor_list``        the value of a MIL list
``fast``               ``FastEngine``: static programs on onnxruntime, without torch
``neural``             the older format: layers of neural networks, pipelines of models
``precision_report``   what half floats cost, operator by operator; ``precision_risk`` says why
``islands``            the expression that keeps operators in float32
=====================  =====================================================================
"""
