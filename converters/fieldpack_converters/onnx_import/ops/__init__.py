"""One ONNX operator a file; ``_op_list.py`` is the written list of them."""
