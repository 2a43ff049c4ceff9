"""``Clip``: every element held between ``min`` and ``max``.

Covers versions 6, 11, 12 and 13 of the operator.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

VERSIONS = (6, 11, 12, 13)


def run(x: Tensor, min: Tensor | None = None, max: Tensor | None = None) -> Tensor:
    low, high = _known(min), _known(max)
    if isinstance(low, Tensor):
        x = torch.maximum(x, low)
    if isinstance(high, Tensor):
        x = torch.minimum(x, high)
    numbers = [None if isinstance(item, Tensor) else item for item in (low, high)]
    return x if numbers == [None, None] else torch.clamp(x, *numbers)


def prepare(arguments: dict[str, Any]) -> dict[str, Any]:
    """Known limits become plain numbers: converters turn them into relu and relu6."""
    plain = {
        key: item.item() if isinstance(item, Tensor) and item.numel() == 1 else item
        for key, item in arguments.items()
        if key in ("min", "max")
    }
    return {**arguments, **plain}


def _known(limit: Any) -> Any:
    return limit.reshape(()) if isinstance(limit, Tensor) else limit
