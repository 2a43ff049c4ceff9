"""``resize``, ``resize_bilinear``, ``resize_nearest_neighbor``, ``upsample_*``: other sizes of the last axes.

``resize`` takes the last ``resized_dims`` axes to the last sizes of ``shape`` (0 keeps an axis);
``upsample_*`` multiply the last two by a factor. ``align_corners`` of ``upsample_bilinear`` samples as
``STRICT_ALIGN_CORNERS``, else as ``UNALIGN_CORNERS``, or as ``DEFAULT`` where ``half_pixel_centers`` is
given as false. Sampling as in ``_grid``.
"""

from __future__ import annotations

import math

from fieldpack.coreml.fast.call import Call
from fieldpack.coreml.fast.graph import Wire
from fieldpack.coreml.fast.ops._grid import repeat_nearest, resize_linear, resize_nearest

NAMES = (
    "resize",
    "resize_bilinear",
    "resize_nearest_neighbor",
    "upsample_bilinear",
    "upsample_nearest_neighbor",
)


def translate(call: Call) -> Wire:
    x = call.wire("x")
    if call.kind == "resize":
        return _resize(call, x)
    if call.kind.startswith("upsample"):
        factors = (call.number(f"scale_factor_{side}", 1.0) for side in ("height", "width"))
        sizes = [math.floor(size * factor) for size, factor in zip(x.shape[-2:], factors, strict=True)]
    else:
        sizes = [call.integer(f"target_size_{side}", 1) for side in ("height", "width")]
    targets = dict(zip((x.rank - 2, x.rank - 1), sizes, strict=True))
    if call.kind.endswith("nearest_neighbor"):
        return repeat_nearest(call, x, targets)
    mode = call.text("sampling_mode", "DEFAULT")
    if call.kind == "upsample_bilinear":
        aligned = call.flag("align_corners", True)
        centred = call.flag("half_pixel_centers", True)
        mode = "STRICT_ALIGN_CORNERS" if aligned else "UNALIGN_CORNERS" if centred else "DEFAULT"
    return resize_linear(call, x, targets, mode)


def _resize(call: Call, x: Wire) -> Wire:
    shape, mode = call.ints("shape"), call.text("sampling_mode", "DEFAULT")
    count = call.integer("resized_dims")
    targets = {x.rank - back: shape[-back] or x.shape[-back] for back in range(count, 0, -1)}
    kind = call.text("interpolation_mode", "LINEAR")
    if kind == "LINEAR":
        return resize_linear(call, x, targets, mode)
    if kind == "NEAREST_NEIGHBOR":
        return resize_nearest(call, x, targets, mode)
    raise call.refuse(f"interpolates by {kind!r}")
