"""MIL operators on torch, one a file, named as the specification names them.

Each file holds one function ``run``. Its parameters are the operator's inputs, by name, with the
defaults of the specification; its annotations say in which form a value is wanted, and the
interpreter converts: ``Tensor`` a torch tensor, ``int``, ``float``, ``bool``, ``str`` a single value,
``tuple[int, ...]`` and the like a vector, ``tuple[Tensor, ...]`` a variadic input. The interpreter
also brings the result to its declared element type, so ``run`` need not. Files with a leading
underscore hold what several operators share.
"""
