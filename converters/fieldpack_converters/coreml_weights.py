"""Compressed weights of a Core ML model: integers with scales, or palettes.

coremltools rewrites the weights; all of it runs on Linux. K-means starts from a fixed seed, so the
same model gives the same palette.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fieldpack.recipe import Method


@dataclass(frozen=True, slots=True)
class WeightSettings:
    """What is done to the weights.

    Attributes
    ----------
    method : Method
        ``weight_int8`` (one scale a channel), ``weight_int4`` (one scale a block), ``palette``.
    block_size : int or None
        Weights that share a scale, along the input channels; for ``weight_int4``.
    palette_bits : int or None
        Bits of an index into the palette; for ``palette``.
    group_size : int or None
        Output channels that share a palette; one palette a weight where None.
    """

    method: Method
    block_size: int | None = None
    palette_bits: int | None = None
    group_size: int | None = None


def compressed(model: Any, settings: WeightSettings, kept: tuple[str, ...] = ()) -> Any:
    """The coremltools model with its weights stored as the settings say, but for the operators `kept`.

    A weight stays as it is where the settings do not fit it: channels that ``block_size`` or
    ``group_size`` does not divide, or fewer than four values for each entry of the palette.
    """
    import coremltools.optimize.coreml as cto

    untouched = dict.fromkeys(kept)
    if settings.method is Method.PALETTE:
        bits = int(settings.palette_bits or 0)
        grouped = {"granularity": "per_grouped_channel", "group_size": settings.group_size}
        palette = cto.OpPalettizerConfig(
            mode="kmeans",
            nbits=bits,
            weight_threshold=4 * 2**bits,
            **(grouped if settings.group_size else {}),
        )
        return cto.palettize_weights(model, cto.OptimizationConfig(palette, op_name_configs=untouched))
    blocks = {"dtype": "int4", "granularity": "per_block", "block_size": settings.block_size}
    linear = cto.OpLinearQuantizerConfig(
        mode="linear_symmetric",
        weight_threshold=0,
        **(blocks if settings.method is Method.WEIGHT_INT4 else {}),
    )
    return cto.linear_quantize_weights(model, cto.OptimizationConfig(linear, op_name_configs=untouched))
