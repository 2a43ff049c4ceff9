"""Value scaling (``x * scale + offset`` per channel) that the exporters fold into a graph's front.

With it the phone feeds raw pixels 0..255 whatever range the model was trained on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from fieldpack.errors import SpecError
from fieldpack_converters.opened_source import Array

PREFIX = "fieldpack_scaling"


@dataclass(frozen=True, slots=True)
class Scaling:
    """Per-channel factors; `axis` is the channel axis of the source's own layout."""

    scale: tuple[float, ...]
    offset: tuple[float, ...]
    axis: int

    def shaped(self, rank: int) -> tuple[Array, Array]:
        """Scale and offset as float32 arrays that broadcast against a rank-`rank` input."""
        shape = [1] * rank
        shape[self.axis % rank] = len(self.scale)
        return (
            np.asarray(self.scale, np.float32).reshape(shape),
            np.asarray(self.offset, np.float32).reshape(shape),
        )

    def applied(self, raw: Array) -> Array:
        """Raw values (pixels) to the values that the source was trained on."""
        scale, offset = self.shaped(raw.ndim)
        return np.asarray(raw * scale + offset, np.float32)

    def undone(self, scaled: Array) -> Array:
        """The raw values that `applied` turns into `scaled`."""
        scale, offset = self.shaped(scaled.ndim)
        return np.asarray((scaled - offset) / scale, np.float32)


def scaling_from(words: dict[str, Any] | None, layout: str, channels: int | None) -> Scaling | None:
    """Read ``{"scale": [...], "offset": [...]}``; one value serves every channel.

    Raises
    ------
    SpecError
        If the lists do not fit the channels, or a scale is zero or not finite.
    """
    if words is None:
        return None
    scale = tuple(float(value) for value in words["scale"])
    offset = tuple(float(value) for value in words["offset"])
    count = channels or max(len(scale), len(offset))
    scale = scale * count if len(scale) == 1 else scale
    offset = offset * count if len(offset) == 1 else offset
    if len(scale) != count or len(offset) != count:
        raise SpecError(
            "The scaling does not fit the channels of the input.",
            came=f"{len(scale)} scales and {len(offset)} offsets for {count} channels",
            allowed="one value, or one per channel",
        )
    if not np.all(np.isfinite(scale + offset)) or 0.0 in scale:
        raise SpecError("A scale is zero or a value is not finite.", came=f"{scale}, {offset}")
    return Scaling(scale, offset, 1 if layout == "NCHW" else -1)
