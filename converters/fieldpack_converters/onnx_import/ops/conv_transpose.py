"""``ConvTranspose``: transposed convolution; the result is cut or grown to the asked size.

Attributes: pads, output_padding, output_shape and auto_pad, as the specification combines them.

Covers versions 1, 11 and 22 of the operator.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from fieldpack_converters.onnx_import.padding import pad_constant
from fieldpack_converters.onnx_import.tracing import sizes

VERSIONS = (1, 11, 22)


def run(
    x: Tensor,
    w: Tensor,
    b: Tensor | None = None,
    *,
    auto_pad: str = "NOTSET",
    dilations: tuple[int, ...] | None = None,
    group: int = 1,
    kernel_shape: tuple[int, ...] | None = None,
    output_padding: tuple[int, ...] | None = None,
    output_shape: tuple[int, ...] | None = None,
    pads: tuple[int, ...] | None = None,
    strides: tuple[int, ...] | None = None,
) -> Tensor:
    rank = x.dim() - 2
    kernel, step = sizes(w)[2:], strides or (1,) * rank
    spread, extra = dilations or (1,) * rank, output_padding or (0,) * rank
    full = [(size - 1) * step[i] + (kernel[i] - 1) * spread[i] + 1 for i, size in enumerate(sizes(x)[2:])]
    before, after = _ends(full, sizes(x)[2:], step, extra, auto_pad, output_shape, pads)
    transposed = {1: F.conv_transpose1d, 2: F.conv_transpose2d, 3: F.conv_transpose3d}[rank]
    possible = all(e < max(s, d) for e, s, d in zip(extra, step, spread, strict=True))
    if before == after and min(before) >= 0 and possible:
        return transposed(x, w, b, step, before, extra, group, spread)
    whole = transposed(x, w, None, step, 0, 0, group, spread)
    ends = {i + 2: (-before[i], extra[i] - after[i]) for i in range(rank)}
    whole = pad_constant(whole, ends, 0.0)
    return whole if b is None else whole + b.reshape([1, -1] + [1] * rank)


def _ends(
    full: list[int],
    size: tuple[int, ...],
    step: tuple[int, ...],
    extra: tuple[int, ...],
    auto_pad: str,
    output_shape: tuple[int, ...] | None,
    pads: tuple[int, ...] | None,
) -> tuple[list[int], list[int]]:
    """How much is cut at the beginning and at the end of each axis."""
    rank = len(full)
    if output_shape is None and auto_pad in ("NOTSET", "VALID"):
        stated = list(pads or [0] * 2 * rank)
        return stated[:rank], stated[rank:]
    wanted = (
        output_shape[-rank:] if output_shape is not None else [n * s for n, s in zip(size, step, strict=True)]
    )
    total = [full[i] + extra[i] - wanted[i] for i in range(rank)]
    halves = [max(0, item) // 2 for item in total]
    before = (
        halves if auto_pad == "SAME_UPPER" else [max(0, t) - h for t, h in zip(total, halves, strict=True)]
    )
    return before, [t - b for t, b in zip(total, before, strict=True)]
