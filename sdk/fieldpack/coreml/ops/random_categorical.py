"""``random_categorical``: ``size`` classes drawn with replacement along the last axis, iOS15 operator set.

``mode`` says whether ``x`` holds ``logits`` or ``probs``; classes come in the type of ``x``; numbers
as in ``_random``.
"""

from __future__ import annotations

import torch
from torch import Tensor

from fieldpack.coreml.ops._random import generator
from fieldpack.coreml.ops._size import bounded

VOLATILE = True


def run(x: Tensor, mode: str = "logits", size: int = 1, seed: int = -1) -> Tensor:
    weights = torch.softmax(x, -1) if mode == "logits" else x
    flat = weights.reshape(-1, weights.shape[-1])
    bounded((len(flat), size))
    drawn = torch.multinomial(flat, size, replacement=True, generator=generator(seed))
    return drawn.reshape(*x.shape[:-1], size).to(x.dtype)
