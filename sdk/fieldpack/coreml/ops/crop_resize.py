"""``crop_resize``: boxes cut out of pictures and resized, iOS15; iOS16 adds ``pad_value``.

Up to iOS16 ``roi`` is ``[N, 1, 4 or 5, 1, 1]``; with five numbers the first is the picture's index
and the result ``[N, 1, C, h, w]``, with four every picture is cut and it is ``[N, B, C, h, w]``.
From iOS17 ``boxes`` is ``[N, 4]``, ``box_indices`` names the pictures, the result is
``[N, C, h, w]``. Grid as in ``_grid``, over the box; outside the picture stands ``pad_value``.
"""

from __future__ import annotations

import torch
from torch import Tensor

from fieldpack.coreml.ops._grid import box_points
from fieldpack.coreml.ops._size import bounded
from fieldpack.errors import ModelFileError

_CORNERS = ("CORNERS_HEIGHT_FIRST", "CORNERS_WIDTH_FIRST")
_BOX_MODES = (*_CORNERS, "CENTER_SIZE_HEIGHT_FIRST", "CENTER_SIZE_WIDTH_FIRST")


def run(
    x: Tensor,
    roi: Tensor | None = None,
    boxes: Tensor | None = None,
    box_indices: Tensor | None = None,
    target_height: int = 1,
    target_width: int = 1,
    normalized_coordinates: bool = False,
    spatial_scale: float = 1.0,
    box_coordinate_mode: str = "CORNERS_HEIGHT_FIRST",
    sampling_mode: str = "DEFAULT",
    pad_value: float = 0.0,
) -> Tensor:
    given = roi if boxes is None else boxes
    if given is None or box_coordinate_mode not in _BOX_MODES:
        raise ModelFileError(
            "Boxes are missing, or their form is not known",
            came=box_coordinate_mode,
            allowed=f"roi or boxes; {', '.join(_BOX_MODES)}",
        )
    rows = given.float().reshape(given.shape[0], -1)
    heights, widths = (span * spatial_scale for span in _spans(rows[:, -4:], box_coordinate_mode))
    if normalized_coordinates:
        heights, widths = heights * (x.shape[2] - 1), widths * (x.shape[3] - 1)
    pictures = _pictures(rows, box_indices, boxes is None)
    bounded((len(rows), x.shape[0] * x.shape[1], target_height, target_width))
    cut = []
    for number in range(len(rows)):
        source = x if pictures is None else x[int(pictures[number])][None]
        ys = box_points(heights[number], target_height, sampling_mode)
        xs = box_points(widths[number], target_width, sampling_mode)
        cut.append(_cut(source, ys, xs, pad_value))
    stacked = torch.stack(cut)
    return stacked if boxes is None else stacked[:, 0]


def _pictures(rows: Tensor, indices: Tensor | None, old: bool) -> Tensor | None:
    """Index of the picture of each box; None where every picture is cut."""
    if old:
        return rows[:, 0].long() if rows.shape[1] == 5 else None
    return torch.arange(len(rows)) if indices is None else indices.long()


def _spans(rows: Tensor, mode: str) -> tuple[Tensor, Tensor]:
    """First and last position ``[N, 2]`` of each box, in height and in width."""
    a, b, c, d = rows.unbind(1)
    if mode.endswith("WIDTH_FIRST"):
        a, b, c, d = b, a, d, c
    if mode not in _CORNERS:
        a, b, c, d = a - c / 2, b - d / 2, a + c / 2, b + d / 2
    return torch.stack([a, c], 1), torch.stack([b, d], 1)


def _cut(x: Tensor, ys: Tensor, xs: Tensor, pad_value: float) -> Tensor:
    """Bilinear samples ``[B, C, h, w]``; a position outside the picture gives ``pad_value``."""
    inside = _inside(ys, x.shape[2])[:, None] & _inside(xs, x.shape[3])[None, :]
    for axis, places in ((2, ys), (3, xs)):
        held = places.clamp(0, x.shape[axis] - 1)
        low = held.floor().long()
        high = (low + 1).clamp(max=x.shape[axis] - 1)
        part = (held - low).to(x.dtype).reshape([-1 if axis == 2 else 1, 1] if axis == 2 else [1, -1])
        x = torch.lerp(x.index_select(axis, low), x.index_select(axis, high), part)
    return torch.where(inside, x, torch.tensor(pad_value, dtype=x.dtype))


def _inside(places: Tensor, size: int) -> Tensor:
    return (places >= 0) & (places <= size - 1)
