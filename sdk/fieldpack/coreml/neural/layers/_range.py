"""Numbers at even steps, as both range layers make them."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from fieldpack.coreml.ops._size import bounded
from fieldpack.errors import ModelFileError


def counted(start: float, end: float, step: float) -> Tensor:
    """From ``start`` up to ``end``, which is left out.

    Raises
    ------
    ModelFileError
        The step is zero, or there are too many.
    """
    if step == 0 or not math.isfinite(start + end + step):
        raise ModelFileError("the numbers of a range do not end", came=[start, end, step])
    bounded([max(0, math.ceil((end - start) / step))])
    return torch.arange(start, end, step, dtype=torch.float32) if (end - start) / step > 0 else torch.zeros(0)
