"""``reshape_like``: a shape put together from pieces of other tensors' shapes, iOS16 operator set."""

from __future__ import annotations

from torch import Tensor


def run(
    x: Tensor,
    ref_tensors: tuple[Tensor, ...],
    begins: tuple[int, ...],
    ends: tuple[int, ...],
    end_masks: tuple[bool, ...],
) -> Tensor:
    shape: list[int] = []
    for tensor, begin, end, mask in zip(ref_tensors, begins, ends, end_masks, strict=True):
        shape += tensor.shape[begin:] if mask else tensor.shape[begin:end]
    return x.reshape(shape)
