"""MIL operators on torch, one a file, named as the specification names them.

Each file holds one function ``run``. Its parameters are the operator's inputs, by name, with the
defaults of the specification; its annotations say in which form a value is wanted, and the
interpreter converts: ``Tensor`` a torch tensor, ``int``, ``float``, ``bool``, ``str`` a single value,
``tuple[int, ...]`` and the like a vector, ``tuple[Tensor, ...]`` a variadic input, ``TensorList`` and
``State`` values of their own kind, ``Any`` whatever comes. ``blocks`` are the operation's nested blocks,
as callables. The interpreter also brings the result to its declared element type, so ``run`` need
not. ``VOLATILE = True`` says that two runs on the same inputs may differ, so nothing is computed
ahead. A size that is read from a value goes through ``_size.bounded``. Files with a leading
underscore hold what several operators share.
"""
