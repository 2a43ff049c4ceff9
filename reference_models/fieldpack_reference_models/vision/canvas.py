"""From outlines to pixels: patches drawn with supersampling, as premultiplied colour and coverage.

Pillow draws polygons at whole numbers of a grid twice as fine as the picture; averaging
that grid gives smooth edges from integer arithmetic alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from fieldpack_reference_models.vision.colour import Colour
from fieldpack_reference_models.vision.outline import Outline, cosine, sine

Plane = NDArray[np.float32]
FINER = 2


@dataclass(frozen=True, slots=True)
class Placement:
    """An affine map from subject units to picture shares: p = (a x + b y + x0, c x + d y + y0)."""

    a: float
    b: float
    c: float
    d: float
    x0: float
    y0: float


def placement(
    x0: float,
    y0: float,
    scale: float,
    turn: float,
    squeeze: float = 1.0,
    lean: float = 0.0,
    flip: bool = False,
) -> Placement:
    """Scale, then foreshorten by `squeeze` along direction `lean`, then turn (both in turns), at (x0, y0)."""
    c, s = cosine(lean), sine(lean)
    xx, xy, yy = squeeze * c * c + s * s, (squeeze - 1) * c * s, squeeze * s * s + c * c
    ct, st = cosine(turn) * scale, sine(turn) * scale
    hand = -1.0 if flip else 1.0
    return Placement(
        hand * (ct * xx - st * xy), ct * xy - st * yy, hand * (st * xx + ct * xy), st * xy + ct * yy, x0, y0
    )


def paint(patches: Sequence[tuple[Outline, Colour]], place: Placement, size: int) -> tuple[Plane, Plane]:
    """Draw patches in order.

    Parameters
    ----------
    patches : sequence of (outline, colour)
        Outlines in subject units, colours 0..255.
    place : Placement
        Where the subject goes; 0..1 spans the picture.
    size : int
        Side of the picture in pixels.

    Returns
    -------
    colour : float32 [3, size, size]
        Red, green, blue; 0..255, premultiplied by coverage.
    coverage : float32 [size, size]
        0..1, the share of each pixel that the patches cover.
    """
    side = size * FINER
    # CMYK stands for "four plain bands" here: red, green, blue, coverage, drawn and averaged at once.
    image = Image.new("CMYK", (side, side))
    pen = ImageDraw.Draw(image)
    for outline, (red, green, blue) in patches:
        pen.polygon(_grid(outline, place, side), fill=(int(red), int(green), int(blue), 255))
    bands = np.asarray(image.reduce(FINER)).transpose(2, 0, 1).astype(np.float32, order="C")
    return bands[:3], bands[3] * np.float32(1 / 255)


def _grid(outline: Outline, place: Placement, side: int) -> list[tuple[int, int]]:
    a, b, x0 = place.a * side, place.b * side, place.x0 * side
    c, d, y0 = place.c * side, place.d * side, place.y0 * side
    floor = math.floor
    return [(floor(a * x + b * y + x0), floor(c * x + d * y + y0)) for x, y in outline]


def softened(plane: Plane, coarser: int = 4) -> Plane:
    """A [H, W] plane of 0..1 blurred: averaged over `coarser` pixels a side and enlarged again."""
    image = Image.fromarray((plane * np.float32(255)).astype(np.uint8))
    soft = image.reduce(coarser).resize(image.size, Image.Resampling.BICUBIC)
    return np.asarray(soft).astype(np.float32) * np.float32(1 / 255)


def shifted(plane: Plane, right: int, down: int) -> Plane:
    """The [H, W] plane moved by whole pixels; what comes in from outside is zero."""
    moved = np.zeros_like(plane)
    high, wide = plane.shape
    rows, columns = high - abs(down), wide - abs(right)
    if rows > 0 and columns > 0:
        moved[max(down, 0) : max(down, 0) + rows, max(right, 0) : max(right, 0) + columns] = plane[
            max(-down, 0) : max(-down, 0) + rows, max(-right, 0) : max(-right, 0) + columns
        ]
    return moved
