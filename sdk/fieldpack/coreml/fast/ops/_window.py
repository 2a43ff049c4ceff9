"""Sliding windows: the padding that convolutions and pools of MIL share.

``pad_type`` of the specification: ``valid`` none; ``custom`` as given; ``same`` so much that the
output has ``ceil(size / stride)`` cells, the odd cell after; ``same_lower`` the odd cell before.
"""

from __future__ import annotations

from collections.abc import Sequence

from fieldpack.coreml.fast.call import Call

Pairs = list[tuple[int, int]]


def padding(
    call: Call, sizes: Sequence[int], spans: Sequence[int], strides: Sequence[int], default: str | None = None
) -> Pairs:
    """Cells before and after each spatial axis; ``spans`` are the widths of the window, dilated."""
    pad_type = call.text("pad_type", default)
    if pad_type == "valid":
        return [(0, 0)] * len(sizes)
    if pad_type == "custom":
        flat = call.ints("pad", (0,) * (2 * len(sizes)))
        return list(zip(flat[::2], flat[1::2], strict=True))
    if pad_type not in ("same", "same_lower"):
        raise call.refuse(f"has pad_type {pad_type!r}")
    pairs = []
    for size, span, stride in zip(sizes, spans, strides, strict=True):
        cells = -(-size // stride)
        total = max(0, (cells - 1) * stride + span - size)
        pair = (total // 2, total - total // 2)
        pairs.append(pair if pad_type == "same" else pair[::-1])
    return pairs


def excess(sizes: Sequence[int], spans: Sequence[int], strides: Sequence[int], pairs: Pairs) -> list[int]:
    """Cells that ``ceil_mode`` adds at the end of each axis, so that the last window is complete.

    A window that would start beyond the input and the padding before it is left out.
    """
    added = []
    for size, span, stride, (before, after) in zip(sizes, spans, strides, pairs, strict=True):
        whole = size + before + after
        windows = -(-(whole - span) // stride) + 1
        if before + after and (windows - 1) * stride >= size + before:
            windows -= 1
        added.append(max(0, (windows - 1) * stride + span - whole))
    return added


def windows(
    sizes: Sequence[int], spans: Sequence[int], strides: Sequence[int], pairs: Pairs
) -> tuple[int, ...]:
    """Number of windows on each axis."""
    return tuple(
        (size + sum(pair) - span) // stride + 1
        for size, span, stride, pair in zip(sizes, spans, strides, pairs, strict=True)
    )


def onnx_pads(pairs: Pairs) -> list[int]:
    """All cells before, then all cells after, as ONNX lists them."""
    return [before for before, _ in pairs] + [after for _, after in pairs]
