"""Core ML packages on any machine: read an ``.mlpackage``, look inside, run it with torch.

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
``package``            ``open_package``: all of the above behind one object
``canonical``          ``canonicalise``: the same model gives the same bytes
``interpreter``        ``Interpreter``: runs the program, one operator a file under ``ops``
``neural``             the older format: layers of neural networks, pipelines of models
``plan``               the program bound: constants computed ahead, steps, nested blocks
``state``              what a stateful program remembers from run to run
``tensor_list``        the value of a MIL list
=====================  =====================================================================
"""
