"""``constantPad``: every axis widened by a number; ``ConstantPaddingLayerParams``.

Amounts are (before, after) for every axis, as parameters or as a second input. Where they are meant
as sizes of the result, the one that is not zero says on which side the blob is widened to it.
"""

from __future__ import annotations

from typing import Any

import torch.nn.functional as F
from torch import Tensor

from fieldpack.coreml.neural.layers._shape import sizes_of
from fieldpack.coreml.neural.site import Run, Site
from fieldpack.coreml.ops._size import bounded
from fieldpack.errors import ModelFileError

INPUTS = (1, 2)


def bind(params: Any, site: Site) -> Run:
    fixed = tuple(int(amount) for amount in params.padAmounts)

    def run(x: Tensor, given: Tensor | None = None) -> Tensor:
        amounts = fixed if given is None else sizes_of(given)
        if len(amounts) != 2 * x.ndim:
            raise ModelFileError("other padding amounts", came=len(amounts), allowed=str(2 * x.ndim))
        pairs = list(zip(amounts[::2], amounts[1::2], strict=True))
        if params.padToGivenOutputSizeMode:
            pairs = [_widened(pair, size) for pair, size in zip(pairs, x.shape, strict=True)]
        bounded(size + before + after for size, (before, after) in zip(x.shape, pairs, strict=True))
        return F.pad(x, [amount for pair in reversed(pairs) for amount in pair], value=params.value)

    return run


def _widened(pair: tuple[int, int], size: int) -> tuple[int, int]:
    before, after = (max(0, target - size) for target in pair)
    return before, after
