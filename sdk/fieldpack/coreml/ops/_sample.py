"""Reading a picture at positions between its pixels, for ``affine`` and ``resample``."""

from __future__ import annotations

import torch
from torch import Tensor

from fieldpack.errors import ModelFileError

_PADDING = {"constant": "zeros", "border": "border", "reflection": "reflection", "symmetric": "reflection"}


def sample(x: Tensor, columns: Tensor, rows: Tensor, sampling: str, padding: str, fill: float) -> Tensor:
    """``x`` ``[B, C, H, W]`` read at pixel positions ``[B, H2, W2]``; outside as ``padding`` says.

    ``reflection`` turns at the centre of the outermost pixel, ``symmetric`` at its edge.
    """
    if padding not in _PADDING or sampling not in ("bilinear", "nearest"):
        raise ModelFileError(
            "A way of sampling is not known",
            came=f"{sampling}, {padding}",
            allowed=f"bilinear or nearest; {', '.join(_PADDING)}",
        )
    centred = padding == "reflection"
    pairs = ((columns, x.shape[3]), (rows, x.shape[2]))
    grid = torch.stack([_unit(places, size, centred) for places, size in pairs], dim=-1)
    filled = x - fill if padding == "constant" else x
    read = torch.nn.functional.grid_sample(
        filled, grid, mode=sampling, padding_mode=_PADDING[padding], align_corners=centred
    )
    return read + fill if padding == "constant" else read


def _unit(places: Tensor, size: int, centred: bool) -> Tensor:
    """Pixel positions in torch's units, -1 to 1 between the outermost centres, or edges."""
    if centred:
        return places * 2 / max(size - 1, 1) - 1
    return (places * 2 + 1) / size - 1


def pixel_places(units: Tensor, size: int, align_corners: bool) -> Tensor:
    """Positions in pixels from positions in -1 .. 1."""
    return (units + 1) / 2 * (size - 1) if align_corners else ((units + 1) * size - 1) / 2
