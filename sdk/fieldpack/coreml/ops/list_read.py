"""``list_read``: the element of a list at ``index``, iOS15 operator set."""

from __future__ import annotations

from torch import Tensor

from fieldpack.coreml.tensor_list import TensorList


def run(ls: TensorList, index: int) -> Tensor:
    element: Tensor = ls.read(index)
    return element
