"""Scales and zero points brought to the shape of the data they belong to."""

from __future__ import annotations

import torch
from torch import Tensor

from fieldpack.errors import ModelFileError


def along_axis(parameter: Tensor, data: Tensor, axis: int | None) -> Tensor:
    """A scalar as it is; a vector ``[data.shape[axis]]`` so that it broadcasts along ``axis``."""
    if parameter.ndim == 0 or axis is None:
        return parameter
    if parameter.numel() != data.shape[axis]:
        raise ModelFileError(
            "A scale or zero point has another length than its axis",
            came=parameter.numel(),
            allowed=str(data.shape[axis]),
        )
    shape = [1] * data.ndim
    shape[axis] = -1
    return parameter.reshape(shape)


def blockwise(parameter: Tensor, data: Tensor) -> Tensor:
    """Repeat each element over its block: ``data.shape[i] / parameter.shape[i]`` cells on axis ``i``."""
    for axis, (size, count) in enumerate(zip(data.shape, parameter.shape, strict=True)):
        if count == 0 or size % count:
            raise ModelFileError(
                "Blocks do not divide the weight", came=tuple(parameter.shape), allowed=str(list(data.shape))
            )
        if count not in (1, size):
            parameter = torch.repeat_interleave(parameter, size // count, dim=axis)
    return parameter
