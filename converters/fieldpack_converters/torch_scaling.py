"""The torch module that multiplies and shifts its first input before the network."""

from __future__ import annotations

from typing import Any

from fieldpack_converters.scaling import Scaling


def scaled_module(module: Any, scaling: Scaling, rank: int) -> Any:
    """A module ``x -> module(x * scale + offset)`` whose buffers are named ``fieldpack_scaling``."""
    import torch

    class FieldpackScaling(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            scale, offset = scaling.shaped(rank)
            self.register_buffer("fieldpack_scaling_scale", torch.from_numpy(scale))
            self.register_buffer("fieldpack_scaling_offset", torch.from_numpy(offset))
            self.network = module

        def forward(self, first: Any, *others: Any) -> Any:
            return self.network(first * self.fieldpack_scaling_scale + self.fieldpack_scaling_offset, *others)

    wrapped = FieldpackScaling()
    for part in wrapped.modules():
        part.training = False
    return wrapped
