"""``list_length``: the number of elements of a list, iOS15 operator set."""

from __future__ import annotations

import torch
from torch import Tensor

from fieldpack.coreml.tensor_list import TensorList


def run(ls: TensorList) -> Tensor:
    return torch.tensor(len(ls.items), dtype=torch.int32)
