"""``pad``: more cells around the last ``len(pad) / 2`` axes, iOS15 operator set.

``pad`` lists before, after for each of these axes. Modes: ``constant`` fills with ``constant_val``,
``reflect`` mirrors without repeating the edge, ``replicate`` repeats the edge.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from fieldpack.coreml.ops._size import bounded
from fieldpack.errors import ModelFileError


def run(x: Tensor, pad: tuple[int, ...], mode: str = "constant", constant_val: float = 0.0) -> Tensor:
    pairs = list(zip(pad[::2], pad[1::2], strict=True))
    inner = x.shape[x.ndim - len(pairs) :]
    sizes = (size + before + after for size, (before, after) in zip(inner, pairs, strict=True))
    bounded((*x.shape[: x.ndim - len(pairs)], *sizes))
    if mode == "constant":
        flat = [count for pair in reversed(pairs) for count in pair]
        return F.pad(x, flat, value=constant_val)
    if mode not in ("reflect", "replicate"):
        raise ModelFileError("Unknown mode of pad", came=mode, allowed="constant, reflect, replicate")
    for axis, (before, after) in enumerate(pairs, start=x.ndim - len(pairs)):
        size = x.shape[axis]
        places = torch.arange(-before, size + after)
        if mode == "reflect":
            places = (size - 1) - (places.abs() - (size - 1)).abs()
        x = x.index_select(axis, places.clamp(0, size - 1))
    return x
