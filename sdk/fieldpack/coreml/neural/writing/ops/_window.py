"""Padding of windows: MIL's kinds as border amounts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fieldpack.coreml.neural.writing.call import Call


def padding(
    call: Call, sizes: Sequence[int], spans: Sequence[int], strides: Sequence[int]
) -> list[tuple[int, int]]:
    """Cells before and after height and width."""
    kind = call.text("pad_type", "valid")
    if kind == "valid":
        return [(0, 0)] * len(sizes)
    if kind == "custom":
        flat = call.ints("pad", (0,) * (2 * len(sizes)))
        return list(zip(flat[::2], flat[1::2], strict=True))
    pairs = []
    for size, span, stride in zip(sizes, spans, strides, strict=True):
        total = max(0, (-(-size // stride) - 1) * stride + span - size)
        pairs.append((total // 2, total - total // 2))
    return pairs if kind == "same" else [pair[::-1] for pair in pairs]


def put_padding(params: Any, pairs: Sequence[tuple[int, int]]) -> None:
    """Write cells before and after height and width into a convolution or a pool."""
    params.valid.SetInParent()
    for before, after in pairs:
        params.valid.paddingAmounts.borderAmounts.add(startEdgeSize=before, endEdgeSize=after)
