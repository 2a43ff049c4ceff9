"""The fast engine: static ML Programs translated to ONNX and run by onnxruntime, without torch.

It shares the loader with the interpreter and nothing else: every operator is written a second time,
against the specification, so that two engines that agree check each other.

=====================  =====================================================================
module                 holds
=====================  =====================================================================
``graph``              an ONNX graph under construction, in plain Python
``call``               one MIL operation as a translator sees it
``storage``            stored weights (``constexpr_*``) unpacked with numpy
``translate``          a program -> a graph
``engine``             ``FastEngine``: the graph in an onnxruntime session
``ops``                the translators, one operator or one tight family a file
=====================  =====================================================================
"""
