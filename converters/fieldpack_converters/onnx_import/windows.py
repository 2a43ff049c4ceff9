"""Sliding windows of convolutions and pools: the padding of every kind as numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from fieldpack_converters.onnx_import.tracing import sizes


@dataclass(frozen=True, slots=True)
class Window:
    """A window over the axes from 2 on.

    Attributes
    ----------
    before, after : tuple of int
        Padding; `after` holds the rest that ceil_mode asks for.
    stated_after : tuple of int
        `after` without that rest.
    """

    kernel: tuple[int, ...]
    strides: tuple[int, ...]
    dilations: tuple[int, ...]
    before: tuple[int, ...]
    after: tuple[int, ...]
    stated_after: tuple[int, ...]

    @property
    def rank(self) -> int:
        return len(self.kernel)

    @property
    def dilated(self) -> bool:
        return any(step != 1 for step in self.dilations)

    @property
    def symmetric(self) -> bool:
        """Whether torch's own padding can express it."""
        return self.before == self.after and min(self.before) >= 0

    @property
    def ends(self) -> dict[int, tuple[int, int]]:
        """Axis -> padding before and after."""
        return {axis + 2: pair for axis, pair in enumerate(zip(self.before, self.after, strict=True))}

    @property
    def stated_ends(self) -> dict[int, tuple[int, int]]:
        """`ends` without what ceil_mode adds."""
        return {axis + 2: pair for axis, pair in enumerate(zip(self.before, self.stated_after, strict=True))}


def window_of(
    x: Tensor,
    kernel: Sequence[int],
    strides: Sequence[int] | None,
    dilations: Sequence[int] | None,
    pads: Sequence[int] | None,
    auto_pad: str,
    ceil_mode: bool = False,
) -> Window:
    """The window of a node over `x` [N, C, ...].

    Raises
    ------
    ValueError
        If the rank does not fit, or auto_pad is no word of the specification.
    """
    rank = len(kernel)
    if x.dim() != rank + 2:
        raise ValueError(f"a window of rank {rank} over a tensor of rank {x.dim()}")
    step, spread = tuple(strides or (1,) * rank), tuple(dilations or (1,) * rank)
    sides = [
        _sides(size, kernel[i], step[i], spread[i], auto_pad, (pads or (0,) * 2 * rank)[i::rank])
        for i, size in enumerate(sizes(x)[2:])
    ]
    before, stated = tuple(side[0] for side in sides), tuple(side[1] for side in sides)
    after = stated
    if ceil_mode:
        rests = [_rest(size, kernel[i], step[i], spread[i], sides[i]) for i, size in enumerate(sizes(x)[2:])]
        after = tuple(end + rest for end, rest in zip(stated, rests, strict=True))
    return Window(tuple(kernel), step, spread, before, after, stated)


def _sides(
    size: int, kernel: int, step: int, spread: int, auto_pad: str, pads: Sequence[int]
) -> tuple[int, int]:
    if auto_pad in ("NOTSET", ""):
        return int(pads[0]), int(pads[1])
    if auto_pad == "VALID":
        return 0, 0
    if auto_pad not in ("SAME_UPPER", "SAME_LOWER"):
        raise ValueError(f"auto_pad {auto_pad!r} is not one of NOTSET, VALID, SAME_UPPER, SAME_LOWER")
    total = max(0, (-(-size // step) - 1) * step + (kernel - 1) * spread + 1 - size)
    small, large = total // 2, total - total // 2
    return (small, large) if auto_pad == "SAME_UPPER" else (large, small)


def _rest(size: int, kernel: int, step: int, spread: int, sides: tuple[int, int]) -> int:
    """Padding that ceil_mode adds at the end; no window may begin in it."""
    reach = size + sum(sides) - ((kernel - 1) * spread + 1)
    count = -(-reach // step) + 1
    if (count - 1) * step >= size + sides[0]:
        count -= 1
    return max(0, (count - 1) * step - reach)


def window_sum(x: Tensor, window: Window) -> Tensor:
    """The sum of each window over `x`, which is padded already."""
    if not window.dilated:
        pool = {1: F.avg_pool1d, 2: F.avg_pool2d, 3: F.avg_pool3d}[window.rank]
        count = torch.Size(window.kernel).numel()
        return pool(x, window.kernel, window.strides) * count
    channels = sizes(x)[1]
    ones = torch.ones(channels, 1, *window.kernel, dtype=x.dtype)
    convolve = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}[window.rank]
    return convolve(x, ones, None, window.strides, 0, window.dilations, channels)
