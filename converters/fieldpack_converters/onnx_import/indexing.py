"""Indices as torch wants them: from the start of the axis, and tuples of them as one number."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

#: ONNX word of a scatter's reduction -> torch's.
SCATTERED = {"add": "sum", "mul": "prod", "max": "amax", "min": "amin"}


def from_start(indices: Tensor, size: int) -> Tensor:
    """int64 indices in which negative ones, which count from the end, are turned around."""
    wide = indices.to(torch.int64)
    return torch.where(wide < 0, wide + size, wide)


def flat_places(indices: Tensor, shape: Sequence[int]) -> Tensor:
    """Index tuples [..., depth] into axes of these sizes as one row-major index [...]."""
    flat = torch.zeros_like(indices[..., 0], dtype=torch.int64)
    for place, size in enumerate(shape):
        flat = flat * size + from_start(indices[..., place], size)
    return flat
