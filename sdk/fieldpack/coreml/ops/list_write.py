"""``list_write``: the list with ``value`` at ``index``, iOS15; a dynamic list grows as far as needed."""

from __future__ import annotations

from torch import Tensor

from fieldpack.coreml.tensor_list import TensorList


def run(ls: TensorList, index: int, value: Tensor) -> TensorList:
    return ls.write(index, value)
