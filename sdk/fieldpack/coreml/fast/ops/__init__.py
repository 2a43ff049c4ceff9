"""MIL operators written as ONNX nodes, one operator or one tight family a file.

Each file holds ``translate``, which takes a ``Call`` and gives the result as a ``Wire`` (a tuple
where the operator has several). The translator behind it brings the result to its declared
element type and rounds it where the precision asks. Where ONNX means something else than MIL,
the file says so and writes the MIL meaning with other nodes, or refuses with ``Call.refuse``.
"""
