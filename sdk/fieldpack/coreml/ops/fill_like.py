"""``fill_like``: a tensor of the shape of ``ref_tensor`` that holds ``value`` everywhere, iOS16."""

from __future__ import annotations

import torch
from torch import Tensor


def run(ref_tensor: Tensor, value: Tensor | None = None) -> Tensor:
    if value is None:
        return torch.zeros(ref_tensor.shape)
    return value.reshape(()).expand(ref_tensor.shape)
