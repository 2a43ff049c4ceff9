"""Scales and zero points brought to the shape of what they scale."""

from __future__ import annotations

from torch import Tensor

from fieldpack_converters.onnx_import.tracing import sizes


def blocked(scale: Tensor, x: Tensor, axis: int, block: int) -> Tensor:
    """A scale of the whole tensor, of each channel of `axis`, or of each block along it, as it broadcasts."""
    if scale.numel() == 1 and scale.dim() <= 1:
        return scale.reshape(())
    place = axis % x.dim()
    if block:
        return scale.repeat_interleave(block, place).narrow(place, 0, sizes(x)[place])
    return scale.reshape([-1 if number == place else 1 for number in range(x.dim())])
