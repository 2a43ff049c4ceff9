"""``list_gather``: the elements at ``indices``, stacked on a new first axis, iOS15 operator set."""

from __future__ import annotations

import torch
from torch import Tensor

from fieldpack.coreml.tensor_list import TensorList


def run(ls: TensorList, indices: tuple[int, ...]) -> Tensor:
    if not indices and ls.blank is not None:
        empty: Tensor = ls.blank.new_zeros((0, *ls.blank.shape))
        return empty
    return torch.stack([ls.read(index) for index in indices])
