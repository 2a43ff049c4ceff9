"""Sparse weights: the kept values in order, and a mask that says where they belong."""

from __future__ import annotations

import torch
from torch import Tensor

from fieldpack.errors import ModelFileError


def spread(values: Tensor, mask: Tensor) -> Tensor:
    """The dense tensor of the shape of ``mask``: values at its ones, in row-major order, else 0."""
    keep = mask.bool()
    if int(keep.sum()) != values.numel():
        raise ModelFileError(
            "A sparse weight has another number of values than its mask",
            came=values.numel(),
            allowed=str(int(keep.sum())),
        )
    dense = torch.zeros(mask.shape, dtype=values.dtype)
    dense[keep] = values
    return dense
