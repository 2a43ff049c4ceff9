"""``list_scatter``: the list with ``value[i]`` at ``indices[i]``, iOS15; a dynamic list grows."""

from __future__ import annotations

from torch import Tensor

from fieldpack.coreml.tensor_list import TensorList


def run(ls: TensorList, indices: tuple[int, ...], value: Tensor) -> TensorList:
    for index, part in zip(indices, value, strict=True):
        ls = ls.write(index, part)
    return ls
